// The key of this deposit is kept across reloads, so that a failure half-way and a second try book it once.
import { useState } from "react";
import { useBook, useMe } from "@/api/queries";
import { amountOf, useFormat } from "@/shared/format";
import { Field } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";
import { doneWith, keptKey } from "../keptKey";

const NAME = "fintwin.first-deposit";

export function FirstDeposit({ finish }: { finish: () => void }) {
  const me = useMe();
  const { locale } = useFormat();
  const [typed, setTyped] = useState("");
  const [fault, setFault] = useState<string>();
  const book = useBook();
  const send = () => {
    const amount = amountOf(typed, locale);
    if (amount === null || Number(amount) <= 0) {
      setFault("Say how much, for example 1500.");
      return;
    }
    setFault(undefined);
    const movement = { type: "deposit" as const, amount, note: "Opening balance" };
    book.mutate(
      { movement, key: `${keptKey(NAME)}:${amount}` },
      {
        onSuccess: () => {
          doneWith(NAME);
          finish();
        },
      },
    );
  };
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Field
        label="On the account today"
        className="amount"
        inputMode="decimal"
        unit={me.currency_preference ?? ""}
        value={typed}
        fault={fault}
        onChange={(event) => setTyped(event.target.value)}
      />
      {book.isError && <Notice tone="bad">{book.error.message}</Notice>}
      <div>
        <button type="submit" className="button primary" disabled={book.isPending}>
          {book.isPending ? "Booking…" : "Deposit and begin"}
        </button>
      </div>
    </form>
  );
}
