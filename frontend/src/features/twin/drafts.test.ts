import { expect, test } from "vitest";
import { draftsFrom } from "./drafts";
import { draftOf, KINDS, stepOf } from "./steps";

const PAST: ReadonlySet<string> = new Set(["omit", "amend"]);

test.each(KINDS.filter((kind) => !PAST.has(kind)))("%s is found again from the step that it made", (kind) => {
  const step = stepOf(draftOf(kind), "de");
  expect(step).not.toBeNull();
  if (step === null) return;
  const [draft] = draftsFrom([step], "de");
  expect(draft?.kind).toBe(kind);
  expect(draft === undefined ? null : stepOf(draft, "de")).toEqual(step);
});

test("numbers and texts of the service are one", () => {
  const [draft] = draftsFrom([{ type: "withdraw", amount: 3000.5, on: "2027-01-31", every: null }], "en");
  expect(draft).toMatchObject({ kind: "spend", values: { amount: "3000.5", on: "2027-01-31" } });
});

test("what no form can say is kept as it is", () => {
  const step = { type: "lose_income", months: 3, from: "2027-01-01" };
  const [draft] = draftsFrom([step], "en");
  expect(draft?.kind).toBe("given");
  expect(draft === undefined ? null : stepOf(draft, "en")).toEqual(step);
});
