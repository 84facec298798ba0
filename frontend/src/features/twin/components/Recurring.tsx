// What was found to recur: rename it, or switch it off where it has ended.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { recurringQuery } from "@/api/twin";
import { useFormat } from "@/shared/format";
import { categoryName } from "@/shared/movements";
import { Shown, State } from "@/shared/ui/states";

type Flow = Schemas["RecurringFlow"];

const FIRST = 8;

export function Recurring() {
  const client = useQueryClient();
  const flows = useQuery(recurringQuery);
  const [all, setAll] = useState(false);
  const change = useMutation({
    mutationFn: ({ key, ...said }: { key: string } & Schemas["FlowChange"]) =>
      body(api.PATCH("/api/twin/recurring/{key}", { params: { path: { key } }, body: said })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
  return (
    <>
      <div className="card-head">
        <h2 id="recurring">Found to recur</h2>
        <span className="small quiet">from your own transactions</span>
      </div>
      <Shown query={flows} lines={6}>
        {(list) =>
          list.length === 0 ? (
            <State icon="fork" title="Nothing found yet" compact>
              Three payments of a kind are enough: import a file from your bank, or plan an income and a rent.
            </State>
          ) : (
            <ul className="flows">
              {(all ? list : list.slice(0, FIRST)).map((flow) => (
                <FlowLine key={flow.key} flow={flow} change={(said) => change.mutate({ key: flow.key, ...said })} />
              ))}
              {list.length > FIRST && (
                <li>
                  <button type="button" className="link small" onClick={() => setAll(!all)}>
                    {all ? "Show fewer" : `Show all ${list.length}`}
                  </button>
                </li>
              )}
            </ul>
          )
        }
      </Shown>
    </>
  );
}

/** A flow without a counterparty's name is called as its latest transaction is. */
function useName(flow: Flow): string {
  const last = flow.transaction_ids.at(-1) ?? "";
  const transaction = useQuery({
    queryKey: ["own", "transaction", last],
    queryFn: () => body(api.GET("/api/transactions/{transaction_id}", { params: { path: { transaction_id: last } } })),
    enabled: flow.name === null && last !== "",
    staleTime: Infinity,
  });
  if (flow.name !== null) return flow.name;
  return transaction.data?.note ?? (flow.category === null ? "Without a name" : categoryName(flow.category));
}

function FlowLine({ flow, change }: { flow: Flow; change: (said: Schemas["FlowChange"]) => void }) {
  const format = useFormat();
  const name = useName(flow);
  const sign = flow.direction === "in" || flow.direction === "incoming" ? 1 : -1;
  return (
    <li className={flow.off ? "flow off" : "flow"}>
      <div>
        <input
          className="flow-name"
          aria-label={`Name of ${name}`}
          key={name}
          defaultValue={name}
          maxLength={100}
          onBlur={(event) => event.target.value.trim() !== name && change({ name: event.target.value.trim() || null })}
        />
        <div className="small quiet">
          every {flow.every === 1 ? flow.unit : `${flow.every} ${flow.unit}s`}
          {flow.next_on !== null && !flow.off && `, next ${format.day(flow.next_on)}`} ·{" "}
          {format.percent(flow.confidence * 100, 0)} sure, {flow.transaction_ids.length} behind it
        </div>
      </div>
      <span className={sign > 0 ? "number positive" : "number"}>
        {format.money(sign * flow.amount, flow.currency, { signed: true })}
      </span>
      <label className="flow-switch">
        <input type="checkbox" checked={!flow.off} onChange={(event) => change({ off: !event.target.checked })} />
        <span>counts</span>
      </label>
    </li>
  );
}
