// How the score would go on if everything went on as it does: the twin's baseline, three months.
import { useQuery } from "@tanstack/react-query";
import { useMe } from "@/api/queries";
import { baselineQuery, type Run } from "@/api/twin";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChart } from "@/shared/charts/TimeChart";
import { useFormat } from "@/shared/format";
import { Shown } from "@/shared/ui/states";

const WHOLE = [0, 100] as const;
const RESTS = [
  "Your main account, by the rules of the live score, over what was found to recur and what you planned.",
  "Nothing is drawn at random here: it is the one expected line.",
];

export function Course() {
  const me = useMe();
  const baseline = useQuery(baselineQuery);
  return (
    <Shown query={baseline} lines={5}>
      {(run) => <CourseChart run={run} accountId={me.id} />}
    </Shown>
  );
}

function CourseChart({ run, accountId }: { run: Run; accountId: string }) {
  const format = useFormat();
  const scores = run.risk.find((one) => one.account_id === accountId)?.baseline ?? [];
  const points = scores.map((v, index) => ({ t: Date.parse(run.axis[index] ?? ""), v }));
  const top = Math.max(0, ...scores);
  const day = run.axis[scores.indexOf(top)] ?? "";
  const sentence =
    top === 0
      ? "No signal is expected in the next three months."
      : `The highest score expected in the next three months is ${top}, on ${format.date(day)}.`;
  return (
    <ChartFrame
      title="The next three months"
      sentence={sentence}
      table={{
        columns: ["Day", "Score"],
        rows: points.map((point) => [format.date(point.t), format.number(point.v)]),
      }}
      rests={RESTS}
    >
      <TimeChart
        sentence={sentence}
        lines={[{ id: "risk", label: "Score", tone: "accent", dashed: true, points }]}
        range={WHOLE}
        height={190}
        stepped
      />
    </ChartFrame>
  );
}
