// The twin: runs of scenarios on the caller's own history. One engine answers all; nothing is calculated here.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";
import { ask } from "./contract";

export type Run = Schemas["RunBody"];
export type Total = Schemas["TotalView"];
export type Scenario = Pick<Schemas["RunRequest"], "horizon_months"> & {
  name?: string;
  steps: readonly Step[];
  inflation_percent?: string;
  uncertainty?: { paths: number; seed: number; own_months: boolean };
  sensitivity?: { grid?: Schemas["Grid"] };
};
export type LeverName = Schemas["Grid"]["x"];
/** A step as the service takes it; `features/twin/steps` makes them. Amounts are exact texts. */
export interface Step {
  type: string;
  [field: string]: unknown;
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * One run after the other: the service limits how many a person may have under way. Whoever no longer wants an answer when the own turn
 * comes leaves the queue; a run that has begun is waited for, since leaving it would not end it there.
 */
export function inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const mine = turn.then(() => {
    signal?.throwIfAborted();
    return work();
  });
  turn = mine.catch(() => undefined);
  return mine;
}

export const runScenario = (scenario: Scenario, signal?: AbortSignal): Promise<Run> =>
  inTurn(() => ask<Run>("POST", "/api/twin/runs", { body: scenario }), signal);

/** Runs and keeps it: one event. */
export const keepScenario = (scenario: Scenario, key: string): Promise<Run> =>
  inTurn(() => ask<Run>("POST", "/api/twin/runs", { body: { ...scenario, save: true }, key }));

export const compareRuns = (ids: readonly string[]) =>
  inTurn(() => body(api.GET("/api/twin/compare", { params: { query: { runs: ids.join(",") } } })));

export const runQuery = (scenario: Scenario) =>
  queryOptions({
    queryKey: ["own", "twin", "run", JSON.stringify(scenario)],
    queryFn: ({ signal }) => runScenario(scenario, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });

/** What is there at the end at each pair of two levers' settings. */
export const gridQuery = (scenario: Scenario, grid: Omit<Schemas["Grid"], "x_values" | "y_values"> & Settings) =>
  runQuery({
    ...scenario,
    sensitivity: { grid: { ...grid, x_values: [...grid.x_values], y_values: [...grid.y_values] } },
  });

interface Settings {
  x_values: readonly number[];
  y_values: readonly number[];
}

/** A kept run beside what really happened since. */
export const realityQuery = (id: string) =>
  queryOptions({
    queryKey: ["own", "twin", "reality", id],
    queryFn: () => body(api.GET("/api/twin/runs/{run_id}/reality", { params: { path: { run_id: id } } })),
  });

export const baselineQuery = queryOptions({
  queryKey: ["own", "twin", "baseline"],
  queryFn: ({ signal }) => runScenario({ name: "Baseline", horizon_months: 3, steps: [] }, signal),
  staleTime: 60_000,
});

/** The total in the run's main currency. */
export function totalOf(run: Run): Total {
  const found = run.totals.find((one) => one.currency === run.currency) ?? run.totals[0];
  if (found === undefined) throw new Error("a run has a total for each currency");
  return found;
}

export const recurringQuery = queryOptions({
  queryKey: ["own", "twin", "recurring"],
  queryFn: () => body(api.GET("/api/twin/recurring")),
});

export const keptRunsQuery = queryOptions({
  queryKey: ["own", "twin", "kept"],
  queryFn: () => body(api.GET("/api/twin/runs")),
});
