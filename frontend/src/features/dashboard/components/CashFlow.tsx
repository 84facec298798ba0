import { useQuery } from "@tanstack/react-query";
import { portfolioQuery } from "@/api/portfolio";
import { useCurrency } from "@/api/queries";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { MonthBarsLater } from "@/shared/charts/later";
import { useFormat } from "@/shared/format";
import { sum } from "@/shared/movements";
import { Shown, State } from "@/shared/ui/states";

const MONTHS = 12;

export function CashFlow({ deposit }: { deposit: () => void }) {
  const format = useFormat();
  const currency = useCurrency();
  const portfolio = useQuery(portfolioQuery);
  return (
    <Shown query={portfolio} lines={6}>
      {({ cash_flow: flow, savings_rate: rate }) => {
        const months = flow.filter((one) => one.currency === currency).slice(-MONTHS);
        const kept = sum(months.map((one) => one.income - one.expense));
        if (months.length === 0)
          return (
            <>
              <div className="card-head">
                <h2>Cash flow</h2>
              </div>
              <State
                icon="swap"
                title="No month to show yet"
                compact
                action={
                  <button type="button" className="button small" onClick={deposit}>
                    Make a deposit
                  </button>
                }
              >
                Money in and out, month by month, appears with the first transaction.
              </State>
            </>
          );
        const sentence = `In ${months.length === 1 ? "the month" : `${months.length} months`} ${format.money(Math.abs(kept), currency)} ${
          kept >= 0 ? "came in more than went out" : "went out more than came in"
        }${rate === null ? "." : `; the savings rate is ${format.percent(rate * 100)}.`}`;
        return (
          <ChartFrame
            title="Cash flow"
            sentence={sentence}
            legend={[
              { label: "In", look: "block" },
              { label: "Out", look: "block future" },
            ]}
            table={{
              columns: ["Month", "In", "Out", "Kept"],
              rows: months
                .toReversed()
                .map((one) => [
                  format.month(one.month),
                  format.money(one.income, currency),
                  format.money(one.expense, currency),
                  format.money(sum([one.income, -one.expense]), currency),
                ]),
            }}
          >
            <MonthBarsLater
              months={months}
              currency={currency}
              sentence={`Cash flow by month. ${sentence}`}
              height={220}
            />
          </ChartFrame>
        );
      }}
    </Shown>
  );
}
