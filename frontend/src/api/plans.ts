// Planned items: what will come or go, told by the person.
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";
import { ask } from "./contract";

export type Plan = Schemas["Plan"];
/** Amounts go out as the exact text that was typed. */
export type NewPlan = Omit<Partial<Schemas["NewPlan"]>, "amount"> &
  Pick<Schemas["NewPlan"], "kind" | "name" | "period"> & { amount: string };
export type PlanChange = Omit<Schemas["PlanChange"], "amount"> & { amount?: string };

export const plansQuery = queryOptions({
  queryKey: ["own", "plans"],
  queryFn: () => body(api.GET("/api/plans")),
});

export const addPlan = (plan: NewPlan, key: string) => ask<Plan>("POST", "/api/plans", { body: plan, key });

export const changePlan = (id: string, change: PlanChange) => ask<Plan>("PATCH", `/api/plans/${id}`, { body: change });

export const removePlan = (id: string) =>
  body(api.DELETE("/api/plans/{item_id}", { params: { path: { item_id: id } } }));
