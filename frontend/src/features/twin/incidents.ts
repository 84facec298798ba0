// What would happen along the way, in the order of the days: the list under the picture and the marks on its axis are made of it.
import { groups } from "d3-array";
import { totalOf, type Run } from "@/api/twin";
import type { Mark } from "@/shared/charts/TimeChart";
import type { Format } from "@/shared/format";

export interface Incident {
  key: string;
  on: string;
  text: string;
  word: string;
  tone: "bad" | "warn" | "info";
  shape: Mark["shape"];
}

export function incidentsOf(run: Run, format: Format): Incident[] {
  const { scenario } = totalOf(run);
  return [
    ...run.consequences.map((one, index) => ({
      key: `c${index}`,
      on: one.on,
      text: `${format.money(one.amount, one.currency)}: ${format.told(one.detail)}`,
      word: "would have been refused",
      tone: "bad" as const,
      shape: "refused" as const,
    })),
    ...scenario.refused.listed.map((one, index) => ({
      key: `r${index}`,
      on: one.on,
      text: `${format.money(one.amount, one.currency)}: ${format.told(one.detail)}`,
      word: "refused",
      tone: "bad" as const,
      shape: "refused" as const,
    })),
    ...scenario.would_be_refused.listed.map((one, index) => ({
      key: `w${index}`,
      on: one.on,
      text: `${format.money(one.amount, one.currency)}, ${format.money(one.missing, one.currency)} short`,
      word: "below the limit",
      tone: "warn" as const,
      shape: "short" as const,
    })),
    ...run.notifications.listed
      .filter((one) => one.code === "risk_alert")
      .map((one, index) => ({
        key: `n${index}`,
        on: one.on,
        text: `Risk alert: the score of account ${one.account_id} reaches ${one.score ?? "a limit"}.`,
        word: "notification",
        tone: "info" as const,
        shape: "told" as const,
      })),
  ].sort((a, b) => a.on.localeCompare(b.on));
}

/** One mark a day and shape: many payments of one bad day are one mark. */
export function marksOf(incidents: readonly Incident[], format: Format): Mark[] {
  return groups(incidents, (one) => `${one.on} ${one.shape}`).flatMap(([, same]) => {
    const first = same[0];
    if (first === undefined) return [];
    const words = same.length === 1 ? first.text : `${first.word}, ${same.length} times`;
    return [{ t: Date.parse(first.on), label: `${format.date(first.on)}: ${words}`, shape: first.shape }];
  });
}
