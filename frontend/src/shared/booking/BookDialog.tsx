// Deposit, withdraw or transfer. Safe to press twice: the key of a movement stays the same until it is booked or changed.
import { valibotResolver } from "@hookform/resolvers/valibot";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import * as v from "valibot";
import { ProblemError } from "@/api/problem";
import { accountsQuery, newKey, useBook, type Account, type NewTransaction, type Transaction } from "@/api/queries";
import { amountOf, useFormat } from "@/shared/format";
import { Dialog } from "@/shared/ui/Dialog";
import { Choices, Field, SelectField } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";
import { Booked } from "./Booked";
import { Recipient } from "./Recipient";

export type Kind = NewTransaction["type"];

const KINDS = [
  ["deposit", "Deposit"],
  ["withdrawal", "Withdraw"],
  ["transfer", "Transfer"],
] as const satisfies readonly (readonly [Kind, string])[];

interface BookDialogProps {
  kind: Kind | null;
  onClose: () => void;
}

export function BookDialog({ kind, onClose }: BookDialogProps) {
  const [booked, setBooked] = useState<Transaction | null>(null);
  const accounts = useQuery(accountsQuery).data ?? [];
  const close = () => {
    setBooked(null);
    onClose();
  };
  return (
    <Dialog title={booked === null ? "Move money" : "Booked"} open={kind !== null} onClose={close}>
      {booked !== null && <Booked transaction={booked} again={() => setBooked(null)} close={close} />}
      {booked === null && kind !== null && accounts.length > 0 && (
        <BookForm first={kind} accounts={accounts} onBooked={setBooked} />
      )}
    </Dialog>
  );
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function schemaOf(locale: string) {
  return v.pipe(
    v.object({
      type: v.picklist(["deposit", "withdrawal", "transfer"]),
      amount: v.pipe(
        v.string(),
        v.check((typed) => Number(amountOf(typed, locale) ?? 0) > 0, "Say how much, for example 120.50."),
      ),
      account_id: v.string(),
      to_account: v.string(),
      note: v.pipe(v.string(), v.maxLength(500, "A note has at most 500 characters.")),
      category: v.pipe(v.string(), v.maxLength(50, "A category has at most 50 characters.")),
    }),
    v.forward(
      v.partialCheck(
        [["type"], ["to_account"]],
        ({ type, to_account: to }) => type !== "transfer" || UUID.test(to.trim()),
        "Paste the id of the account that is to receive it.",
      ),
      ["to_account"],
    ),
  );
}

interface BookFormProps {
  first: Kind;
  accounts: Account[];
  onBooked: (transaction: Transaction) => void;
}

function BookForm({ first, accounts, onBooked }: BookFormProps) {
  const format = useFormat();
  const book = useBook();
  const [tried, setTried] = useState({ what: "", key: "" });
  const form = useForm({
    resolver: valibotResolver(schemaOf(format.locale)),
    defaultValues: {
      type: first,
      amount: "",
      account_id: accounts[0]?.id ?? "",
      to_account: "",
      note: "",
      category: "",
    },
  });
  const values = form.watch();
  const faults = form.formState.errors;
  const account = accounts.find((one) => one.id === values.account_id);

  const send = form.handleSubmit(async (told) => {
    const movement: NewTransaction = {
      type: told.type,
      amount: amountOf(told.amount, format.locale) ?? "",
      account_id: told.account_id,
      ...(told.type === "transfer" ? { to_account: told.to_account.trim() } : {}),
      ...(told.note.trim() === "" ? {} : { note: told.note.trim() }),
      ...(told.category.trim() === "" ? {} : { category: told.category.trim() }),
    };
    // The same movement keeps its key, whatever became of the try before; another one gets its own.
    const what = JSON.stringify(movement);
    const key = tried.what === what ? tried.key : newKey();
    setTried({ what, key });
    await book.mutateAsync({ movement, key }, { onSuccess: onBooked }).catch(() => undefined);
  });

  return (
    <form className="stack" onSubmit={(event) => void send(event)} noValidate>
      <Choices
        legend="What"
        name="kind"
        options={KINDS}
        value={values.type}
        onChange={(type) => form.setValue("type", type)}
      />
      <Field
        label="Amount"
        className="amount"
        inputMode="decimal"
        placeholder="0"
        unit={account?.currency ?? ""}
        fault={faults.amount?.message}
        {...form.register("amount")}
      />
      <SelectField
        label={values.type === "deposit" ? "Onto" : "From"}
        hint={account === undefined ? undefined : `${format.money(account.available, account.currency)} available`}
        {...form.register("account_id")}
      >
        {accounts.map((one) => (
          <option key={one.id} value={one.id} disabled={one.status === "closed"}>
            {one.name} ({one.currency})
          </option>
        ))}
      </SelectField>
      {values.type === "transfer" && (
        <Recipient
          accounts={accounts.filter((one) => one.id !== values.account_id)}
          value={values.to_account}
          currency={account?.currency}
          fault={faults.to_account?.message}
          onChange={(to) => form.setValue("to_account", to, { shouldValidate: form.formState.isSubmitted })}
        />
      )}
      <div className="fields-2">
        <Field label="Note" placeholder="Optional" fault={faults.note?.message} {...form.register("note")} />
        <Field
          label="Category"
          placeholder="Optional"
          fault={faults.category?.message}
          {...form.register("category")}
        />
      </div>
      {book.isError && (
        <Notice tone="bad">
          {book.error.message}
          {book.error instanceof ProblemError ? "" : " Nothing is booked twice: press again."}
        </Notice>
      )}
      <button type="submit" className="button primary" disabled={book.isPending}>
        {book.isPending ? "Booking…" : (KINDS.find(([kind]) => kind === values.type)?.[1] ?? "Book")}
      </button>
    </form>
  );
}
