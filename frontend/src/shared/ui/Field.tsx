// A labelled input with its hint and its fault, tied together for screen readers.
import { useId, type ComponentProps, type ReactNode } from "react";

interface Common {
  label: string;
  hint?: ReactNode;
  fault?: string | undefined;
}

function useTies({ hint, fault }: Omit<Common, "label">) {
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, fault !== undefined && `${id}-fault`]
    .filter(Boolean)
    .join(" ");
  return { id, "aria-describedby": described || undefined, "aria-invalid": fault !== undefined };
}

function Frame({ id, label, hint, fault, children }: Common & { id: string; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <span id={`${id}-hint`} className="hint">
          {hint}
        </span>
      )}
      {fault !== undefined && (
        <span id={`${id}-fault`} className="fault" role="alert">
          {fault}
        </span>
      )}
    </div>
  );
}

export function Field({
  label,
  hint,
  fault,
  unit,
  className = "",
  ...input
}: Common & ComponentProps<"input"> & { unit?: string }) {
  const ties = useTies({ hint, fault });
  const field = <input className={`input ${className}`} autoComplete="off" {...input} {...ties} />;
  return (
    <Frame id={ties.id} label={label} hint={hint} fault={fault}>
      {unit === undefined ? (
        field
      ) : (
        <div className="with-unit">
          {field}
          <span className="unit">{unit}</span>
        </div>
      )}
    </Frame>
  );
}

export function SelectField({ label, hint, fault, children, ...select }: Common & ComponentProps<"select">) {
  const ties = useTies({ hint, fault });
  return (
    <Frame id={ties.id} label={label} hint={hint} fault={fault}>
      <select className="input" {...select} {...ties}>
        {children}
      </select>
    </Frame>
  );
}

interface ChoicesProps<T extends string> {
  legend: string;
  name: string;
  options: readonly (readonly [T, string])[];
  value: T;
  onChange: (value: T) => void;
  segmented?: boolean;
}

/** One of a few, as real radio buttons. */
export function Choices<T extends string>({
  legend,
  name,
  options,
  value,
  onChange,
  segmented = false,
}: ChoicesProps<T>) {
  return (
    <fieldset className={segmented ? "" : "field"}>
      <legend className={segmented ? "visually-hidden" : "field-label small"}>{legend}</legend>
      <div className={segmented ? "segmented" : "choices"}>
        {options.map(([key, text]) => (
          <label key={key} className="choice">
            <input type="radio" name={name} value={key} checked={key === value} onChange={() => onChange(key)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
