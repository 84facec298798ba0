// The digital twin: the own history, forked at today, with steps that have not happened.
import { useState } from "react";
import type { Scenario } from "@/api/twin";
import { useFormat } from "@/shared/format";
import { Choices } from "@/shared/ui/Field";
import { Failed, Loading } from "@/shared/ui/states";
import { Assumptions } from "./components/Assumptions";
import { Builder } from "./components/Builder";
import { Compared } from "./components/Compared";
import { Future } from "./components/Future";
import { KeptRuns } from "./components/KeptRuns";
import { Recurring } from "./components/Recurring";
import { SaveRun } from "./components/SaveRun";
import { Sensitivity } from "./components/Sensitivity";
import { Timeline } from "./components/Timeline";
import { Why } from "./components/Why";
import { draftOf, stepOf, type Draft } from "./steps";
import { useRun } from "./useRun";
import "./twin.css";

const HORIZONS = [
  ["3", "3 months"],
  ["12", "1 year"],
  ["36", "3 years"],
  ["120", "10 years"],
] as const;

export default function TwinPage() {
  const { locale } = useFormat();
  // One scenario is ready on the first visit, so that there is something to pull at.
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => [draftOf("lose_income")]);
  const [horizon, setHorizon] = useState<(typeof HORIZONS)[number][0]>("12");
  const steps = drafts.flatMap((draft) => stepOf(draft, locale) ?? []);
  const scenario: Scenario = { horizon_months: Number(horizon), steps };
  const shown = useRun(scenario);
  const { run } = shown;
  return (
    <div className="page twin">
      <div className="page-head">
        <div>
          <h1>Digital Twin</h1>
          <p>
            Your real history goes on by the same rules, once as it is and once with the steps you add. Nothing is
            written.
          </p>
        </div>
        <Choices
          legend="How far ahead"
          name="horizon"
          options={HORIZONS}
          value={horizon}
          onChange={setHorizon}
          segmented
        />
      </div>
      <div className="twin-grid">
        <section className="card twin-steps" aria-labelledby="steps">
          <div className="card-head">
            <h2 id="steps">What if</h2>
          </div>
          <Builder drafts={drafts} told={run?.steps ?? []} onChange={setDrafts} />
          <SaveRun scenario={scenario} ready={drafts.length > 0 && run !== undefined} />
        </section>
        <div className="stack twin-result" aria-busy={shown.busy}>
          {run === undefined && (
            <section className="card">
              {shown.error === null ? <Loading lines={9} /> : <Failed error={shown.error} retry={shown.retry} />}
            </section>
          )}
          {run !== undefined && (
            <>
              <section className="card">
                <Future run={run} fine={shown.fine} />
                {shown.error !== null && <Failed error={shown.error} retry={shown.retry} />}
              </section>
              <div className="twin-pair">
                <section className="card">
                  <Compared run={run} />
                </section>
                <section className="card">
                  <Why run={run} />
                </section>
              </div>
              <Timeline run={run} />
              <Sensitivity run={run} />
              <Assumptions run={run} />
            </>
          )}
        </div>
      </div>
      <div className="grid">
        <section className="card span-7" aria-labelledby="recurring">
          <Recurring />
        </section>
        <section className="card span-5" aria-labelledby="kept">
          <KeptRuns />
        </section>
      </div>
    </div>
  );
}
