// A transaction in people's words: which way the money went, seen from the caller, and who was on the other side.
import type { Transaction } from "@/api/queries";

export interface Told {
  sign: 1 | -1 | 0;
  title: string;
  kind: string;
}

const CATEGORY_WORDS = /[_-]+/g;

export function categoryName(category: string): string {
  const words = category.replaceAll(CATEGORY_WORDS, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `own` are the caller's account ids. A transfer between two of them moves nothing in or out. */
export function toldOf(transaction: Transaction, own: Pick<ReadonlySet<string>, "has">): Told {
  const { type, to_account: to, account_id: from, counterparty, note, category } = transaction;
  const words = counterparty?.name ?? note ?? (category === null ? null : categoryName(category));
  if (type === "deposit") return { sign: 1, title: words ?? "Deposit", kind: "Deposit" };
  if (type === "withdrawal") return { sign: -1, title: words ?? "Withdrawal", kind: "Withdrawal" };
  const fromOwn = own.has(from);
  const toOwn = to !== null && own.has(to);
  if (fromOwn && toOwn) return { sign: 0, title: note ?? "Between own accounts", kind: "Own transfer" };
  if (fromOwn) return { sign: -1, title: note ?? `To ${short(to)}`, kind: "Transfer sent" };
  return { sign: 1, title: note ?? `From ${short(from)}`, kind: "Transfer received" };
}

export function short(id: string | null): string {
  return id === null ? "another account" : `account …${id.slice(-6)}`;
}

/** Adds amounts as whole minor units would: sums of two-decimal numbers keep no stray digits. */
export function sum(amounts: readonly number[]): number {
  return Math.round(amounts.reduce((total, amount) => total + amount, 0) * 1e6) / 1e6;
}
