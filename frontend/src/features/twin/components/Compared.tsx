// The two courses in figures, side by side.
import { totalOf, type Run, type Total } from "@/api/twin";
import { useFormat } from "@/shared/format";

type Outcome = Total["baseline"];

export function Compared({ run }: { run: Run }) {
  const format = useFormat();
  const { currency, baseline, scenario, difference } = totalOf(run);
  const money = (amount: number) => format.money(amount, currency);
  const months = (value: number | null) => (value === null ? "none" : format.number(value, 1));
  const rows: [string, (one: Outcome) => string][] = [
    ["At the end", (one) => money(one.final)],
    ["Lowest", (one) => money(one.lowest)],
    ["Lowest on", (one) => format.date(one.lowest_on)],
    ["First below the limit", (one) => (one.first_breach === null ? "never" : format.date(one.first_breach))],
    ["Savings rate", (one) => (one.savings_rate === null ? "none" : format.percent(one.savings_rate * 100))],
    ["Emergency months", (one) => months(one.emergency_months)],
    ["Interest", (one) => money(one.interest)],
  ];
  return (
    <>
      <div className="card-head">
        <h2>In figures</h2>
        <span className={difference.final < 0 ? "tag bad" : "tag good"}>
          {format.money(difference.final, currency, { signed: true })} at the end
        </span>
      </div>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th>
                <span className="visually-hidden">Figure</span>
              </th>
              <th className="number">As it is</th>
              <th className="number">With your steps</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, told]) => (
              <tr key={name}>
                <td className="quiet">{name}</td>
                <td className="number">{told(baseline)}</td>
                <td className="number">{told(scenario)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
