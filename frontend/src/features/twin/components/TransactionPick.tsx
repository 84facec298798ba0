// Choosing a real transaction to take out of the past.
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useId, useState } from "react";
import { api, body } from "@/api/client";
import { accountsQuery } from "@/api/queries";
import { TransactionRow } from "@/shared/booking/TransactionRow";

const SHOWN = 6;

export function TransactionPick({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (id: string) => void;
}) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const q = useDeferredValue(typed.trim());
  const own = new Map(useQuery(accountsQuery).data?.map((one) => [one.id, one.name]));
  const found = useQuery({
    queryKey: ["own", "transactions", "pick", q],
    queryFn: () =>
      body(api.GET("/api/transactions/", { params: { query: { limit: SHOWN, ...(q === "" ? {} : { q }) } } })),
    enabled: value === "",
  });
  const chosen = useQuery({
    queryKey: ["own", "transaction", value],
    queryFn: () => body(api.GET("/api/transactions/{transaction_id}", { params: { path: { transaction_id: value } } })),
    enabled: value !== "",
  });
  if (value !== "")
    return (
      <div className="stack-s">
        {chosen.data !== undefined && <TransactionRow transaction={chosen.data} own={own} />}
        <button type="button" className="link small" onClick={() => onChange("")}>
          Choose another one
        </button>
      </div>
    );
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        type="search"
        placeholder="Search"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <ul className="latest pick">
        {found.data?.map((row) => (
          <li key={row.id}>
            <TransactionRow transaction={row} own={own} open={(one) => onChange(one.id)} />
          </li>
        ))}
      </ul>
    </div>
  );
}
