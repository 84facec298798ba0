import type { Analysis } from "@/api/risk";
import { State } from "@/shared/ui/states";
import { Rows } from "./EvidenceList";

const SHOWN_MAX = 20;

export function Anomalies({ risk }: { risk: Analysis }) {
  const ids = risk.anomalous_transactions;
  return (
    <section className="card" aria-labelledby="anomalies">
      <div className="card-head">
        <h2 id="anomalies">Unusual transactions</h2>
        <span className="small quiet">{risk.ml_details?.model}</span>
      </div>
      {risk.ml_details?.note !== undefined && <p className="small quiet">{risk.ml_details.note}</p>}
      {ids.length === 0 ? (
        <State icon="check" title="Nothing stands out" compact>
          Every transaction looks like others of yours.
        </State>
      ) : (
        <Rows ids={ids.slice(0, SHOWN_MAX)} />
      )}
    </section>
  );
}
