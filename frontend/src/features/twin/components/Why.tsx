// What the final difference is made of: each step alone, and what only their meeting does.
import { useQuery } from "@tanstack/react-query";
import { recurringQuery, totalOf, type Run } from "@/api/twin";
import { useFormat } from "@/shared/format";
import { useTold } from "@/shared/told";

export function Why({ run }: { run: Run }) {
  const format = useFormat();
  const told = useTold();
  const found = useQuery(recurringQuery).data ?? [];
  const names = new Map(found.map((flow) => [flow.key, flow.name]));
  const { currency, difference, scenario_causes: causes } = totalOf(run);
  const largest = causes.toSorted((a, b) => Math.abs(b.amount) - Math.abs(a.amount)).slice(0, 5);
  return (
    <>
      <div className="card-head">
        <h2>Why</h2>
      </div>
      <dl className="facts">
        {difference.effects.map((effect) => (
          <div key={effect.step}>
            <dt>{told(run.steps.find((one) => one.number === effect.step)?.sentence ?? `Step ${effect.step}`)}</dt>
            <dd>
              {format.money(effect.total, currency, { signed: true })}
              {effect.growth !== 0 && (
                <div className="small quiet">
                  of which growth {format.money(effect.growth, currency, { signed: true })}
                </div>
              )}
            </dd>
          </div>
        ))}
        {difference.interaction !== null && difference.effects.length > 1 && (
          <div>
            <dt>Only together</dt>
            <dd>{format.money(difference.interaction, currency, { signed: true })}</dd>
          </div>
        )}
      </dl>
      <h3 className="why-more">What moves the line most</h3>
      <dl className="facts">
        {largest.map((cause) => (
          <div key={`${cause.kind}${cause.id}`}>
            <dt>
              {names.get(cause.id) ?? NAMES[cause.kind]}
              {cause.evidence_count > 0 && (
                <span className="quiet"> · from {cause.evidence_count} real transactions</span>
              )}
            </dt>
            <dd>{format.money(cause.amount, currency, { signed: true })}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

const NAMES: Record<Run["totals"][number]["scenario_causes"][number]["kind"], string> = {
  flow: "Found to recur",
  plan: "Planned",
  everyday: "Everyday money",
  step: "A step of this scenario",
  interest: "Interest",
  loan: "Loan",
  market: "Market",
};
