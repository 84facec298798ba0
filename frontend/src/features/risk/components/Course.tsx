// The course of the score: what it was at the end of each month, what it is, and how it would go on if everything went on as it does.
import { useQuery } from "@tanstack/react-query";
import { useMe } from "@/api/queries";
import { riskHistoryQuery, riskQuery, type PastScore, type Risk } from "@/api/risk";
import { baselineQuery, type Run } from "@/api/twin";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChart, type Point } from "@/shared/charts/TimeChart";
import { useFormat, type Format } from "@/shared/format";
import { Shown } from "@/shared/ui/states";

const WHOLE = [0, 100] as const;
const RESTS = [
  "Your main account, by the rules of today's score.",
  "The past is your history as it is known today, in the order in which things count: what was booked late stands where it belongs.",
  "What is ahead is the one expected line over what was found to recur and what you planned; nothing is drawn at random.",
];

export function Course() {
  const me = useMe();
  const risk = useQuery(riskQuery(me.id));
  const past = useQuery(riskHistoryQuery(me.id));
  const baseline = useQuery(baselineQuery);
  return (
    <Shown query={past} lines={5}>
      {(months) => (
        <Shown query={baseline} lines={5}>
          {(run) => (
            <Shown query={risk}>{(now) => <CourseChart past={months} now={now} run={run} accountId={me.id} />}</Shown>
          )}
        </Shown>
      )}
    </Shown>
  );
}

interface CourseProps {
  past: readonly PastScore[];
  now: Risk;
  run: Run;
  accountId: string;
}

function CourseChart({ past, now, run, accountId }: CourseProps) {
  const format = useFormat();
  const expected = run.risk.find((one) => one.account_id === accountId)?.baseline ?? [];
  const today = { t: Date.parse(run.axis[0] ?? run.fork_at), v: now.score };
  const behind = [...past.map((one) => ({ t: Date.parse(one.on), v: one.score })), today];
  const ahead = [today, ...expected.slice(1).map((v, index) => ({ t: Date.parse(run.axis[index + 1] ?? ""), v }))];
  const sentence = `${pastSentence(past, format)} Today it is ${now.score}. ${aheadSentence(ahead, format)}`;
  return (
    <ChartFrame
      title="Course over time"
      sentence={sentence}
      legend={[
        { label: "At each month's end", look: "accent" },
        { label: "Expected", look: "dashed" },
      ]}
      table={{
        columns: ["Day", "Score", ""],
        rows: [
          ...ahead.slice(1).toReversed().map(row("expected", format)),
          ...[today].map(row("today", format)),
          ...behind.slice(0, -1).toReversed().map(row("was", format)),
        ],
      }}
      rests={RESTS}
    >
      <TimeChart
        sentence={sentence}
        lines={[
          { id: "past", label: "Was", tone: "accent", points: behind },
          { id: "ahead", label: "Expected", tone: "accent", dashed: true, points: ahead },
        ]}
        range={WHOLE}
        today={today.t}
        height={220}
      />
    </ChartFrame>
  );
}

const row = (what: string, format: Format) => (point: Point) => [format.date(point.t), format.number(point.v), what];

function pastSentence(past: readonly PastScore[], format: Format): string {
  const highest = past.reduce<PastScore | null>(
    (top, one) => (top === null || one.score >= top.score ? one : top),
    null,
  );
  if (highest === null) return "No month has ended yet since the first movement.";
  if (highest.score === 0) return `At no month's end since ${format.month(past[0]?.on ?? "")} was there a signal.`;
  return `At a month's end the score was ${highest.score} at most, on ${format.date(highest.on)}.`;
}

function aheadSentence(ahead: readonly Point[], format: Format): string {
  const coming = ahead.slice(1);
  const top = Math.max(0, ...coming.map((one) => one.v));
  const at = coming.find((one) => one.v === top);
  if (top === 0 || at === undefined) return "No signal is expected in the next three months.";
  return `The highest expected in the next three months is ${top}, on ${format.date(at.t)}.`;
}
