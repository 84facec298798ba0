// What the person plans: income, bills, single payments. The twin counts them beside what it found.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { plansQuery, removePlan, type Plan } from "@/api/plans";
import { useFormat } from "@/shared/format";
import { Dialog } from "@/shared/ui/Dialog";
import { Icon } from "@/shared/ui/icons";
import { Notice } from "@/shared/ui/Notice";
import { Shown, State } from "@/shared/ui/states";
import { PlanForm } from "./PlanForm";

const RHYTHM: Record<string, string> = {
  "week 1": "every week",
  "month 1": "every month",
  "month 3": "every quarter",
  "month 12": "every year",
};

export function Plans() {
  const format = useFormat();
  const client = useQueryClient();
  const plans = useQuery(plansQuery);
  const [edited, setEdited] = useState<Plan | "new" | null>(null);
  const remove = useMutation({
    mutationFn: removePlan,
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
  const when = (plan: Plan) => {
    if (plan.kind === "one_off") return `once, on ${format.date(plan.from)}`;
    const { unit, every } = plan.period;
    const rhythm = RHYTHM[`${unit} ${every}`] ?? `every ${every} ${unit}s`;
    return `${rhythm}, from ${format.date(plan.from)}${plan.until === null ? "" : ` to ${format.date(plan.until)}`}`;
  };
  return (
    <>
      <div className="card-head">
        <h2 id="plans">Planned</h2>
        <button type="button" className="button small" onClick={() => setEdited("new")}>
          <Icon name="plus" size={16} /> Plan something
        </button>
      </div>
      {remove.isError && <Notice tone="bad">{remove.error.message}</Notice>}
      <Shown query={plans}>
        {(list) =>
          list.length === 0 ? (
            <State icon="plus" title="Nothing planned" compact>
              A new rent, a rise, a holiday: what your history cannot know yet.
            </State>
          ) : (
            <ul className="plans">
              {list.map((plan) => (
                <li key={plan.id}>
                  <div>
                    <strong>{plan.name}</strong>
                    <div className="small quiet">
                      {when(plan)}
                      {plan.essential && " · essential"}
                    </div>
                  </div>
                  <span className={plan.incoming ? "number positive" : "number"}>
                    {format.money((plan.incoming ? 1 : -1) * plan.amount, plan.currency, { signed: true })}
                  </span>
                  <span className="row plans-do">
                    <button
                      type="button"
                      className="button plain small icon"
                      aria-label={`Change ${plan.name}`}
                      onClick={() => setEdited(plan)}
                    >
                      <Icon name="edit" size={18} />
                    </button>
                    <button
                      type="button"
                      className="button plain small icon"
                      aria-label={`Remove ${plan.name}`}
                      disabled={remove.isPending}
                      onClick={() => remove.mutate(plan.id)}
                    >
                      <Icon name="trash" size={18} />
                    </button>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      <Dialog
        title={edited === "new" ? "Plan something" : "Change the plan"}
        open={edited !== null}
        onClose={() => setEdited(null)}
      >
        {edited !== null && <PlanForm plan={edited === "new" ? null : edited} done={() => setEdited(null)} />}
      </Dialog>
    </>
  );
}
