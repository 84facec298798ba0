// One bar for the whole, told apart by pattern and words as well as by shade.
import type { Account } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { State } from "@/shared/ui/states";
import type { Holding } from "../api/holdings";

export function Allocation({
  accounts,
  holdings,
  currency,
}: {
  accounts: Account[];
  holdings: Holding[];
  currency: string;
}) {
  const format = useFormat();
  const parts = [
    ...accounts.map((one) => ({ key: one.id, name: one.name, amount: one.balance })),
    ...holdings.map((one) => ({ key: one.id, name: one.ticker, amount: one.current_value })),
  ]
    .filter((one) => one.amount > 0)
    .sort((a, b) => b.amount - a.amount);
  const total = parts.reduce((sum, one) => sum + one.amount, 0);
  if (total === 0)
    return (
      <State icon="pie" title="Nothing to spread yet" compact>
        A deposit or a holding fills this bar.
      </State>
    );
  return (
    <div className="stack">
      <div className="allocation" aria-hidden="true">
        {parts.map((one, index) => (
          <i key={one.key} className={`part part-${index % 6}`} style={{ flexGrow: one.amount / total }} />
        ))}
      </div>
      <ul className="allocation-legend">
        {parts.map((one, index) => (
          <li key={one.key}>
            <i className={`part part-${index % 6}`} aria-hidden="true" />
            <span>{one.name}</span>
            <span className="quiet">{format.percent((one.amount / total) * 100)}</span>
            <span className="number">{format.money(one.amount, currency)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
