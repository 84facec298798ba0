import type { Run } from "@/api/twin";
import { useFormat } from "@/shared/format";

export function Assumptions({ run }: { run: Run }) {
  const format = useFormat();
  return (
    <section className="card" aria-labelledby="assumptions">
      <div className="card-head">
        <h2 id="assumptions">What this rests on</h2>
        <span className="mono quiet small">
          event {run.position} · {run.base_hash.slice(0, 12)}
        </span>
      </div>
      <ul className="assumptions">
        {run.assumptions.map((one) => (
          <li key={`${one.code} ${one.text}`}>
            {one.text}
            {one.value !== null && <strong> {format.number(one.value, 4)}</strong>}
          </li>
        ))}
      </ul>
    </section>
  );
}
