// Risk, as the dashboard and its own screen need it.
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";
import { inTurn } from "./twin";

export type AlertLevel = Risk["alert_level"];

export type Risk = Schemas["RiskBody"];
export type RiskReason = Risk["reasons"][number];
export type PastScore = Schemas["PastScore"];
export type Analysis = Schemas["AnalyzedBody"];

export const riskQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["own", "risk", accountId],
    queryFn: () => body(api.GET("/api/risk/score/{account_id}", { params: { path: { account_id: accountId } } })),
  });

/** The score at the end of each month of the last year; the twin's workers find it. */
export const riskHistoryQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["own", "risk", accountId, "history"],
    queryFn: ({ signal }) =>
      inTurn(
        () => body(api.GET("/api/risk/history/{account_id}", { params: { path: { account_id: accountId } } })),
        signal,
      ),
    staleTime: 60_000,
  });

export const LEVELS: Record<AlertLevel, { text: string; tone: "good" | "warn" | "bad" }> = {
  low: { text: "Low", tone: "good" },
  medium: { text: "Medium", tone: "warn" },
  high: { text: "High", tone: "bad" },
};
