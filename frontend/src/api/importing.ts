// A bank's file, looked at first and booked second.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ask } from "./contract";
import type { Transaction } from "./queries";

export interface Preview {
  id: string;
  mapping: Record<string, unknown>;
  rows: Partial<Transaction>[];
  total?: number;
  duplicates: number | unknown[];
  refused: { line: number; message: string }[];
}

export function usePreview() {
  return useMutation({
    mutationFn: ({ csv, accountId }: { csv: string; accountId: string }) =>
      ask<Preview>("POST", "/api/import", { body: { csv, account_id: accountId } }),
  });
}

export function useCommit() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask<{ booked?: number }>("POST", `/api/import/${id}/commit`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
}
