// Every movement of money, searched and filtered; new ones are booked here too.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { accountsQuery, type Transaction } from "@/api/queries";
import { BookDialog, type Kind } from "@/shared/booking/BookDialog";
import { useToast } from "@/shared/ui/Toasts";
import { Icon } from "@/shared/ui/icons";
import { Failed, Loading, State } from "@/shared/ui/states";
import { saveExport, transactionsQuery, type Filters } from "./api/list";
import { DetailDialog } from "./components/DetailDialog";
import { FilterBar } from "./components/FilterBar";
import { ImportDialog } from "@/shared/importing/ImportDialog";
import { TransactionList } from "./components/TransactionList";
import "./transactions.css";

const ACTIONS = [
  ["deposit", "Deposit", "in"],
  ["withdrawal", "Withdraw", "out"],
  ["transfer", "Transfer", "swap"],
] as const;

export default function TransactionsPage() {
  const [address, setAddress] = useSearchParams();
  const [filters, setFilters] = useState<Filters>({});
  const asked = useDeferredValue(filters);
  const [kind, setKind] = useState<Kind | null>(() => kindOf(address.get("new")));
  const [importing, setImporting] = useState(() => address.get("new") === "import");
  const [shown, setShown] = useState<Transaction | null>(null);
  const tell = useToast();
  const accounts = useQuery(accountsQuery).data;
  const list = useInfiniteQuery(transactionsQuery(asked));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data]);
  const own = useMemo(() => new Map(accounts?.map((one) => [one.id, one.name])), [accounts]);
  const filtered = Object.keys(filters).length > 0;
  const closed = () => {
    setKind(null);
    setImporting(false);
    if (address.has("new")) setAddress({}, { replace: true });
  };

  return (
    <div className="page">
      <div className="page-head">
        <h1>Transactions</h1>
        <div className="row">
          {ACTIONS.map(([name, text, icon], index) => (
            <button
              key={name}
              type="button"
              className={index === 0 ? "button primary" : "button"}
              onClick={() => setKind(name)}
            >
              <Icon name={icon} size={18} /> {text}
            </button>
          ))}
          <button
            type="button"
            className="button plain"
            aria-label="Import a bank file"
            onClick={() => setImporting(true)}
          >
            <Icon name="upload" size={18} /> Import
          </button>
          <button
            type="button"
            className="button plain"
            aria-label="Export as CSV"
            onClick={() =>
              void saveExport().catch((error: unknown) => tell(error instanceof Error ? error.message : "Not saved."))
            }
          >
            <Icon name="download" size={18} /> Export
          </button>
        </div>
      </div>
      <section className="card flush" aria-label="List">
        <FilterBar filters={filters} accounts={accounts ?? []} onChange={setFilters} />
        {list.isPending && (
          <div className="pad">
            <Loading lines={8} />
          </div>
        )}
        {list.isError && rows.length === 0 && <Failed error={list.error} retry={() => void list.refetch()} />}
        {list.isSuccess && rows.length === 0 && (
          <State
            icon="list"
            title={filtered ? "Nothing matches" : "No transactions yet"}
            action={
              filtered ? (
                <button type="button" className="button small" onClick={() => setFilters({})}>
                  Clear the filters
                </button>
              ) : (
                <button type="button" className="button primary small" onClick={() => setKind("deposit")}>
                  Make the first deposit
                </button>
              )
            }
          >
            {filtered
              ? "Try fewer words or a longer time."
              : "Deposits, withdrawals and transfers appear here at once."}
          </State>
        )}
        {rows.length > 0 && (
          <TransactionList
            rows={rows}
            own={own}
            more={list.hasNextPage}
            loadMore={() => !list.isFetchingNextPage && void list.fetchNextPage()}
            open={setShown}
          />
        )}
      </section>
      <BookDialog kind={kind} onClose={closed} />
      <ImportDialog open={importing} onClose={closed} />
      <DetailDialog transaction={shown} own={own} onClose={() => setShown(null)} />
    </div>
  );
}

function kindOf(text: string | null): Kind | null {
  return text === "deposit" || text === "withdrawal" || text === "transfer" ? text : null;
}
