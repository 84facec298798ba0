// The screens of somebody who is signed in. Every screen is a bundle of its own, fetched when it is first opened.
import { lazy } from "react";
import { Navigate, Route, Routes } from "react-router";
import { Known, NeedsProfile } from "./gates";
import { Shell } from "./Shell";

const Onboarding = lazy(() => import("@/features/onboarding/OnboardingPage"));
const dashboard = () => import("@/features/dashboard/DashboardPage");
const Dashboard = lazy(dashboard);
const Transactions = lazy(() => import("@/features/transactions/TransactionsPage"));
const Twin = lazy(() => import("@/features/twin/TwinPage"));
const Risk = lazy(() => import("@/features/risk/RiskPage"));
const Portfolio = lazy(() => import("@/features/portfolio/PortfolioPage"));
const Notifications = lazy(() => import("@/features/notifications/NotificationsPage"));
const Audit = lazy(() => import("@/features/audit/AuditPage"));
const Settings = lazy(() => import("@/features/settings/SettingsPage"));

// The screen that people open first is fetched at once, not when the gates have let them through.
if (/^\/(?:dashboard)?$/.test(location.pathname)) void dashboard();

export default function SignedIn() {
  return (
    <Routes>
      <Route element={<Known />}>
        <Route path="/onboarding" element={<Onboarding />} />
        <Route element={<NeedsProfile />}>
          <Route element={<Shell />}>
            <Route path="/dashboard" element={<Dashboard />} />
            <Route path="/transactions" element={<Transactions />} />
            <Route path="/twin" element={<Twin />} />
            <Route path="/risk" element={<Risk />} />
            <Route path="/portfolio" element={<Portfolio />} />
            <Route path="/notifications" element={<Notifications />} />
            <Route path="/events" element={<Audit />} />
            <Route path="/settings" element={<Settings />} />
          </Route>
        </Route>
      </Route>
      <Route path="*" element={<Navigate to="/dashboard" replace />} />
    </Routes>
  );
}
