// The twin's baseline, as the dashboard needs it.
import { queryOptions } from "@tanstack/react-query";
import { ask } from "./contract";

export interface BaselineSummary {
  lowest: { amount: number; on: string };
}

export const baselineQuery = queryOptions({
  queryKey: ["own", "twin", "baseline"],
  queryFn: () =>
    ask<BaselineSummary>("POST", "/api/twin/runs", { body: { name: "Baseline", horizon_months: 3, steps: [] } }),
  staleTime: 60_000,
});
