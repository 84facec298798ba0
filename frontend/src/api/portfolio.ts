// Wealth, as the dashboard and the portfolio need it.
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";

export const portfolioQuery = queryOptions({
  queryKey: ["own", "portfolio"],
  queryFn: () => body(api.GET("/api/portfolio/")),
});
