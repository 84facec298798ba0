// The list of steps, each a small form; a slider redraws while it moves.
import { useFormat } from "@/shared/format";
import { useCurrency } from "@/api/queries";
import type { Run } from "@/api/twin";
import { Icon } from "@/shared/ui/icons";
import { draftOf, KINDS, STEPS, type Draft, type FieldSpec, type Kind } from "../steps";
import { useTold } from "@/shared/told";
import { Debts } from "./Debts";
import { TransactionPick } from "./TransactionPick";

interface BuilderProps {
  drafts: readonly Draft[];
  told: Run["steps"];
  onChange: (drafts: readonly Draft[]) => void;
}

export function Builder({ drafts, told, onChange }: BuilderProps) {
  const say = useTold();
  const change = (id: string, name: string, value: string) =>
    onChange(drafts.map((one) => (one.id === id ? { ...one, values: { ...one.values, [name]: value } } : one)));
  return (
    <div className="stack">
      {drafts.map((draft, index) => (
        <fieldset key={draft.id} className="step">
          <legend className="visually-hidden">{STEPS[draft.kind].label}</legend>
          <div className="row between">
            <h3>{STEPS[draft.kind].label}</h3>
            <button
              type="button"
              className="button plain small icon"
              aria-label={`Remove: ${STEPS[draft.kind].label}`}
              onClick={() => onChange(drafts.filter((one) => one.id !== draft.id))}
            >
              <Icon name="close" size={16} />
            </button>
          </div>
          {STEPS[draft.kind].fields.map((field) => (
            <StepField
              key={field.name}
              id={`${draft.id}-${field.name}`}
              field={field}
              value={draft.values[field.name] ?? ""}
              onChange={(value) => change(draft.id, field.name, value)}
            />
          ))}
          {told[index]?.type !== undefined && drafts.length === told.length && (
            <p className="small quiet">{say(told[index].sentence)}</p>
          )}
        </fieldset>
      ))}
      <select
        className="input"
        aria-label="Add a step"
        value=""
        onChange={(event) => onChange([...drafts, draftOf(event.target.value as Kind)])}
      >
        <option value="" disabled>
          Add a step…
        </option>
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {STEPS[kind].label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface StepFieldProps {
  id: string;
  field: FieldSpec;
  value: string;
  onChange: (value: string) => void;
}

function StepField({ id, field, value, onChange }: StepFieldProps) {
  const currency = useCurrency();
  const format = useFormat();
  if (field.type === "transaction") return <TransactionPick label={field.label} value={value} onChange={onChange} />;
  if (field.type === "debts") return <Debts value={value} currency={currency} onChange={onChange} />;
  if (field.type === "choice")
    return (
      <div className="step-line">
        <label htmlFor={id}>{field.label}</label>
        <select id={id} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
          {field.options.map(([key, name]) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </div>
    );
  if (field.type === "slider")
    return (
      <div className="step-slider">
        <label htmlFor={id}>{field.label}</label>
        <output htmlFor={id}>
          {field.min < 0 && Number(value) > 0 ? "+" : ""}
          {format.number(Number(value))}
          {field.unit === "" ? "" : ` ${field.unit}`}
        </output>
        <input
          id={id}
          type="range"
          min={field.min}
          max={field.max}
          step={field.by}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
    );
  return (
    <div className="step-line">
      <label htmlFor={id}>{field.label}</label>
      <div className={field.type === "amount" ? "with-unit" : undefined}>
        <input
          id={id}
          className="input"
          type={field.type === "date" ? "date" : "text"}
          inputMode={field.type === "amount" ? "decimal" : undefined}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
        {field.type === "amount" && <span className="unit">{currency}</span>}
      </div>
    </div>
  );
}
