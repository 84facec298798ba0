// One lever at a time: how far the end moves when it is turned both ways, the largest first.
import { totalOf, type Run, type Scenario } from "@/api/twin";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { useFormat } from "@/shared/format";
import { LEVERS, POINTS } from "../levers";
import { TwoLevers } from "./TwoLevers";

const RESTS = [
  "Each lever is turned alone, both ways, and the whole course is run again.",
  "The difference at the end is in today's money.",
];

export function Sensitivity({ run, scenario }: { run: Run; scenario: Scenario }) {
  const format = useFormat();
  const { sensitivity, currency } = totalOf(run);
  if (sensitivity === null) return null;
  const bars = sensitivity.tornado.map((one) => {
    const [low, high] = [one.low_todays, one.high_todays].sort((a, b) => a - b) as [number, number];
    return {
      ...one,
      low,
      high,
      label: `${LEVERS[one.name] ?? one.name} ±${format.number(one.by)} ${POINTS.has(one.name) ? "points" : "%"}`,
    };
  });
  const reach = Math.max(...bars.flatMap((one) => [Math.abs(one.low), Math.abs(one.high)]), 1);
  const largest = bars[0];
  const money = (amount: number) => format.money(amount, currency, { signed: true, whole: true });
  const sentence =
    largest === undefined
      ? "There is nothing to turn."
      : `${largest.label} moves the end most: between ${money(largest.low)} and ${money(largest.high)} in today's money.`;
  return (
    <section className="card">
      <ChartFrame
        title="What matters most"
        sentence={sentence}
        table={{
          columns: ["Lever", "Worse", "Better"],
          rows: bars.map((one) => [one.label, money(one.low), money(one.high)]),
        }}
        rests={RESTS}
        aside={<TwoLevers scenario={scenario} />}
      >
        <ul className="tornado" aria-label={sentence}>
          {bars.map((one) => (
            <li key={one.name}>
              <span className="small">{one.label}</span>
              <span className="tornado-track" aria-hidden="true">
                <i className="worse" style={{ left: `${50 + (Math.min(one.low, 0) / reach) * 50}%`, right: "50%" }} />
                <i className="better" style={{ left: "50%", right: `${50 - (Math.max(one.high, 0) / reach) * 50}%` }} />
              </span>
              <span className="small quiet number">
                {money(one.low)} to {money(one.high)}
              </span>
            </li>
          ))}
        </ul>
      </ChartFrame>
    </section>
  );
}
