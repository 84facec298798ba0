// The list of transactions in pages, with its filters.
import { infiniteQueryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api, body, nextCursor } from "@/api/client";
import { newKey, type Transaction } from "@/api/queries";
import { saveBlob } from "@/shared/save";

export interface Filters {
  account?: string;
  type?: Transaction["type"];
  category?: string;
  q?: string;
  from?: string;
  to?: string;
  min?: string;
  max?: string;
}

const PAGE = 100;

export const transactionsQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["own", "transactions", filters],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const { account, ...conditions } = filters;
      const query = { ...conditions, limit: PAGE, ...(pageParam === null ? {} : { cursor: Number(pageParam) }) };
      const asked =
        account === undefined
          ? api.GET("/api/transactions/", { params: { query }, signal })
          : api.GET("/api/transactions/account/{account_id}", {
              params: { path: { account_id: account }, query },
              signal,
            });
      const { data, response } = await answer<Transaction[]>(asked);
      return { rows: data, next: nextCursor(response) };
    },
    getNextPageParam: (page) => page.next,
  });

export function useReverse() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, key }: { id: string; key: string }) =>
      body(
        api.POST("/api/transactions/{transaction_id}/reverse", {
          params: { path: { transaction_id: id }, header: { "Idempotency-Key": key } },
          body: {},
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
}

export function useAnnotate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, category, note }: { id: string; category: string | null; note: string | null }) =>
      body(
        api.PATCH("/api/transactions/{transaction_id}", {
          params: { path: { transaction_id: id }, header: { "Idempotency-Key": newKey() } },
          body: { category, note },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
}

/** Everything as CSV, saved by the browser. */
export async function saveExport(): Promise<void> {
  const { data } = await answer<Blob>(
    api.GET("/api/transactions/export", { params: { query: { format: "csv" } }, parseAs: "blob" }),
  );
  saveBlob("fintwin-transactions.csv", data);
}
