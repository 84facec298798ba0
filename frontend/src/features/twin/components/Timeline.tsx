// What would happen along the way: payments refused, payments below the limit, consequences in the past, notifications.
import { totalOf, type Run } from "@/api/twin";
import { useFormat } from "@/shared/format";

const SHOWN_MAX = 12;

interface Item {
  key: string;
  on: string;
  text: string;
  tone: "bad" | "warn" | "info";
  word: string;
}

export function Timeline({ run }: { run: Run }) {
  const format = useFormat();
  const { scenario } = totalOf(run);
  const items: Item[] = [
    ...run.consequences.map((one, index) => ({
      key: `c${index}`,
      on: one.on,
      text: `${format.money(one.amount, one.currency)}: ${one.detail}`,
      tone: "bad" as const,
      word: "would have been refused",
    })),
    ...scenario.refused.listed.map((one, index) => ({
      key: `r${index}`,
      on: one.on,
      text: `${format.money(one.amount, one.currency)}: ${one.detail}`,
      tone: "bad" as const,
      word: "refused",
    })),
    ...scenario.would_be_refused.listed.map((one, index) => ({
      key: `w${index}`,
      on: one.on,
      text: `${format.money(one.amount, one.currency)}, ${format.money(one.missing, one.currency)} short`,
      tone: "warn" as const,
      word: "below the limit",
    })),
    ...run.notifications.listed
      .filter((one) => one.code === "risk_alert")
      .map((one, index) => ({
        key: `n${index}`,
        on: one.on,
        text: `The risk score reaches ${one.score ?? "a limit"}.`,
        tone: "info" as const,
        word: "notification",
      })),
  ].sort((a, b) => a.on.localeCompare(b.on));
  if (items.length === 0) return null;
  return (
    <section className="card" aria-labelledby="timeline">
      <div className="card-head">
        <h2 id="timeline">Along the way</h2>
        <span className="small quiet">
          {items.length > SHOWN_MAX ? `the first ${SHOWN_MAX} of ${items.length}` : ""}
        </span>
      </div>
      <ol className="timeline">
        {items.slice(0, SHOWN_MAX).map((one) => (
          <li key={one.key}>
            <time dateTime={one.on}>{format.date(one.on)}</time>
            <span className={`tag ${one.tone}`}>{one.word}</span>
            <span>{one.text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
