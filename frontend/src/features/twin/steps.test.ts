import { expect, test } from "vitest";
import { draftOf, KINDS, stepOf } from "./steps";

test.each(KINDS.filter((kind) => kind !== "omit" && kind !== "amend"))(
  "%s makes a step from what it starts with",
  (kind) => {
    expect(stepOf(draftOf(kind), "en")).toMatchObject({ type: expect.any(String) as string });
  },
);

test("amounts stay the exact text that was typed", () => {
  const draft = { ...draftOf("spend"), values: { amount: "1,250.10", on: "2027-01-31" } };
  expect(stepOf(draft, "en")).toEqual({ type: "withdraw", amount: "1250.10", on: "2027-01-31" });
});

test("a step with something missing is no step", () => {
  expect(stepOf({ ...draftOf("spend"), values: { amount: "" } }, "en")).toBeNull();
  expect(stepOf(draftOf("omit"), "en")).toBeNull();
});
