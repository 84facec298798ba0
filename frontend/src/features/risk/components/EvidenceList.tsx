// The transactions behind a reason, fetched when they are asked for.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { accountsQuery } from "@/api/queries";
import { TransactionRow } from "@/shared/booking/TransactionRow";

const SHOWN_MAX = 10;

export function EvidenceList({ ids }: { ids: readonly string[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="evidence" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {ids.length} {ids.length === 1 ? "transaction" : "transactions"} behind it
      </summary>
      {open && <Rows ids={ids.slice(0, SHOWN_MAX)} />}
    </details>
  );
}

export function Rows({ ids }: { ids: readonly string[] }) {
  const own = new Map(useQuery(accountsQuery).data?.map((one) => [one.id, one.name]));
  const found = useQueries({
    queries: ids.map((id) => ({
      queryKey: ["own", "transaction", id],
      queryFn: () => body(api.GET("/api/transactions/{transaction_id}", { params: { path: { transaction_id: id } } })),
      staleTime: 60_000,
    })),
  });
  return (
    <ul className="latest">
      {found.map((one, index) => (
        <li key={ids[index]}>
          {one.data !== undefined && <TransactionRow transaction={one.data} own={own} balance />}
        </li>
      ))}
    </ul>
  );
}
