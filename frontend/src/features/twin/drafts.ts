// Steps that came from elsewhere, a kept run or FinBot, as forms: the form that would make the very same step, or else the step as it is.
//
//     draftsFrom([{ type: "lose_income", months: 3, share_percent: 100 }], "en")[0].kind -> "lose_income"
import type { Step } from "@/api/twin";
import { draftOf, KINDS, stepOf, type Draft, type Kind } from "./steps";

type Values = Record<string, string>;

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** What the fields of a kind would hold for this step. */
function valuesOf(kind: Kind, step: Step, locale: string): Values {
  const local = (value: unknown) => {
    const plain = text(value);
    const decimal = new Intl.NumberFormat(locale).formatToParts(1.5).find((part) => part.type === "decimal")?.value;
    return decimal === undefined ? plain : plain.replace(".", decimal);
  };
  const common: Values = {
    amount: local(step["amount"]),
    months: text(step["months"]),
    percent: text(step["percent"]),
    points: text(step["points"]),
    category: text(step["category"]),
    on: text(step["on"]),
    transaction: text(step["transaction_id"]),
    share: text(step["share_percent"] ?? 100),
    rate: text(step["annual_rate_percent"]),
    monthly: local(step["monthly"]),
    order: text(step["order"] ?? "avalanche"),
  };
  if (kind !== "payoff") return common;
  const debts = Array.isArray(step["debts"]) ? (step["debts"] as Record<string, unknown>[]) : [];
  return {
    ...common,
    debts: JSON.stringify(
      debts.map((debt) => ({
        balance: local(debt["balance"]),
        rate: local(debt["annual_rate_percent"]),
        minimum: local(debt["minimum"]),
      })),
    ),
  };
}

/** What the service would fill in by itself need not be told. */
const SILENT: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["share_percent", "100"],
  ["order", "avalanche"],
  ["unit", "month"],
  ["n", "1"],
  ["weekend", "none"],
  ["paid_out", "true"],
  ["at_start", "false"],
  ["extra_monthly", "0"],
]);

/** The same text for the same step: numbers and their texts are one, defaults and empty fields are left out. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return Number.isNaN(Number(value)) ? value : String(Number(value));
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([name, one]) => one !== null && !(Array.isArray(one) && one.length === 0) && SILENT.get(name) !== String(one),
      )
      .map(([name, one]) => [name, plain(one)] as const)
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

const same = (one: Step | null, other: Step) => JSON.stringify(plain(one)) === JSON.stringify(plain(other));

export function draftsFrom(steps: readonly Step[], locale: string): Draft[] {
  return steps.map((step) => {
    for (const kind of KINDS) {
      const values = valuesOf(kind, step, locale);
      const fields = Object.keys(draftOf(kind).values);
      const draft = { ...draftOf(kind), values: Object.fromEntries(fields.map((name) => [name, values[name] ?? ""])) };
      if (same(stepOf(draft, locale), step)) return draft;
    }
    return { ...draftOf("given"), values: { step: JSON.stringify(step) } };
  });
}
