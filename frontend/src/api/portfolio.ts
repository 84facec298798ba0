// Wealth, as the dashboard and the portfolio need it.
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";

export const portfolioQuery = queryOptions({
  queryKey: ["own", "portfolio"],
  queryFn: () => body(api.GET("/api/portfolio/")),
});

export type DailyTotals = Schemas["History"];

/** The totals of a year and a day, currency by currency. */
export const historyQuery = queryOptions({
  queryKey: ["own", "portfolio", "history"],
  queryFn: () => body(api.GET("/api/portfolio/history")),
});
