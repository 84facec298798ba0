// The sum of all accounts and its course, made from the transactions themselves: each one says what the balance was afterwards.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useCurrency, type Account } from "@/api/queries";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChartLater } from "@/shared/charts/later";
import { useFormat } from "@/shared/format";
import { sum } from "@/shared/movements";
import { Money } from "@/shared/ui/Money";
import { State } from "@/shared/ui/states";
import { courseOf, courseQuery, YEAR_MS } from "@/shared/course";

export function Wealth({ accounts }: { accounts: Account[] }) {
  const format = useFormat();
  const currency = useCurrency();
  const inCurrency = accounts.filter((one) => one.currency === currency);
  const total = sum(inCurrency.map((one) => one.balance));
  const [from] = useState(() => Date.now() - YEAR_MS);
  const rows = useQuery(courseQuery).data;
  const points = useMemo(
    () =>
      courseOf(
        rows ?? [],
        accounts.filter((one) => one.currency === currency),
        from,
      ),
    [rows, accounts, currency, from],
  );
  const first = points[0];
  const others = otherCurrencies(accounts, currency);
  const change = first === undefined ? 0 : sum([total, -first.v]);
  const sentence =
    first === undefined
      ? "Nothing has been booked yet."
      : `${format.money(Math.abs(change), currency)} ${change >= 0 ? "more" : "less"} than on ${format.date(first.t)}.`;
  return (
    <>
      <p className="label">Total over your accounts</p>
      <div className="figure-large wealth-total">
        <Money amount={total} currency={currency} />
      </div>
      {others.map((one) => (
        <p key={one.currency} className="quiet small">
          and {format.money(one.amount, one.currency)}
        </p>
      ))}
      {points.length < 2 ? (
        <State icon="in" title="No history yet" compact>
          The first deposit starts the line.
        </State>
      ) : (
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
      )}
    </>
  );
}

function otherCurrencies(accounts: readonly Account[], main: string): { currency: string; amount: number }[] {
  const currencies = new Set(accounts.map((one) => one.currency).filter((one) => one !== main));
  return [...currencies].map((currency) => ({
    currency,
    amount: sum(accounts.filter((one) => one.currency === currency).map((one) => one.balance)),
  }));
}
