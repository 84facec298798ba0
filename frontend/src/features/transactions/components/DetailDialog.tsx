// One transaction: what is known of it, its description to change, and taking it back where that is allowed.
import { useRef, useState } from "react";
import { Link } from "react-router";
import { newKey, type Transaction } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { toldOf } from "@/shared/movements";
import { Dialog } from "@/shared/ui/Dialog";
import { Field } from "@/shared/ui/Field";
import { Icon } from "@/shared/ui/icons";
import { Notice } from "@/shared/ui/Notice";
import { useToast } from "@/shared/ui/Toasts";
import { useAnnotate, useReverse } from "../api/list";

interface DetailProps {
  transaction: Transaction | null;
  own: ReadonlyMap<string, string>;
  onClose: () => void;
}

export function DetailDialog({ transaction, own, onClose }: DetailProps) {
  return (
    <Dialog title="Transaction" open={transaction !== null} onClose={onClose}>
      {transaction !== null && <Detail transaction={transaction} own={own} onClose={onClose} />}
    </Dialog>
  );
}

function Detail({ transaction, own, onClose }: DetailProps & { transaction: Transaction }) {
  const format = useFormat();
  const tell = useToast();
  const told = toldOf(transaction, own);
  const [category, setCategory] = useState(transaction.category ?? "");
  const [note, setNote] = useState(transaction.note ?? "");
  const annotate = useAnnotate();
  const reverse = useReverse();
  const key = useRef(newKey());
  const sent = transaction.type === "transfer" && own.has(transaction.account_id);
  const canReverse = !sent && transaction.reverses === null && transaction.reversed_by === null;
  const bank = transaction.counterparty?.bank;
  const facts: [string, string][] = [
    ["When", format.date(transaction.effective_at)],
    ["Recorded", format.time(transaction.created_at)],
    ["Balance after", format.money(transaction.balance_after, transaction.currency)],
    ["Event", String(transaction.position)],
    ...(bank === null || bank === undefined ? [] : [["Bank", bank] as [string, string]]),
  ];
  return (
    <div className="stack">
      <div>
        <div className="figure-large">
          {format.money(told.sign === 0 ? transaction.amount : told.sign * transaction.amount, transaction.currency, {
            signed: told.sign !== 0,
          })}
        </div>
        <p className="quiet">
          {told.title} · {told.kind}
        </p>
      </div>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          annotate.mutate(
            { id: transaction.id, category: category.trim() || null, note: note.trim() || null },
            {
              onSuccess: () => {
                tell("Saved.");
                onClose();
              },
            },
          );
        }}
      >
        <div className="fields-2">
          <Field
            label="Category"
            value={category}
            onChange={(event) => setCategory(event.target.value)}
            maxLength={50}
          />
          <Field label="Note" value={note} onChange={(event) => setNote(event.target.value)} maxLength={500} />
        </div>
        {annotate.isError && <Notice tone="bad">{annotate.error.message}</Notice>}
        {reverse.isError && <Notice tone="bad">{reverse.error.message}</Notice>}
        <div className="row between">
          <button type="submit" className="button primary" disabled={annotate.isPending}>
            Save
          </button>
          {canReverse && (
            <button
              type="button"
              className="button danger"
              disabled={reverse.isPending}
              onClick={() =>
                reverse.mutate(
                  { id: transaction.id, key: key.current },
                  {
                    onSuccess: (booked) => {
                      tell(`Reversed: the balance is now ${format.money(booked.balance_after, booked.currency)}.`);
                      onClose();
                    },
                  },
                )
              }
            >
              <Icon name="undo" size={18} /> {transaction.type === "transfer" ? "Send it back" : "Reverse"}
            </button>
          )}
        </div>
        <Link
          className="small"
          to="/twin"
          state={{ proposed: { steps: [{ type: "omit", transaction_id: transaction.id }] } }}
        >
          What if it had never happened? See it in the twin
        </Link>
        {sent && <p className="small quiet">A transfer that was sent can be taken back by its recipient only.</p>}
      </form>
    </div>
  );
}
