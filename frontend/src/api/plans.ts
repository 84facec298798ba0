// Planned items: what will come or go, told by the person.
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";
import { ask } from "./contract";

export type Plan = Schemas["Plan"];
export type NewPlan = Pick<Schemas["NewPlan"], "kind" | "name" | "period"> & { amount: string; essential?: boolean };

export const plansQuery = queryOptions({
  queryKey: ["own", "plans"],
  queryFn: () => body(api.GET("/api/plans")),
});

export const addPlan = (plan: NewPlan, key: string) => ask<Plan>("POST", "/api/plans", { body: plan, key });

export const removePlan = (id: string) =>
  body(api.DELETE("/api/plans/{item_id}", { params: { path: { item_id: id } } }));
