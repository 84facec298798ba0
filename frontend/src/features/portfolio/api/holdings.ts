// Holdings: what is owned besides accounts. Every change is an event.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { ask } from "@/api/contract";

export interface Holding {
  id: string;
  account_id: string;
  ticker: string;
  company_name: string;
  quantity: number;
  buy_price: number;
  current_price: number;
  current_value: number;
  invested_value: number;
  gain_loss: number;
  gain_loss_pct: number;
  created_at: string;
  updated_at: string;
  currency?: string;
}

export interface Summary {
  /** Of the sums: the main account's, or the most frequent one. */
  currency: string | null;
  total_portfolio_value: number;
  total_invested: number;
  total_gain_loss: number;
  total_return_pct: number;
  total_holdings: number;
  best_performer: { ticker: string; gain_loss_pct: number } | null;
  worst_performer: { ticker: string; gain_loss_pct: number } | null;
}

export interface NewHolding {
  ticker: string;
  company_name: string;
  quantity: string;
  buy_price: string;
  current_price: string;
}

export const holdingsQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["own", "holdings", accountId],
    queryFn: () => ask<Holding[]>("GET", `/api/portfolio/holdings/${accountId}`),
  });

export const summaryQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["own", "holdings", "summary", accountId],
    queryFn: () => ask<Summary>("GET", `/api/portfolio/summary/${accountId}`),
  });

type Change =
  | { what: "add"; holding: NewHolding; key: string }
  | { what: "reprice"; id: string; price: string }
  | { what: "remove"; id: string };

export function useHoldingChange() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: Change): Promise<unknown> => {
      if (change.what === "add")
        return ask("POST", "/api/portfolio/holdings", { body: change.holding, key: change.key });
      const path = `/api/portfolio/holdings/${change.id}`;
      return change.what === "remove"
        ? ask("DELETE", path)
        : ask("PUT", path, { body: { current_price: change.price } });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
}
