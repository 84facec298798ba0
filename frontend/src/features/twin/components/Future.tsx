// The picture: history solid, both futures dashed after today, the scenario's range as bands, its lowest point marked.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { historyQuery } from "@/api/portfolio";
import { totalOf, type Run } from "@/api/twin";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChart, type Band, type Line } from "@/shared/charts/TimeChart";
import { useTold } from "@/shared/told";
import { incidentsOf, marksOf } from "../incidents";
import { courseOf, YEAR_MS } from "@/shared/course";
import { useFormat } from "@/shared/format";
import { Choices } from "@/shared/ui/Field";

const MONEY = [
  ["nominal", "Nominal"],
  ["todays_money", "Today's money"],
  ["net_worth", "Net worth"],
] as const;
type Money = (typeof MONEY)[number][0];

export function Future({ run, fine }: { run: Run; fine: boolean }) {
  const format = useFormat();
  const told = useTold();
  const [money, setMoney] = useState<Money>("nominal");
  const total = totalOf(run);
  const { currency, baseline, scenario } = total;
  const history = useHistory(currency, run.horizon_months);
  const picture = useMemo(() => pictureOf(run, money), [run, money]);
  const marks = useMemo(() => marksOf(incidentsOf(run, format), format), [run, format]).map((one) => ({
    ...one,
    label: told(one.label),
  }));
  const spot = { t: Date.parse(scenario.lowest_on), v: scenario.lowest };
  const chance = total.uncertainty?.scenario.failed;
  const monthRows = run.month_ends.map((at) => [
    format.date(run.axis[at] ?? ""),
    format.money(total[money].baseline[at] ?? 0, currency),
    format.money(total[money].scenario[at] ?? 0, currency),
  ]);
  return (
    <ChartFrame
      title="Baseline and scenario"
      sentence={
        <>
          {told(total.sentence)}
          {money === "net_worth" &&
            " Net worth counts holdings, and takes off what loans and debts of the scenario still owe."}
          {chance !== undefined &&
            ` Of ${format.number(chance.of, 0)} drawn futures ${format.percent(chance.probability * 100)} go below the limit (standard error ${format.percent(chance.standard_error * 100, 2)}).`}
        </>
      }
      legend={[
        { label: "History", look: "ink" },
        { label: "As it is", look: "dashed" },
        { label: "With your steps", look: "dashed future" },
        ...(picture.bands.length === 0
          ? []
          : [
              { label: "Middle 80 %", look: "band" },
              { label: "Middle half", look: "band inner" },
            ]),
        ...KEYS.filter(([shape]) => marks.some((mark) => mark.shape === shape)).map(([, label, look]) => ({
          label,
          look,
        })),
      ]}
      table={{ columns: ["Month's end", "As it is", "With your steps"], rows: monthRows }}
      rests={restsOf(run).map(told)}
      aside={
        <div className="row between future-foot">
          <Choices legend="Money" name="money" options={MONEY} value={money} onChange={setMoney} segmented />
          <span className="small quiet">{fine ? "Exact line, 1,000 drawn futures" : "Redrawing…"}</span>
        </div>
      }
    >
      <TimeChart
        sentence={`${told(total.sentence)} Lowest: ${format.money(scenario.lowest, currency)} on ${format.date(scenario.lowest_on)}; as it is ${format.money(baseline.lowest, currency)}.`}
        lines={[{ id: "history", label: "History", tone: "ink", points: history }, ...picture.lines]}
        bands={picture.bands}
        spots={
          money === "nominal"
            ? [
                {
                  ...spot,
                  label: `lowest ${format.money(spot.v, currency, { whole: true })}`,
                  tone: spot.v < 0 ? "danger" : "future",
                },
              ]
            : []
        }
        marks={marks}
        today={Date.parse(run.axis[0] ?? run.fork_at)}
        currency={currency}
        height={380}
      />
    </ChartFrame>
  );
}

const KEYS = [
  ["refused", "Refused", "mark refused"],
  ["short", "Below the limit", "mark short"],
  ["told", "Notification", "mark told"],
] as const;

function restsOf(run: Run): string[] {
  return run.assumptions.map((one) => (one.value === null ? one.text : `${one.text} (${one.value})`));
}

/** As much of the past as of the future, a year at most. */
function useHistory(currency: string, months: number) {
  const lines = useQuery(historyQuery).data;
  const [now] = useState(() => Date.now());
  return useMemo(() => {
    const from = now - Math.min((months / 12) * YEAR_MS, YEAR_MS);
    return courseOf(lines ?? [], currency, from, now);
  }, [lines, currency, months, now]);
}

function pictureOf(run: Run, money: Money): { lines: Line[]; bands: Band[] } {
  const total = totalOf(run);
  const series = total[money];
  const times = run.axis.map((day) => Date.parse(day));
  const points = (values: readonly number[]) => values.map((v, index) => ({ t: times[index] ?? 0, v }));
  const lines: Line[] = [
    { id: "baseline", label: "As it is", tone: "accent", dashed: true, points: points(series.baseline) },
  ];
  if (run.steps.length > 0)
    lines.push({
      id: "scenario",
      label: "With your steps",
      tone: "future",
      dashed: true,
      points: points(series.scenario),
    });
  const fan = total.uncertainty?.scenario;
  const percentiles = money === "nominal" ? fan?.percentiles : fan?.todays_percentiles;
  if (percentiles === undefined || money === "net_worth") return { lines, bands: [] };
  const monthTimes = run.month_ends.map((at) => times[at] ?? 0);
  const band = (low: number, high: number) =>
    monthTimes.flatMap((t, month) => {
      const [bottom, top] = [percentiles[month]?.[low], percentiles[month]?.[high]];
      return bottom === undefined || top === undefined ? [] : [{ t, low: bottom, high: top }];
    });
  return {
    lines,
    bands: [
      { id: "80", tone: "future", points: band(0, 4) },
      { id: "50", tone: "future", inner: true, points: band(1, 3) },
    ],
  };
}
