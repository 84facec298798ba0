import { expect, test } from "vitest";
import type { Transaction } from "@/api/queries";
import { toldOf } from "./movements";

const base: Transaction = {
  id: "t",
  account_id: "mine",
  type: "transfer",
  amount: 10,
  to_account: "theirs-123456",
  note: null,
  created_at: "2026-01-01T00:00:00Z",
  currency: "EUR",
  effective_at: "2026-01-01T00:00:00Z",
  date_only: false,
  category: null,
  counterparty: null,
  balance_after: 0,
  reverses: null,
  reversed_by: null,
  position: 1,
  brought_forward: false,
};

test.each([
  [base, -1, "To account …123456"],
  [{ ...base, account_id: "theirs-123456", to_account: "mine" }, 1, "From account …123456"],
  [{ ...base, to_account: "second" }, 0, "Between own accounts"],
  [{ ...base, type: "deposit" as const, to_account: null, category: "salary" }, 1, "Salary"],
])("a movement is told from the caller's side (%#)", (transaction, sign, title) => {
  expect(toldOf(transaction, new Set(["mine", "second"]))).toMatchObject({ sign, title });
});
