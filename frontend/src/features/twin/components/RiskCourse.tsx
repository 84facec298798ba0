// The risk score over time, in both courses.
import { useQuery } from "@tanstack/react-query";
import { accountsQuery } from "@/api/queries";
import type { Run } from "@/api/twin";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChart, type Line } from "@/shared/charts/TimeChart";
import { useFormat } from "@/shared/format";

const WHOLE = [0, 100] as const;
const RESTS = [
  "The score is that of the live ledger: the same rules, over the events that would have happened by each day.",
  "Of several accounts the one whose score gets highest with your steps is shown.",
];

export function RiskCourse({ run }: { run: Run }) {
  const format = useFormat();
  const accounts = useQuery(accountsQuery).data ?? [];
  const top = (scores: readonly number[]) => Math.max(0, ...scores);
  const shown = run.risk.toSorted((a, b) => top(b.scenario) - top(a.scenario) || top(b.baseline) - top(a.baseline))[0];
  if (shown === undefined) return null;
  const days = run.axis.map((day) => Date.parse(day));
  const points = (scores: readonly number[]) => scores.map((v, index) => ({ t: days[index] ?? 0, v }));
  const lines: Line[] = [
    { id: "baseline", label: "As it is", tone: "accent", dashed: true, points: points(shown.baseline) },
    { id: "scenario", label: "With your steps", tone: "future", dashed: true, points: points(shown.scenario) },
  ];
  const at = shown.scenario.indexOf(top(shown.scenario));
  const name = accounts.find((one) => one.id === shown.account_id)?.name ?? "the account";
  const sentence =
    top(shown.scenario) === 0 && top(shown.baseline) === 0
      ? "No signal in either course."
      : `With your steps the score of “${name}” reaches ${top(shown.scenario)} of 100 on ${format.date(run.axis[at] ?? "")}; as it is, ${top(shown.baseline)}.`;
  return (
    <section className="card">
      <ChartFrame
        title="Risk over time"
        sentence={sentence}
        legend={[
          { label: "As it is", look: "dashed" },
          { label: "With your steps", look: "dashed future" },
        ]}
        table={{
          columns: ["Month's end", "As it is", "With your steps"],
          rows: run.month_ends.map((day) => [
            format.date(run.axis[day] ?? ""),
            format.number(shown.baseline[day] ?? 0),
            format.number(shown.scenario[day] ?? 0),
          ]),
        }}
        rests={RESTS}
      >
        <TimeChart sentence={sentence} lines={lines} height={170} range={WHOLE} stepped />
      </ChartFrame>
    </section>
  );
}
