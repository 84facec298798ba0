import { expect, test } from "vitest";
import { courseOf } from "./course";

const on = (day: string) => Date.parse(day);
const NOW = on("2026-03-20") + 1;
const line = {
  currency: "EUR",
  first: "2026-03-01",
  opening: 0,
  days: [
    { on: "2026-03-05", total: 10 },
    { on: "2026-03-09", total: 7.5 },
  ],
};

test("a line begins on the day before the first movement and goes on to now", () => {
  expect(courseOf([line], "EUR", 0, NOW)).toEqual([
    { t: on("2026-03-04"), v: 0 },
    { t: on("2026-03-05"), v: 10 },
    { t: on("2026-03-09"), v: 7.5 },
    { t: NOW, v: 7.5 },
  ]);
});

test("what was there before the first day is where the line begins, whether anything moved since or not", () => {
  expect(courseOf([{ ...line, opening: 3, days: [] }], "EUR", 0, NOW)).toEqual([
    { t: on("2026-02-28"), v: 3 },
    { t: NOW, v: 3 },
  ]);
});

test("a shorter look back begins with what was there then", () => {
  expect(courseOf([line], "EUR", on("2026-03-07"), NOW)).toEqual([
    { t: on("2026-03-07"), v: 10 },
    { t: on("2026-03-09"), v: 7.5 },
    { t: NOW, v: 7.5 },
  ]);
});

test("another currency has another line", () => {
  expect(courseOf([line], "USD", 0, NOW)).toEqual([]);
});
