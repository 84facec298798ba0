// Which screen belongs to which address. Every screen is a bundle of its own, fetched when it is first opened.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";
import { OfflineError, ProblemError } from "@/api/problem";
import { accountsQuery, meQuery } from "@/api/queries";
import { session } from "@/api/session";
import { Toasts } from "@/shared/ui/Toasts";
import { Broken } from "./Broken";
import { NeedsProfile, NeedsSignIn, NeedsNobody } from "./gates";
import { Shell } from "./Shell";
import { Splash } from "./Splash";

const Login = lazy(() => import("@/features/login/LoginPage"));
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
if (session.is() && /^\/(?:dashboard)?$/.test(location.pathname)) void dashboard();

const TRIES = 3;

function queryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5000,
        networkMode: "always",
        retry: (count, error) =>
          count < TRIES && (error instanceof OfflineError || (error instanceof ProblemError && error.passes)),
      },
      mutations: { networkMode: "always" },
    },
  });
  if (session.is()) {
    // Nearly every screen needs these two: they are asked for while its code is still on the way.
    client.query(meQuery).catch(() => undefined);
    client.query(accountsQuery).catch(() => undefined);
  }
  return client;
}

export function App() {
  const [client] = useState(queryClient);
  return (
    <Broken>
      <QueryClientProvider client={client}>
        <Toasts>
          <BrowserRouter>
            <Suspense fallback={<Splash />}>
              <Routes>
                <Route element={<NeedsNobody />}>
                  <Route path="/login" element={<Login />} />
                </Route>
                <Route element={<NeedsSignIn />}>
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
            </Suspense>
          </BrowserRouter>
        </Toasts>
      </QueryClientProvider>
    </Broken>
  );
}
