import type { Run } from "@/api/twin";

export function Assumptions({ run }: { run: Run }) {
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
          <li key={one.code}>{one.text}</li>
        ))}
      </ul>
    </section>
  );
}
