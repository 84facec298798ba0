// The screens of somebody who is signed in. The dashboard, which people open first, comes along; every other screen is a bundle of its own,
// fetched when it is first opened.
import type { QueryClient } from "@tanstack/react-query";
import { lazy } from "react";
import { Navigate, Route, Routes } from "react-router";
import { accountsQuery, meQuery } from "@/api/queries";
import DashboardPage from "@/features/dashboard/DashboardPage";
import { Known, NeedsProfile } from "./gates";
import { Shell } from "./Shell";

const onboarding = () => import("@/features/onboarding/OnboardingPage");
const Onboarding = lazy(onboarding);
const LOADS = {
  "/transactions": () => import("@/features/transactions/TransactionsPage"),
  "/twin": () => import("@/features/twin/TwinPage"),
  "/risk": () => import("@/features/risk/RiskPage"),
  "/portfolio": () => import("@/features/portfolio/PortfolioPage"),
  "/notifications": () => import("@/features/notifications/NotificationsPage"),
  "/events": () => import("@/features/audit/AuditPage"),
  "/settings": () => import("@/features/settings/SettingsPage"),
};
const SCREENS = Object.entries(LOADS).map(([path, load]) => [path, lazy(load)] as const);

/** What the first picture of a screen needs; a failure shows where the screen itself asks. */
export async function prepare(client: QueryClient, path: string): Promise<void> {
  const load = new Map<string, () => Promise<unknown>>([...Object.entries(LOADS), ["/onboarding", onboarding]]).get(
    path,
  );
  await Promise.allSettled([
    client.query({ ...meQuery, retry: false }),
    client.query({ ...accountsQuery, retry: false }),
    load?.(),
  ]);
}

export default function SignedIn() {
  return (
    <Routes>
      <Route element={<Known />}>
        <Route path="/onboarding" element={<Onboarding />} />
        <Route element={<NeedsProfile />}>
          <Route element={<Shell />}>
            <Route path="/dashboard" element={<DashboardPage />} />
            {SCREENS.map(([path, Screen]) => (
              <Route key={path} path={path} element={<Screen />} />
            ))}
          </Route>
        </Route>
      </Route>
      <Route path="*" element={<Navigate to="/dashboard" replace />} />
    </Routes>
  );
}
