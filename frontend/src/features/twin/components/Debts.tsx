// Several debts of one payoff, a line each.
import { Icon } from "@/shared/ui/icons";
import { debtsOf, type DebtDraft } from "../steps";

const FIELDS = [
  ["balance", "Owed"],
  ["rate", "Rate a year, %"],
  ["minimum", "Least a month"],
] as const satisfies readonly (readonly [keyof DebtDraft, string])[];
const DEBTS_MAX = 12;

interface DebtsProps {
  value: string;
  currency: string;
  onChange: (value: string) => void;
}

export function Debts({ value, currency, onChange }: DebtsProps) {
  const debts = debtsOf(value);
  const set = (next: DebtDraft[]) => onChange(JSON.stringify(next));
  return (
    <div className="debts">
      <div className="debts-line" aria-hidden="true">
        {FIELDS.map(([name, label]) => (
          <span key={name} className="small">
            {label}
          </span>
        ))}
      </div>
      {debts.map((debt, at) => (
        <div key={at} className="debts-line" role="group" aria-label={`Debt ${at + 1}`}>
          {FIELDS.map(([name, label]) => (
            <input
              key={name}
              className="input"
              aria-label={name === "rate" ? label : `${label}, ${currency}`}
              inputMode="decimal"
              value={debt[name]}
              onChange={(event) =>
                set(debts.map((one, index) => (index === at ? { ...one, [name]: event.target.value } : one)))
              }
            />
          ))}
          <button
            type="button"
            className="button plain small icon"
            aria-label={`Remove debt ${at + 1}`}
            disabled={debts.length === 1}
            onClick={() => set(debts.filter((_, index) => index !== at))}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
      {debts.length < DEBTS_MAX && (
        <button
          type="button"
          className="link small"
          onClick={() => set([...debts, { balance: "1000", rate: "12", minimum: "30" }])}
        >
          Add a debt
        </button>
      )}
    </div>
  );
}
