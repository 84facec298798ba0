// What would happen along the way: payments refused, payments below the limit, consequences in the past, notifications.
import type { Run } from "@/api/twin";
import { useFormat } from "@/shared/format";
import { useTold } from "@/shared/told";
import { incidentsOf } from "../incidents";

const SHOWN_MAX = 12;

export function Timeline({ run }: { run: Run }) {
  const format = useFormat();
  const told = useTold();
  const incidents = incidentsOf(run, format);
  if (incidents.length === 0) return null;
  return (
    <section className="card" aria-labelledby="timeline">
      <div className="card-head">
        <h2 id="timeline">Along the way</h2>
        <span className="small quiet">
          {incidents.length > SHOWN_MAX ? `the first ${SHOWN_MAX} of ${incidents.length}` : ""}
        </span>
      </div>
      <ol className="timeline">
        {incidents.slice(0, SHOWN_MAX).map((one) => (
          <li key={one.key}>
            <time dateTime={one.on}>{format.date(one.on)}</time>
            <span className={`tag ${one.tone}`}>{one.word}</span>
            <span>{told(one.text)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
