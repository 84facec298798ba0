// How one can sign in. Without the typed client: the first screen stays light.
import { queryOptions } from "@tanstack/react-query";
import type { Schemas } from "./client";
import { ask } from "./contract";

export const configQuery = queryOptions({
  queryKey: ["config"],
  queryFn: () => ask<Schemas["Config"]>("GET", "/api/auth/config"),
  staleTime: Infinity,
});
