import type { Transaction } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { Icon } from "@/shared/ui/icons";

const DONE: Record<Transaction["type"], string> = { deposit: "Deposited", withdrawal: "Withdrawn", transfer: "Sent" };

interface BookedProps {
  transaction: Transaction;
  again: () => void;
  close: () => void;
}

export function Booked({ transaction, again, close }: BookedProps) {
  const format = useFormat();
  return (
    <div className="stack" role="status">
      <div className="row">
        <span className="tag good">
          <Icon name="check" size={14} /> {DONE[transaction.type]}
        </span>
        <span className="mono quiet">event {transaction.position}</span>
      </div>
      <div className="figure-large">{format.money(transaction.amount, transaction.currency)}</div>
      <p className="quiet">
        The balance is now <strong>{format.money(transaction.balance_after, transaction.currency)}</strong>.
      </p>
      <div className="row">
        {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the form that had the focus is gone */}
        <button type="button" className="button primary" onClick={close} autoFocus>
          Done
        </button>
        <button type="button" className="button" onClick={again}>
          Another one
        </button>
      </div>
    </div>
  );
}
