// A kept run held against what really happened since: the expected line, the real one, and how far they are apart.
import { useQuery } from "@tanstack/react-query";
import { realityQuery } from "@/api/twin";
import type { Schemas } from "@/api/client";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChart, type Line } from "@/shared/charts/TimeChart";
import { useFormat } from "@/shared/format";
import { Dialog } from "@/shared/ui/Dialog";
import { Shown, State } from "@/shared/ui/states";

interface RealityProps {
  run: Schemas["KeptRun"] | null;
  onClose: () => void;
}

const RESTS = [
  "Actual: your balances at the end of each day since the run was kept.",
  "The error is the mean distance between the expected and the actual balance, over the days so far.",
  "The range is the middle 80 % of the drawn futures, looked at where a month of the run ends.",
];

export function Reality({ run, onClose }: RealityProps) {
  return (
    <Dialog title={`${run?.name ?? "Run"}: held against reality`} open={run !== null} onClose={onClose} wide>
      {run !== null && <Held id={run.id} />}
    </Dialog>
  );
}

function Held({ id }: { id: string }) {
  const held = useQuery(realityQuery(id));
  return (
    <Shown query={held} lines={7}>
      {(list) => (
        <div className="stack">
          {list.map((one) => (
            <HeldChart key={one.currency} held={one} />
          ))}
        </div>
      )}
    </Shown>
  );
}

function HeldChart({ held }: { held: Schemas["HeldView"] }) {
  const format = useFormat();
  const { currency, days, month_ends: months } = held;
  if (days.length < 2)
    return (
      <State icon="fork" title="Not a day has passed yet" compact>
        From tomorrow on, what really happened is drawn beside what was expected.
      </State>
    );
  const points = (values: readonly number[]) => values.map((v, index) => ({ t: Date.parse(days[index] ?? ""), v }));
  const lines: Line[] = [
    { id: "actual", label: "What happened", tone: "ink", points: points(held.actual) },
    { id: "baseline", label: "Expected as it was", tone: "accent", dashed: true, points: points(held.baseline) },
    { id: "scenario", label: "Expected with the steps", tone: "future", dashed: true, points: points(held.scenario) },
  ];
  const money = (value: number) => format.money(value, currency);
  const sentence = `Over ${days.length} days the expectation was off by ${money(held.baseline_error)} on average, with the steps by ${money(held.scenario_error)}. ${
    months === 0
      ? "No month has ended yet for the range to be held against."
      : `The range held at ${held.covered} of ${months} month ends.`
  }`;
  return (
    <ChartFrame
      title={`In ${currency}`}
      sentence={sentence}
      legend={[
        { label: "What happened", look: "ink" },
        { label: "Expected as it was", look: "dashed" },
        { label: "Expected with the steps", look: "dashed future" },
      ]}
      table={{
        columns: ["Day", "What happened", "As it was", "With the steps"],
        rows: days.map((day, at) => [
          format.date(day),
          money(held.actual[at] ?? 0),
          money(held.baseline[at] ?? 0),
          money(held.scenario[at] ?? 0),
        ]),
      }}
      rests={RESTS}
    >
      <TimeChart sentence={sentence} lines={lines} currency={currency} height={260} />
    </ChartFrame>
  );
}
