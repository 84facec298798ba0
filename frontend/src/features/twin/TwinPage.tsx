// The digital twin: the own history, forked at today, with steps that have not happened.
import { useState } from "react";
import { Link, useLocation } from "react-router";
import { totalOf, type Run, type Scenario, type Step } from "@/api/twin";
import { useFormat } from "@/shared/format";
import { Choices } from "@/shared/ui/Field";
import { Failed, Loading, State } from "@/shared/ui/states";
import { Builder } from "./components/Builder";
import { Compared } from "./components/Compared";
import { Future } from "./components/Future";
import { KeptRuns } from "./components/KeptRuns";
import { Plans } from "./components/Plans";
import { Recurring } from "./components/Recurring";
import { RiskCourse } from "./components/RiskCourse";
import { SaveRun } from "./components/SaveRun";
import { Sensitivity } from "./components/Sensitivity";
import { Timeline } from "./components/Timeline";
import { Why } from "./components/Why";
import { draftsFrom } from "./drafts";
import { draftOf, stepOf, type Draft } from "./steps";
import { useRun } from "./useRun";
import "./twin.css";

const HORIZONS = [
  ["3", "3 months"],
  ["12", "1 year"],
  ["36", "3 years"],
  ["120", "10 years"],
] as const;

/** What another screen or FinBot hands over with the address. */
interface HandedOver {
  proposed?: { steps?: Step[]; horizon_months?: number };
}

/** The shortest of the horizons that shows all of it. */
function horizonOf(months: number): string {
  return HORIZONS.find(([shown]) => Number(shown) >= months)?.[0] ?? "120";
}

function isBlank(run: Run): boolean {
  const { baseline, scenario } = totalOf(run).nominal;
  return [...baseline, ...scenario].every((amount) => amount === 0);
}

function Begin() {
  return (
    <div className="row">
      <Link className="button primary" to="/transactions?new=deposit">
        Make a deposit
      </Link>
      <Link className="button" to="/transactions?new=import">
        Import a bank file
      </Link>
    </div>
  );
}

export default function TwinPage() {
  const { key, state } = useLocation() as { key: string; state: HandedOver | null };
  // A scenario that is handed over begins anew; so does the screen.
  return <Twin key={state?.proposed === undefined ? "own" : key} proposed={state?.proposed} />;
}

function Twin({ proposed }: { proposed: HandedOver["proposed"] }) {
  const { locale } = useFormat();
  // One scenario is ready on the first visit, so that there is something to pull at.
  const [drafts, setDrafts] = useState<readonly Draft[]>(() =>
    proposed?.steps === undefined ? [draftOf("lose_income")] : draftsFrom(proposed.steps, locale),
  );
  const [horizon, setHorizon] = useState<string>(() => horizonOf(proposed?.horizon_months ?? 12));
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
          value={horizon as (typeof HORIZONS)[number][0]}
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
          {run !== undefined && isBlank(run) && (
            <section className="card">
              <State icon="fork" title="There is nothing to fork yet" action={<Begin />}>
                No money, no history and no plan: both courses stay at nothing. One of these changes that.
              </State>
            </section>
          )}
          {run !== undefined && !isBlank(run) && (
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
              <RiskCourse run={run} />
              <Sensitivity run={run} scenario={scenario} />
            </>
          )}
        </div>
      </div>
      <div className="grid">
        <section className="card span-7" aria-labelledby="recurring">
          <Recurring />
        </section>
        <div className="span-5 stack">
          <section className="card" aria-labelledby="plans">
            <Plans />
          </section>
          <section className="card" aria-labelledby="kept">
            <KeptRuns
              open={(kept, months) => {
                setDrafts(draftsFrom(kept, locale));
                setHorizon(horizonOf(months));
              }}
            />
          </section>
        </div>
      </div>
    </div>
  );
}
