// Planned items: what will come or go, told by the person.
import { queryOptions } from "@tanstack/react-query";
import { ask } from "./contract";

export interface NewPlan {
  kind: "income" | "bill" | "one_off";
  name: string;
  amount: string;
  period?: string;
  from?: string;
  until?: string;
  account_id?: string;
  essential?: boolean;
}

export interface Plan extends Omit<NewPlan, "amount"> {
  id: string;
  amount: number;
}

export const plansQuery = queryOptions({
  queryKey: ["own", "plans"],
  queryFn: () => ask<Plan[]>("GET", "/api/plans"),
});

export const addPlan = (plan: NewPlan, key: string) => ask<Plan>("POST", "/api/plans", { body: plan, key });
