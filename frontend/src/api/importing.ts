// A bank's file, looked at first and booked second.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Schemas } from "./client";
import { ask } from "./contract";

export type Preview = Schemas["ImportPreview"];
export type Imported = Schemas["ImportDone"];

export function usePreview() {
  return useMutation({
    mutationFn: ({ csv, accountId }: { csv: string; accountId: string }) =>
      ask<Preview>("POST", "/api/import", { body: { csv, account_id: accountId } }),
  });
}

export function useCommit() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask<Imported>("POST", `/api/import/${id}/commit`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
}
