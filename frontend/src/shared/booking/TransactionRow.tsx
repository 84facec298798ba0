import type { Transaction } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { categoryName, toldOf } from "@/shared/movements";
import { Icon } from "@/shared/ui/icons";
import "./booking.css";

interface TransactionRowProps {
  transaction: Transaction;
  /** The caller's accounts by id, with their names. */
  own: ReadonlyMap<string, string>;
  open?: (transaction: Transaction) => void;
  balance?: boolean;
}

export function TransactionRow({ transaction, own, open, balance = false }: TransactionRowProps) {
  const format = useFormat();
  const told = toldOf(transaction, own);
  const { category, reversed_by: reversedBy, reverses } = transaction;
  // With one account its name says nothing.
  const where =
    own.size < 2 ? [] : [transaction.account_id, transaction.to_account ?? ""].flatMap((id) => own.get(id) ?? []);
  const content = (
    <>
      <span className={`way way-${told.sign}`}>
        <Icon name={told.sign > 0 ? "in" : told.sign < 0 ? "out" : "swap"} size={18} />
      </span>
      <span className="what">
        <span className={reversedBy === null ? "what-title" : "what-title struck"}>{told.title}</span>
        <span className="what-more">
          <time dateTime={transaction.effective_at}>{format.date(transaction.effective_at)}</time>
          {category !== null && categoryName(category) !== told.title && <span>{categoryName(category)}</span>}
          {category === null && told.kind !== told.title && <span>{told.kind}</span>}
          {where.length > 0 && <span className="where">{where.join(" → ")}</span>}
          {reversedBy !== null && <span className="tag">Reversed</span>}
          {reverses !== null && <span className="tag">Reversal</span>}
        </span>
      </span>
      <span className="how-much">
        <span className={told.sign > 0 ? "positive" : undefined}>
          {format.money(told.sign === 0 ? transaction.amount : told.sign * transaction.amount, transaction.currency, {
            signed: told.sign !== 0,
          })}
        </span>
        {balance && <span className="after">{format.money(transaction.balance_after, transaction.currency)}</span>}
      </span>
    </>
  );
  if (open === undefined) return <div className="transaction">{content}</div>;
  return (
    <button type="button" className="transaction" onClick={() => open(transaction)}>
      {content}
    </button>
  );
}
