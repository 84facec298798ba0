// The steps that can be built with forms, and how what was typed becomes what the service takes.
//
//     stepOf({ id: "1", kind: "lose_income", values: { months: "3", share: "100" } }, "en")
//     -> { type: "lose_income", months: 3, share_percent: "100" }
import type { Step } from "@/api/twin";
import { amountOf } from "@/shared/format";

export type Kind = keyof typeof STEPS;

export interface Draft {
  id: string;
  kind: Kind;
  values: Readonly<Record<string, string>>;
}

export type FieldSpec =
  | { name: string; label: string; type: "amount"; start: string }
  | { name: string; label: string; type: "slider"; min: number; max: number; by: number; start: string; unit: string }
  | { name: string; label: string; type: "date"; start: "" }
  | { name: string; label: string; type: "text"; start: "" }
  | { name: string; label: string; type: "transaction"; start: "" }
  | { name: string; label: string; type: "debts"; start: string }
  | { name: string; label: string; type: "choice"; start: string; options: readonly (readonly [string, string])[] };

/** One debt as it is typed; a field of the type "debts" holds a list of them as JSON. */
export interface DebtDraft {
  balance: string;
  rate: string;
  minimum: string;
}

export const debtsOf = (value: string | undefined) => JSON.parse(value ?? "[]") as DebtDraft[];

interface Spec {
  label: string;
  fields: readonly FieldSpec[];
}

const amount = (name: string, label: string, start: string): FieldSpec => ({ name, label, type: "amount", start });
const slider = (
  name: string,
  label: string,
  min: number,
  max: number,
  by: number,
  start: string,
  unit: string,
): FieldSpec => ({
  name,
  label,
  type: "slider",
  min,
  max,
  by,
  start,
  unit,
});
const on: FieldSpec = { name: "on", label: "On (today if empty)", type: "date", start: "" };

export const STEPS = {
  lose_income: {
    label: "Lose income",
    fields: [slider("months", "For months", 1, 24, 1, "3", ""), slider("share", "Share of it", 5, 100, 5, "100", "%")],
  },
  change_income: { label: "Income changes", fields: [slider("percent", "By", -50, 50, 1, "5", "%")] },
  change_spending: {
    label: "Spending changes",
    fields: [
      slider("percent", "By", -80, 100, 1, "-10", "%"),
      { name: "category", label: "Category (all if empty)", type: "text", start: "" },
    ],
  },
  monthly_expense: { label: "New monthly expense", fields: [amount("amount", "A month", "200")] },
  monthly_income: { label: "New monthly income", fields: [amount("amount", "A month", "300")] },
  spend: { label: "Spend once", fields: [amount("amount", "Amount", "3000"), on] },
  receive: { label: "Receive once", fields: [amount("amount", "Amount", "3000"), on] },
  change_rate: {
    label: "Interest rate changes",
    fields: [slider("points", "By percentage points", -5, 10, 0.25, "1.5", "")],
  },
  loan: {
    label: "Take a loan",
    fields: [
      amount("amount", "Sum", "20000"),
      slider("rate", "Rate a year", 0, 20, 0.1, "6", "%"),
      slider("months", "Over months", 6, 360, 6, "60", ""),
    ],
  },
  payoff: {
    label: "Pay off debts",
    fields: [
      {
        name: "debts",
        label: "Debts",
        type: "debts",
        start: JSON.stringify([
          { balance: "8000", rate: "18", minimum: "160" },
          { balance: "3000", rate: "9", minimum: "60" },
        ] satisfies DebtDraft[]),
      },
      amount("monthly", "You pay a month", "400"),
      {
        name: "order",
        label: "What is left goes to",
        type: "choice",
        start: "avalanche",
        options: [
          ["avalanche", "the highest rate"],
          ["snowball", "the smallest debt"],
          ["own", "the first listed"],
        ],
      },
    ],
  },
  goal: {
    label: "Reach a goal",
    fields: [amount("amount", "To have", "10000"), slider("months", "In months", 3, 120, 3, "24", "")],
  },
  market_shock: { label: "Market shock on holdings", fields: [slider("percent", "By", -80, 50, 5, "-30", "%")] },
  omit: {
    label: "It never happened",
    fields: [{ name: "transaction", label: "Which transaction", type: "transaction", start: "" }],
  },
  amend: {
    label: "It was another amount",
    fields: [
      { name: "transaction", label: "Which transaction", type: "transaction", start: "" },
      amount("amount", "It was", ""),
    ],
  },
  // A step that came from elsewhere and that no form here can build: it is kept as it is.
  given: { label: "As given", fields: [] },
} as const satisfies Record<string, Spec>;

export const KINDS = (Object.keys(STEPS) as Kind[]).filter((kind) => kind !== "given");

export function draftOf(kind: Kind): Draft {
  const values = Object.fromEntries(STEPS[kind].fields.map((field) => [field.name, field.start]));
  return { id: crypto.randomUUID(), kind, values };
}

/** The step, or null while something is missing. */
export function stepOf({ kind, values }: Draft, locale: string): Step | null {
  const money = (name: string) => amountOf(values[name] ?? "", locale);
  const whole = (name: string) => Number(values[name]);
  const once = values["on"] === undefined || values["on"] === "" ? {} : { on: values["on"] };
  const paid = (type: string, more: object) => {
    const sum = money("amount");
    return sum === null || Number(sum) === 0 ? null : { type, amount: sum, ...more };
  };
  switch (kind) {
    case "lose_income":
      return { type: "lose_income", months: whole("months"), share_percent: values["share"] };
    case "change_income":
    case "market_shock":
      return { type: kind, percent: values["percent"] };
    case "change_spending": {
      const category = values["category"]?.trim() ?? "";
      return { type: kind, percent: values["percent"], ...(category === "" ? {} : { category }) };
    }
    case "monthly_expense":
      return paid("withdraw", { every: { unit: "month" } });
    case "monthly_income":
      return paid("deposit", { every: { unit: "month" } });
    case "spend":
      return paid("withdraw", once);
    case "receive":
      return paid("deposit", once);
    case "change_rate":
      return { type: "change_rate", points: values["points"] };
    case "loan":
      return paid("loan", { annual_rate_percent: values["rate"], months: whole("months") });
    case "goal":
      return paid("goal", { months: whole("months") });
    case "payoff": {
      const debts = debtsOf(values["debts"]).map((debt) => ({
        balance: amountOf(debt.balance, locale),
        annual_rate_percent: amountOf(debt.rate, locale),
        minimum: amountOf(debt.minimum, locale),
      }));
      const monthly = money("monthly");
      if (monthly === null || debts.length === 0 || debts.some((debt) => Object.values(debt).includes(null)))
        return null;
      return { type: "payoff", debts, monthly, order: values["order"] };
    }
    case "omit":
      return values["transaction"] ? { type: "omit", transaction_id: values["transaction"] } : null;
    case "amend": {
      const was = money("amount");
      return was === null || !values["transaction"]
        ? null
        : { type: "amend", transaction_id: values["transaction"], amount: was };
    }
    case "given":
      return JSON.parse(values["step"] ?? "null") as Step | null;
  }
}
