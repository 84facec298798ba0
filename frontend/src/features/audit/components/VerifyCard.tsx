import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useFormat } from "@/shared/format";
import { Icon } from "@/shared/ui/icons";
import { Notice } from "@/shared/ui/Notice";
import { saveText } from "@/shared/save";
import { checkProof, type ProofVerdict } from "../api/proof";
import { verify, type Verdict } from "../api/verify";

export function VerifyCard() {
  const format = useFormat();
  const [done, setDone] = useState(0);
  const stop = useRef<AbortController>(null);
  const check = useMutation({
    mutationFn: () => {
      setDone(0);
      stop.current = new AbortController();
      return verify(stop.current.signal, setDone).then(async (verdict) => ({
        verdict,
        proof: await checkProof(verdict),
      }));
    },
  });
  return (
    <section className="card" aria-labelledby="verify">
      <div className="card-head">
        <h2 id="verify">Verify my history</h2>
        <button type="button" className="button primary" disabled={check.isPending} onClick={() => check.mutate()}>
          <Icon name="shield" size={18} /> {check.isPending ? `${format.number(done, 0)} events…` : "Verify now"}
        </button>
      </div>
      <p className="quiet small">
        Every event carries a hash over its own bytes and over the event before it in its stream. This recomputes all of
        them on your device.
      </p>
      {check.isError && <Notice tone="bad">{check.error.message}</Notice>}
      {check.isSuccess && (
        <>
          <Result verdict={check.data.verdict} />
          <Proof proof={check.data.proof} />
        </>
      )}
    </section>
  );
}

function Result({ verdict }: { verdict: Verdict }) {
  const format = useFormat();
  return (
    <div className="stack verdict">
      {verdict.faults.length === 0 ? (
        <Notice tone="good">
          {format.number(verdict.events, 0)} events in {verdict.streams.length} streams recomputed: nothing in between
          is changed, missing or out of order.
        </Notice>
      ) : (
        verdict.faults.slice(0, 5).map((fault) => (
          <Notice key={fault.position} tone="bad">
            Event {fault.position}: {fault.what}.
          </Notice>
        ))
      )}
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th>Stream</th>
              <th className="number">Events</th>
              <th>Last hash</th>
            </tr>
          </thead>
          <tbody>
            {verdict.streams.map((one) => (
              <tr key={one.hash}>
                <td>{one.name}</td>
                <td className="number">{one.events}</td>
                <td className="mono">{one.hash}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="small quiet">
        Keep a last hash elsewhere: compared with it later, it shows that nothing up to here was rewritten since.
        Without such a copy no check can notice a history that was rewritten as a whole.
      </p>
    </div>
  );
}

function Proof({ proof }: { proof: ProofVerdict }) {
  const format = useFormat();
  if (proof.kind === "absent")
    return <p className="small quiet">This installation signs nothing: it has no signing key.</p>;
  if (proof.kind === "differs")
    return <Notice tone="bad">The signed heads and this history differ: {proof.what}.</Notice>;
  const save = (
    <button
      type="button"
      className="button small"
      onClick={() => saveText("fintwin-proof.json", JSON.stringify(proof.signed, null, 2), "application/json")}
    >
      <Icon name="download" size={16} /> Keep it
    </button>
  );
  return (
    <Notice tone="good" action={save}>
      The service has signed the same ends of your streams (Ed25519), at event {format.number(proof.position, 0)} of the
      log.
    </Notice>
  );
}
