import type { RiskReason } from "@/api/risk";
import { useFormat } from "@/shared/format";
import { State } from "@/shared/ui/states";
import { EvidenceList } from "./EvidenceList";

export function Reasons({ reasons, currency }: { reasons: RiskReason[]; currency: string }) {
  const format = useFormat();
  const figure = (value: number, unit: string) =>
    unit === "money" ? format.money(value, currency) : `${format.number(value)} ${unit.replaceAll("_", " ")}`;
  if (reasons.length === 0)
    return (
      <State icon="check" title="No signal raises the score" compact>
        As soon as one does, it is listed here with its points, the figures it saw and the transactions behind it.
      </State>
    );
  return (
    <ul className="risk-reasons">
      {reasons
        .toSorted((a, b) => b.points - a.points)
        .map((one) => (
          <li key={one.code}>
            <span className="risk-points">{one.points > 0 ? `+${one.points}` : one.points}</span>
            <div className="stack-s">
              <h3>{titleOf(one.code)}</h3>
              <p className="small quiet">
                Seen: {figure(one.observed, one.unit)}. Counts from {figure(one.threshold, one.unit)}.
              </p>
              <p className="small">{one.advice}</p>
              {one.evidence.length > 0 && <EvidenceList ids={one.evidence} />}
            </div>
          </li>
        ))}
    </ul>
  );
}

function titleOf(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
