// The sum of all accounts and its course over the last year.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { historyQuery } from "@/api/portfolio";
import { useCurrency, type Account } from "@/api/queries";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChartLater } from "@/shared/charts/later";
import type { Point } from "@/shared/charts/TimeChart";
import { courseOf } from "@/shared/course";
import { useFormat } from "@/shared/format";
import { sum } from "@/shared/movements";
import { Money } from "@/shared/ui/Money";
import { Shown, State } from "@/shared/ui/states";

export function Wealth({ accounts }: { accounts: Account[] }) {
  const format = useFormat();
  const currency = useCurrency();
  const [now] = useState(() => Date.now());
  const history = useQuery(historyQuery);
  const total = sum(accounts.filter((one) => one.currency === currency).map((one) => one.balance));
  return (
    <>
      <p className="label">Total over your accounts</p>
      <div className="figure-large wealth-total">
        <Money amount={total} currency={currency} />
      </div>
      {otherCurrencies(accounts, currency).map((one) => (
        <p key={one.currency} className="quiet small">
          and {format.money(one.amount, one.currency)}
        </p>
      ))}
      <Shown query={history} lines={8}>
        {(lines) => <WealthCourse points={courseOf(lines, currency, 0, now)} currency={currency} />}
      </Shown>
    </>
  );
}

function WealthCourse({ points, currency }: { points: Point[]; currency: string }) {
  const format = useFormat();
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined)
    return (
      <State icon="in" title="No history yet" compact>
        The first deposit starts the line.
      </State>
    );
  const change = sum([last.v, -first.v]);
  const sentence = `${format.money(Math.abs(change), currency)} ${change >= 0 ? "more" : "less"} than on ${format.date(first.t)}.`;
  return (
    <div className="wealth-chart">
      <ChartFrame
        title="Over time"
        sentence={sentence}
        table={{
          columns: ["Day", "Total"],
          rows: points.toReversed().map((point) => [format.date(point.t), format.money(point.v, currency)]),
        }}
      >
        <TimeChartLater
          sentence={`Total of your accounts. ${sentence}`}
          lines={[{ id: "total", label: "Total", tone: "accent", points }]}
          currency={currency}
          height={330}
          stepped
          filled
        />
      </ChartFrame>
    </div>
  );
}

function otherCurrencies(accounts: readonly Account[], main: string): { currency: string; amount: number }[] {
  const currencies = new Set(accounts.map((one) => one.currency).filter((one) => one !== main));
  return [...currencies].map((currency) => ({
    currency,
    amount: sum(accounts.filter((one) => one.currency === currency).map((one) => one.balance)),
  }));
}
