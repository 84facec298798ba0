// Kept runs: compare up to four, delete. One is stale when the past that it used has been corrected since.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { keptRunsQuery } from "@/api/twin";
import { useFormat } from "@/shared/format";
import { Icon } from "@/shared/ui/icons";
import { Shown, State } from "@/shared/ui/states";
import type { Step } from "@/api/twin";
import { Comparison } from "./Comparison";
import { Reality } from "./Reality";

const COMPARED_MAX = 4;

interface Asked {
  steps?: Step[];
  horizon_months?: number;
}

type Kept = Schemas["KeptRun"];

interface KeptRunsProps {
  /** Puts a kept run back into the builder. */
  open: (steps: readonly Step[], months: number) => void;
}

export function KeptRuns({ open }: KeptRunsProps) {
  const format = useFormat();
  const client = useQueryClient();
  const runs = useQuery(keptRunsQuery);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [comparing, setComparing] = useState(false);
  const [held, setHeld] = useState<Kept | null>(null);
  const [sure, setSure] = useState(false);
  const remove = useMutation({
    mutationFn: async (ids: readonly string[]) => {
      for (const id of ids) await body(api.DELETE("/api/twin/runs/{run_id}", { params: { path: { run_id: id } } }));
      setSure(false);
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
  const there = chosen.filter((id) => runs.data?.some((one) => one.id === id));
  return (
    <>
      <div className="card-head">
        <h2 id="kept">Kept runs</h2>
        {there.length > 1 && (
          <button type="button" className="button small" onClick={() => setComparing(true)}>
            Compare {there.length}
          </button>
        )}
      </div>
      <Shown query={runs}>
        {(list) =>
          list.length === 0 ? (
            <State icon="fork" title="None kept yet" compact>
              Give a scenario a name and keep it; later it is held against what really happened.
            </State>
          ) : (
            <ul className="kept-runs">
              {list.map((one) => (
                <li key={one.id}>
                  <input
                    type="checkbox"
                    aria-label={`Compare ${one.name ?? one.scenario}`}
                    checked={there.includes(one.id)}
                    disabled={!there.includes(one.id) && there.length >= COMPARED_MAX}
                    onChange={(event) =>
                      setChosen(event.target.checked ? [...there, one.id] : there.filter((id) => id !== one.id))
                    }
                  />
                  <div>
                    <button
                      type="button"
                      className="kept-name"
                      title="Open in the builder"
                      onClick={() => {
                        const { steps, horizon_months: months } = one.document as Asked;
                        open(steps ?? [], months ?? 12);
                      }}
                    >
                      {one.name ?? one.scenario}
                    </button>{" "}
                    {one.stale && <span className="tag warn">past corrected</span>}
                    <div className="small quiet">
                      {format.date(one.created_at)} · ends at {format.money(one.after_balance, one.currency)}
                    </div>
                    <button type="button" className="link small" onClick={() => setHeld(one)}>
                      Hold against reality
                    </button>
                  </div>
                  <button
                    type="button"
                    className="button plain small icon"
                    aria-label={`Delete ${one.name ?? one.scenario}`}
                    onClick={() => remove.mutate([one.id])}
                  >
                    <Icon name="trash" size={18} />
                  </button>
                </li>
              ))}
              {list.length > 1 && (
                <li className="kept-clear">
                  {sure ? (
                    <span className="row">
                      Delete all {list.length}?
                      <button
                        type="button"
                        className="button danger small"
                        disabled={remove.isPending}
                        onClick={() => remove.mutate(list.map((one) => one.id))}
                      >
                        Delete
                      </button>
                      <button type="button" className="button small" onClick={() => setSure(false)}>
                        Keep
                      </button>
                    </span>
                  ) : (
                    <button type="button" className="link small" onClick={() => setSure(true)}>
                      Delete all
                    </button>
                  )}
                </li>
              )}
            </ul>
          )
        }
      </Shown>
      <Comparison
        chosen={runs.data?.filter((one) => there.includes(one.id)) ?? []}
        open={comparing}
        onClose={() => setComparing(false)}
      />
      <Reality run={held} onClose={() => setHeld(null)} />
    </>
  );
}
