import { expect, test } from "vitest";
import { joined } from "./useChat";

test("text that follows text continues it, a figure stands alone", () => {
  const figure = { kind: "figure", label: "Balance", value: "€10.00", source: "/api/accounts" } as const;
  const pieces = [{ kind: "text", delta: "You " }, { kind: "text", delta: "have" }, figure] as const;
  expect(pieces.reduce<Parameters<typeof joined>[0]>(joined, [])).toEqual([
    { kind: "text", delta: "You have" },
    figure,
  ]);
});
