// The total of all accounts over time, as points of a line: what was there before, each day on which something moved, today.
import type { DailyTotals } from "@/api/portfolio";
import type { Point } from "@/shared/charts/TimeChart";

const DAY_MS = 864e5;
export const YEAR_MS = 366 * DAY_MS;

/** From `from` on, or from the day before the first movement. Without any movement there is no line. */
export function courseOf(lines: readonly DailyTotals[], currency: string, from: number, now: number): Point[] {
  const line = lines.find((one) => one.currency === currency);
  if (line === undefined) return [];
  const first = line.days[0];
  const start = line.opening !== 0 || first === undefined ? Date.parse(line.first) : Date.parse(first.on);
  const known = [
    { t: start - DAY_MS, v: line.opening },
    ...line.days.map((one) => ({ t: Date.parse(one.on), v: one.total })),
  ];
  const shown = known.filter((one) => one.t >= from);
  const before = known[known.length - shown.length - 1];
  const last = known.at(-1)?.v ?? 0;
  return [...(before === undefined ? [] : [{ t: from, v: before.v }]), ...shown, { t: now, v: last }];
}
