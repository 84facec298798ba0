// The total of some accounts over time, walked back from today's balances through the latest transactions.
import { queryOptions } from "@tanstack/react-query";
import { answer, api, nextCursor } from "@/api/client";
import type { Account, Transaction } from "@/api/queries";
import type { Point } from "@/shared/charts/TimeChart";

const DAY_MS = 864e5;
export const YEAR_MS = 366 * 864e5;
const PAGE = 200;
const PAGES_MAX = 8;

/** The transactions of the last year, or as many of them as eight pages hold. */
export const courseQuery = queryOptions({
  queryKey: ["own", "transactions", "course"],
  queryFn: async () => {
    const rows: Transaction[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = { limit: PAGE, ...(cursor === null ? {} : { cursor: Number(cursor) }) };
      const { data, response } = await answer<Transaction[]>(api.GET("/api/transactions/", { params: { query } }));
      rows.push(...data);
      cursor = nextCursor(response);
      if (cursor === null || Date.parse(data.at(-1)?.effective_at ?? "") < Date.now() - YEAR_MS) break;
    }
    return rows;
  },
});

/** `rows` are newest first; days before the oldest of them are not known and not shown. One point a day on which something happened. */
export function courseOf(rows: readonly Transaction[], accounts: readonly Account[], from: number): Point[] {
  const own = new Set(accounts.map((one) => one.id));
  let total = accounts.reduce((whole, one) => whole + one.balance, 0);
  const points: Point[] = rows.length === 0 ? [] : [{ t: Date.now(), v: round(total) }];
  const byTime = [...rows].sort((a, b) => Date.parse(b.effective_at) - Date.parse(a.effective_at));
  let day = Number.POSITIVE_INFINITY;
  for (const row of byTime) {
    const t = Math.floor(Date.parse(row.effective_at) / DAY_MS) * DAY_MS;
    if (t < from) break;
    if (t !== day) {
      points.push({ t, v: round(total) });
      day = t;
    }
    total -= movedBy(row, own);
  }
  if (points.length > 1) points.push({ t: day - DAY_MS, v: round(total) });
  return points.reverse();
}

function movedBy(row: Transaction, own: ReadonlySet<string>): number {
  if (row.type === "deposit") return own.has(row.account_id) ? row.amount : 0;
  if (row.type === "withdrawal") return own.has(row.account_id) ? -row.amount : 0;
  const inside = row.to_account !== null && own.has(row.to_account) ? row.amount : 0;
  return inside - (own.has(row.account_id) ? row.amount : 0);
}

const round = (value: number) => Math.round(value * 1000) / 1000;
