import { valibotResolver } from "@hookform/resolvers/valibot";
import { useState } from "react";
import { useForm } from "react-hook-form";
import * as v from "valibot";
import { newKey, useCurrency } from "@/api/queries";
import { amountOf } from "@/shared/format";
import { Dialog } from "@/shared/ui/Dialog";
import { Field } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";
import { useHoldingChange, type Holding } from "../api/holdings";

interface HoldingDialogProps {
  holding: Holding | "new" | null;
  onClose: () => void;
}

export function HoldingDialog({ holding, onClose }: HoldingDialogProps) {
  return (
    <Dialog title={holding === "new" ? "Add a holding" : "New price"} open={holding !== null} onClose={onClose}>
      {holding === "new" && <AddForm onDone={onClose} />}
      {holding !== null && holding !== "new" && <PriceForm holding={holding} onDone={onClose} />}
    </Dialog>
  );
}

const locale = navigator.language;
const positive = v.pipe(
  v.string(),
  v.check((typed) => Number(amountOf(typed, locale) ?? 0) > 0, "A number above 0."),
);
const schema = v.object({
  ticker: v.pipe(v.string(), v.trim(), v.minLength(1, "For example VWCE."), v.maxLength(20, "At most 20 characters.")),
  company_name: v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1, "What is it called?"),
    v.maxLength(100, "At most 100 characters."),
  ),
  quantity: positive,
  buy_price: positive,
  current_price: positive,
});

function AddForm({ onDone }: { onDone: () => void }) {
  const currency = useCurrency();
  const change = useHoldingChange();
  const [key] = useState(newKey);
  const form = useForm({
    resolver: valibotResolver(schema),
    defaultValues: { ticker: "", company_name: "", quantity: "", buy_price: "", current_price: "" },
  });
  const faults = form.formState.errors;
  const exact = (typed: string) => amountOf(typed, locale) ?? "";
  const send = form.handleSubmit((told) =>
    change.mutate(
      {
        what: "add",
        key,
        holding: {
          ...told,
          quantity: exact(told.quantity),
          buy_price: exact(told.buy_price),
          current_price: exact(told.current_price),
        },
      },
      { onSuccess: onDone },
    ),
  );
  return (
    <form className="stack" noValidate onSubmit={(event) => void send(event)}>
      <div className="fields-2">
        <Field label="Ticker" fault={faults.ticker?.message} {...form.register("ticker")} />
        <Field label="Name" fault={faults.company_name?.message} {...form.register("company_name")} />
      </div>
      <Field label="Quantity" inputMode="decimal" fault={faults.quantity?.message} {...form.register("quantity")} />
      <div className="fields-2">
        <Field
          label="Price paid"
          inputMode="decimal"
          unit={currency}
          fault={faults.buy_price?.message}
          {...form.register("buy_price")}
        />
        <Field
          label="Price now"
          inputMode="decimal"
          unit={currency}
          fault={faults.current_price?.message}
          {...form.register("current_price")}
        />
      </div>
      {change.isError && <Notice tone="bad">{change.error.message}</Notice>}
      <button type="submit" className="button primary" disabled={change.isPending}>
        Add
      </button>
    </form>
  );
}

function PriceForm({ holding, onDone }: { holding: Holding; onDone: () => void }) {
  const currency = useCurrency();
  const change = useHoldingChange();
  const [typed, setTyped] = useState(String(holding.current_price));
  const price = amountOf(typed, locale);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (price !== null) change.mutate({ what: "reprice", id: holding.id, price }, { onSuccess: onDone });
      }}
    >
      <Field
        label={`Price of ${holding.ticker} now`}
        inputMode="decimal"
        unit={holding.currency ?? currency}
        value={typed}
        fault={price === null ? "A number above 0." : undefined}
        onChange={(event) => setTyped(event.target.value)}
      />
      {change.isError && <Notice tone="bad">{change.error.message}</Notice>}
      <button type="submit" className="button primary" disabled={price === null || change.isPending}>
        Save
      </button>
    </form>
  );
}
