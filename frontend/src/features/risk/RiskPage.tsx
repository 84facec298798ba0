// A score that explains itself: every point has a reason, every reason its evidence and what would lower it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { useMe } from "@/api/queries";
import { riskQuery } from "@/api/risk";
import { useFormat } from "@/shared/format";
import { Icon } from "@/shared/ui/icons";
import { Notice } from "@/shared/ui/Notice";
import { Shown } from "@/shared/ui/states";
import { Anomalies } from "./components/Anomalies";
import { Course } from "./components/Course";
import { Gauge } from "./components/Gauge";
import { Reasons } from "./components/Reasons";
import "./risk.css";

export default function RiskPage() {
  const me = useMe();
  const format = useFormat();
  const client = useQueryClient();
  const risk = useQuery(riskQuery(me.id));
  const analyse = useMutation({
    mutationFn: () => body(api.POST("/api/risk/analyze", { body: { account_id: me.id } })),
    onSuccess: (fresh) => client.setQueryData(riskQuery(me.id).queryKey, fresh),
  });
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Risk</h1>
          <p>
            What your own history shows, compared with your own past. It is a description, not a verdict and not advice.
          </p>
        </div>
        <button type="button" className="button primary" disabled={analyse.isPending} onClick={() => analyse.mutate()}>
          <Icon name="search" size={18} /> {analyse.isPending ? "Analysing…" : "Analyse now"}
        </button>
      </div>
      {analyse.isError && <Notice tone="bad">{analyse.error.message}</Notice>}
      <div className="grid">
        <section className="card span-4 stretch" aria-label="Score">
          <Shown query={risk} lines={5}>
            {(one) => (
              <>
                <Gauge score={one.score} level={one.alert_level} />
                <p className="small quiet centred">As of {format.time(one.updated_at)}</p>
              </>
            )}
          </Shown>
        </section>
        <section className="card span-8 stretch" aria-labelledby="reasons">
          <div className="card-head">
            <h2 id="reasons">Where the points come from</h2>
          </div>
          <Shown query={risk} lines={5}>
            {(one) => <Reasons reasons={one.reasons} currency={one.currency} />}
          </Shown>
        </section>
        <section className="card span-12" aria-label="Course">
          <Course />
        </section>
      </div>
      {analyse.isSuccess && <Anomalies risk={analyse.data} />}
    </div>
  );
}
