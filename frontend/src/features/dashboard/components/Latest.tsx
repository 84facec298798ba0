import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, body } from "@/api/client";
import { accountsQuery } from "@/api/queries";
import { TransactionRow } from "@/shared/booking/TransactionRow";
import { Shown, State } from "@/shared/ui/states";

const latestQuery = queryOptions({
  queryKey: ["own", "transactions", "latest"],
  queryFn: () => body(api.GET("/api/transactions/", { params: { query: { limit: 7 } } })),
});

export function Latest({ deposit }: { deposit: () => void }) {
  const latest = useQuery(latestQuery);
  const own = new Map(useQuery(accountsQuery).data?.map((one) => [one.id, one.name]));
  return (
    <>
      <div className="card-head">
        <h2>Latest transactions</h2>
        <Link to="/transactions">All transactions</Link>
      </div>
      <Shown query={latest} lines={6}>
        {(rows) =>
          rows.length === 0 ? (
            <State
              icon="list"
              title="Nothing booked yet"
              compact
              action={
                <button type="button" className="button primary small" onClick={deposit}>
                  Make the first deposit
                </button>
              }
            />
          ) : (
            <ul className="latest">
              {rows.map((row) => (
                <li key={row.id}>
                  <TransactionRow transaction={row} own={own} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  );
}
