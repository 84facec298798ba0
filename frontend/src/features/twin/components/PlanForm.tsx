// One planned item, new or changed. What an item is and which way its money goes is fixed once it is there.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { addPlan, changePlan, type NewPlan, type Plan } from "@/api/plans";
import { newKey, useCurrency } from "@/api/queries";
import { amountOf, useFormat } from "@/shared/format";
import { Choices, Field, SelectField } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";

type Rhythm = "weekly" | "monthly" | "quarterly" | "yearly";

const KINDS = [
  ["income", "Income"],
  ["bill", "Bill"],
  ["one_off", "Once"],
] as const;
const WAYS = [
  ["out", "Going out"],
  ["in", "Coming in"],
] as const;
const RHYTHMS: readonly (readonly [Rhythm, string, string])[] = [
  ["weekly", "Every week", "week 1"],
  ["monthly", "Every month", "month 1"],
  ["quarterly", "Every quarter", "month 3"],
  ["yearly", "Every year", "month 12"],
];

interface Typed {
  kind: Plan["kind"];
  way: "in" | "out";
  name: string;
  amount: string;
  rhythm: Rhythm;
  from: string;
  until: string;
  essential: boolean;
}

function firstOf(plan: Plan | null, amount: string): Typed {
  return {
    kind: plan?.kind ?? "bill",
    way: plan?.incoming === true ? "in" : "out",
    name: plan?.name ?? "",
    amount,
    rhythm: RHYTHMS.find(([, , told]) => told === `${plan?.period.unit} ${plan?.period.every}`)?.[0] ?? "monthly",
    from: plan?.from ?? "",
    until: plan?.until ?? "",
    essential: plan?.essential ?? false,
  };
}

export function PlanForm({ plan, done }: { plan: Plan | null; done: () => void }) {
  const { locale } = useFormat();
  const main = useCurrency();
  const client = useQueryClient();
  const [key] = useState(newKey);
  const [typed, setTyped] = useState(() =>
    firstOf(
      plan,
      plan === null
        ? ""
        : new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 4 }).format(plan.amount),
    ),
  );
  const [faults, setFaults] = useState<{ name?: string; amount?: string; from?: string }>({});
  const set = <Name extends keyof Typed>(name: Name, value: Typed[Name]) => setTyped({ ...typed, [name]: value });
  const once = typed.kind === "one_off";
  const save = useMutation({
    mutationFn: (amount: string) => {
      const common = { name: typed.name.trim(), amount, essential: typed.essential };
      const until = once ? {} : { until: typed.until === "" ? null : typed.until };
      if (plan === null)
        return addPlan(
          {
            ...common,
            ...until,
            kind: typed.kind,
            period: typed.rhythm,
            incoming: typed.kind === "income" || (once && typed.way === "in"),
            ...(typed.from === "" ? {} : { from: typed.from }),
          } satisfies NewPlan,
          key,
        );
      return changePlan(plan.id, { ...common, ...until, ...(once ? {} : { period: typed.rhythm }), from: typed.from });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["own"] });
      done();
    },
  });
  const send = () => {
    const amount = amountOf(typed.amount, locale);
    const found = {
      ...(typed.name.trim() === "" ? { name: "Give it a name." } : {}),
      ...(amount === null || Number(amount) === 0 ? { amount: "Say how much, for example 950." } : {}),
      ...(once && typed.from === "" ? { from: "Say on which day." } : {}),
    };
    setFaults(found);
    if (Object.keys(found).length === 0 && amount !== null) save.mutate(amount);
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
      {plan === null && (
        <Choices
          legend="What"
          name="plan-kind"
          options={KINDS}
          value={typed.kind}
          onChange={(kind) => set("kind", kind)}
        />
      )}
      {plan === null && once && (
        <Choices
          legend="Which way"
          name="plan-way"
          options={WAYS}
          value={typed.way}
          onChange={(way) => set("way", way)}
        />
      )}
      <div className="fields-2">
        <Field
          label="Name"
          maxLength={100}
          value={typed.name}
          fault={faults.name}
          onChange={(event) => set("name", event.target.value)}
        />
        <Field
          label="Amount"
          inputMode="decimal"
          unit={plan?.currency ?? main}
          value={typed.amount}
          fault={faults.amount}
          onChange={(event) => set("amount", event.target.value)}
        />
        {!once && (
          <SelectField
            label="How often"
            value={typed.rhythm}
            onChange={(event) => set("rhythm", event.target.value as Rhythm)}
          >
            {RHYTHMS.map(([rhythm, name]) => (
              <option key={rhythm} value={rhythm}>
                {name}
              </option>
            ))}
          </SelectField>
        )}
        <Field
          label={once ? "On" : "From"}
          type="date"
          value={typed.from}
          fault={faults.from}
          hint={!once && plan === null ? "Today if empty." : undefined}
          onChange={(event) => set("from", event.target.value)}
        />
        {!once && (
          <Field
            label="Until"
            type="date"
            value={typed.until}
            hint="Open-ended if empty."
            onChange={(event) => set("until", event.target.value)}
          />
        )}
      </div>
      {typed.kind !== "income" && (
        <label className="row small">
          <input
            type="checkbox"
            checked={typed.essential}
            onChange={(event) => set("essential", event.target.checked)}
          />
          Essential: counts for how many months your money lasts
        </label>
      )}
      {save.isError && <Notice tone="bad">{save.error.message}</Notice>}
      <button type="submit" className="button primary" disabled={save.isPending}>
        {save.isPending ? "Saving…" : "Save"}
      </button>
    </form>
  );
}
