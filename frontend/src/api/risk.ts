// Risk, as the dashboard and its own screen need it.
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";

export type AlertLevel = Risk["alert_level"];

export type Risk = Schemas["RiskBody"];
export type RiskReason = Risk["reasons"][number];
export type Analysis = Schemas["AnalyzedBody"];

export const riskQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["own", "risk", accountId],
    queryFn: () => body(api.GET("/api/risk/score/{account_id}", { params: { path: { account_id: accountId } } })),
  });

export const LEVELS: Record<AlertLevel, { text: string; tone: "good" | "warn" | "bad" }> = {
  low: { text: "Low", tone: "good" },
  medium: { text: "Medium", tone: "warn" },
  high: { text: "High", tone: "bad" },
};
