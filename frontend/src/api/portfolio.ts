// Wealth, as the dashboard and the portfolio need it.
import { queryOptions } from "@tanstack/react-query";
import { ask } from "./contract";

export interface CashFlowMonth {
  month: string;
  income: number;
  expense: number;
}

export interface Portfolio {
  net_worth: { currency: string; amount: number }[];
  by_account: { account_id: string; name?: string; currency: string; balance: number }[];
  cash_flow: CashFlowMonth[];
  savings_rate: number | null;
  xirr: number | null;
  twr: number | null;
}

export const portfolioQuery = queryOptions({
  queryKey: ["own", "portfolio"],
  queryFn: () => ask<Portfolio>("GET", "/api/portfolio/"),
});
