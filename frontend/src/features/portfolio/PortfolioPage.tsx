// Wealth over accounts and holdings, how it is spread and how it did.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { portfolioQuery } from "@/api/portfolio";
import { accountsQuery, useCurrency, useMe } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { Icon } from "@/shared/ui/icons";
import { Money } from "@/shared/ui/Money";
import { Shown, State } from "@/shared/ui/states";
import { holdingsQuery, summaryQuery, type Holding } from "./api/holdings";
import { Allocation } from "./components/Allocation";
import { HoldingDialog } from "./components/HoldingDialog";
import { HoldingsTable } from "./components/HoldingsTable";
import "./portfolio.css";

export default function PortfolioPage() {
  const me = useMe();
  const currency = useCurrency();
  const format = useFormat();
  const portfolio = useQuery(portfolioQuery);
  const accounts = useQuery(accountsQuery);
  const holdings = useQuery(holdingsQuery(me.id));
  const summary = useQuery(summaryQuery(me.id));
  const [editing, setEditing] = useState<Holding | "new" | null>(null);
  return (
    <div className="page">
      <div className="page-head">
        <h1>Portfolio</h1>
        <button type="button" className="button primary" onClick={() => setEditing("new")}>
          <Icon name="plus" size={18} /> Add a holding
        </button>
      </div>
      <div className="grid">
        <section className="card span-7 stretch" aria-labelledby="wealth">
          <h2 id="wealth" className="label">
            Net worth
          </h2>
          <Shown query={portfolio}>
            {({ net_worth: worth, savings_rate: rate, xirr, twr }) => (
              <div className="stack">
                {worth.map((one, index) => (
                  <div key={one.currency} className={index === 0 ? "figure-large" : "figure"}>
                    <Money amount={one.amount} currency={one.currency} />
                  </div>
                ))}
                <dl className="figures">
                  <Figure name="Savings rate" value={rate} />
                  <Figure name="Money-weighted return" value={xirr} />
                  <Figure name="Time-weighted return" value={twr} />
                </dl>
              </div>
            )}
          </Shown>
        </section>
        <section className="card span-5 stretch" aria-labelledby="gain">
          <h2 id="gain" className="label">
            Value of the holdings
          </h2>
          <Shown query={summary}>
            {(one) => (
              <div className="stack">
                <div className="figure-large">
                  <Money amount={one.total_portfolio_value} currency={one.currency ?? currency} />
                </div>
                {one.total_holdings === 0 ? (
                  <p className="quiet">Nothing is held besides the accounts.</p>
                ) : (
                  <p className={one.total_gain_loss < 0 ? "negative" : "positive"}>
                    {format.money(one.total_gain_loss, one.currency ?? currency, { signed: true })} (
                    {format.percent(one.total_return_pct)})
                    <span className="quiet"> on {format.money(one.total_invested, one.currency ?? currency)} paid</span>
                  </p>
                )}
                {one.best_performer !== null && (
                  <p className="small quiet">
                    Best {one.best_performer.ticker} {format.percent(one.best_performer.gain_loss_pct)}
                    {one.worst_performer !== null &&
                      `, weakest ${one.worst_performer.ticker} ${format.percent(one.worst_performer.gain_loss_pct)}`}
                  </p>
                )}
              </div>
            )}
          </Shown>
        </section>
        <section className="card span-12" aria-labelledby="spread">
          <div className="card-head">
            <h2 id="spread">How it is spread</h2>
          </div>
          <Shown query={accounts}>
            {(list) => (
              <Allocation
                accounts={list.filter((one) => one.currency === currency)}
                holdings={holdings.data ?? []}
                currency={currency}
              />
            )}
          </Shown>
        </section>
        <section className="card span-12" aria-labelledby="holdings">
          <div className="card-head">
            <h2 id="holdings">Holdings</h2>
          </div>
          <Shown query={holdings}>
            {(list) =>
              list.length === 0 ? (
                <State
                  icon="pie"
                  title="No holdings yet"
                  compact
                  action={
                    <button type="button" className="button small" onClick={() => setEditing("new")}>
                      Add a holding
                    </button>
                  }
                >
                  Shares, funds and other things with a price count into your net worth from here.
                </State>
              ) : (
                <HoldingsTable holdings={list} currency={currency} edit={setEditing} />
              )
            }
          </Shown>
        </section>
      </div>
      <HoldingDialog holding={editing} onClose={() => setEditing(null)} />
    </div>
  );
}

function Figure({ name, value }: { name: string; value: number | null }) {
  const format = useFormat();
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value === null ? <span className="quiet">not yet</span> : format.percent(value * 100)}</dd>
    </div>
  );
}
