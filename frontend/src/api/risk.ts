// Risk, as the dashboard and its own screen need it.
import { queryOptions } from "@tanstack/react-query";
import { ask } from "./contract";

export type AlertLevel = "low" | "medium" | "high";

export interface RiskReason {
  code: string;
  points: number;
  observed: string | number | null;
  threshold: string | number | null;
  evidence: string[];
  advice: string;
}

export interface Risk {
  id: string;
  account_id: string;
  score: number;
  alert_level: AlertLevel;
  flags: string[];
  ml_details: { model: string; anomaly_count: number; anomaly_score: number; note?: string } | null;
  updated_at: string;
  reasons: RiskReason[];
  anomalous_transactions?: string[];
}

export const riskQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["own", "risk", accountId],
    queryFn: () => ask<Risk>("GET", `/api/risk/score/${accountId}`),
  });

export const LEVELS: Record<AlertLevel, { text: string; tone: "good" | "warn" | "bad" }> = {
  low: { text: "Low", tone: "good" },
  medium: { text: "Medium", tone: "warn" },
  high: { text: "High", tone: "bad" },
};
