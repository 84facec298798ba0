// What several screens ask for. Keys begin with "own" for everything that a write or news may change.
import { queryOptions, useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { api, body, persistently, type Schemas } from "./client";

export type Me = Schemas["Me"];
export type Account = Schemas["Account"];
export type Transaction = Schemas["Transaction"];
export type NewTransaction = Omit<Schemas["NewTransaction"], "amount"> & { amount: string };

export const meQuery = queryOptions({ queryKey: ["own", "me"], queryFn: () => body(api.GET("/api/auth/me")) });

export const accountsQuery = queryOptions({
  queryKey: ["own", "accounts"],
  queryFn: () => body(api.GET("/api/accounts/")),
});

/** The caller; only below the gate that has loaded it. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** The caller's currency, for sums over accounts. */
export function useCurrency(): string {
  return useMe().currency_preference ?? "USD";
}

export function newKey(): string {
  return crypto.randomUUID();
}

/** Books a movement of money; the key makes it safe to try again. */
export function useBook() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ movement, key }: { movement: NewTransaction; key: string }) =>
      persistently(
        (header) =>
          api.POST("/api/transactions/", {
            params: { header: { "Idempotency-Key": header } },
            // Amounts are sent as the text that was typed: exact, whatever its size.
            body: movement as unknown as Schemas["NewTransaction"],
          }),
        key,
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
}
