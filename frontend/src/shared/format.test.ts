import { expect, test, vi } from "vitest";
import { amountOf, formatOf } from "./format";

test.each([
  ["1250.50", "en-US", "1250.50"],
  ["1,250.50", "en-US", "1250.50"],
  ["1.250,50", "de-DE", "1250.50"],
  ["1 250,50", "cs-CZ", "1250.50"],
  ["12,5", "en-US", "12.5"],
  ["1,250", "en-US", "1250"],
  ["1.250", "de-DE", "1250"],
  ["0.001", "en-US", "0.001"],
  ["", "en-US", null],
  ["-5", "en-US", null],
  ["1e9", "en-US", null],
  ["twelve", "en-US", null],
])("what is typed as %j in %s is the amount %j", (typed, locale, amount) => {
  expect(amountOf(typed, locale)).toBe(amount);
});

test("money has the decimals of its currency", () => {
  const format = formatOf("en-US");
  expect([format.money(5, "JPY"), format.money(5, "USD"), format.money(5, "BHD").replace(/\s/, " ")]).toEqual([
    "¥5",
    "$5.00",
    "BHD 5.000",
  ]);
});

test("a sentence of the service shows amounts and days as the person reads them", () => {
  expect(
    formatOf("en-GB").told("After 12 months there are 44980.66 EUR, the lowest point is -3.00 EUR on 2027-02-22."),
  ).toBe("After 12 months there are €44,980.66, the lowest point is -€3.00 on 22 Feb 2027.");
});

test.each([
  ["2026-03-01", "1 Mar 2026"],
  ["2026-03-01T00:00:00Z", "1 Mar 2026"],
  [Date.parse("2026-03-01"), "1 Mar 2026"],
  ["2026-03-01T01:30:00Z", "28 Feb 2026"],
])(
  "west of Greenwich the ledger's days stay what they are, and a moment has the day of the place: %j",
  (value, day) => {
    vi.stubEnv("TZ", "America/New_York");
    expect(formatOf("en-GB").date(value)).toBe(day);
    vi.unstubAllEnvs();
  },
);
