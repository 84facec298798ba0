// The rows themselves. Only those near the window are in the page, so that 100,000 scroll as easily as 100.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Transaction } from "@/api/queries";
import { TransactionRow } from "@/shared/booking/TransactionRow";

interface TransactionListProps {
  rows: Transaction[];
  own: ReadonlyMap<string, string>;
  more: boolean;
  loadMore: () => void;
  open: (transaction: Transaction) => void;
}

const ROW_PX = 64;
const AHEAD = 20;

export function TransactionList({ rows, own, more, loadMore, open }: TransactionListProps) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) loadMore();
  }, [last, loadMore, more, rows.length]);
  return (
    <>
      <ul ref={list} className="rows" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          return row === undefined ? null : (
            <li
              key={item.key}
              aria-setsize={more ? -1 : rows.length}
              aria-posinset={item.index + 1}
              style={{ height: item.size, transform: `translateY(${item.start - top}px)` }}
            >
              <TransactionRow transaction={row} own={own} open={open} balance />
            </li>
          );
        })}
      </ul>
      <p className="rows-end" role="status">
        {more
          ? "Loading older ones…"
          : `That is all: ${rows.length} ${rows.length === 1 ? "transaction" : "transactions"}.`}
      </p>
    </>
  );
}
