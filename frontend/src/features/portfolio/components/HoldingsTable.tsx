import { useFormat } from "@/shared/format";
import { Icon } from "@/shared/ui/icons";
import { useToast } from "@/shared/ui/Toasts";
import { useHoldingChange, type Holding } from "../api/holdings";

interface HoldingsTableProps {
  holdings: Holding[];
  currency: string;
  edit: (holding: Holding) => void;
}

export function HoldingsTable({ holdings, currency: main, edit }: HoldingsTableProps) {
  const format = useFormat();
  const change = useHoldingChange();
  const tell = useToast();
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Holdings, table">
      <table className="table">
        <thead>
          <tr>
            <th>Holding</th>
            <th className="number">Quantity</th>
            <th className="number">Paid</th>
            <th className="number">Price</th>
            <th className="number">Value</th>
            <th className="number">Gain</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {holdings.map((one) => {
            const currency = one.currency ?? main;
            return (
              <tr key={one.id}>
                <td>
                  <strong>{one.ticker}</strong>
                  <br />
                  <span className="quiet">{one.company_name}</span>
                </td>
                <td className="number">{format.number(one.quantity, 8)}</td>
                <td className="number">{format.money(one.invested_value, currency)}</td>
                <td className="number">{format.money(one.current_price, currency)}</td>
                <td className="number">{format.money(one.current_value, currency)}</td>
                <td className={one.gain_loss < 0 ? "number negative" : "number positive"}>
                  {format.money(one.gain_loss, currency, { signed: true })}
                  <br />
                  {format.percent(one.gain_loss_pct)}
                </td>
                <td className="number">
                  <button
                    type="button"
                    className="button plain small icon"
                    aria-label={`New price for ${one.ticker}`}
                    onClick={() => edit(one)}
                  >
                    <Icon name="edit" size={18} />
                  </button>
                  <button
                    type="button"
                    className="button plain small icon"
                    aria-label={`Remove ${one.ticker}`}
                    onClick={() =>
                      change.mutate({ what: "remove", id: one.id }, { onError: (error) => tell(error.message) })
                    }
                  >
                    <Icon name="trash" size={18} />
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
