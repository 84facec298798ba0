// How the levers of a sensitivity are called.
export const LEVERS: Readonly<Record<string, string>> = {
  rate: "Interest rate",
  income: "Income",
  spending: "Spending",
  inflation: "Inflation",
  shock: "Market",
};

/** These are turned by percentage points, the others by percent. */
export const POINTS: ReadonlySet<string> = new Set(["rate", "inflation"]);
