// Signing in, or all the rest: whoever is not signed in fetches no more than the first screen.
import { QueryClient, QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";
import { OfflineError, ProblemError } from "@/api/problem";
import { session, useSignedIn } from "@/api/session";
import { Toasts } from "@/shared/ui/Toasts";
import { Broken } from "./Broken";
import { Splash } from "./Splash";

const Login = lazy(() => import("@/features/login/LoginPage"));
const signedInScreens = () => import("./SignedIn");
const SignedIn = lazy(signedInScreens);

const TRIES = 3;

/** Where answers are kept while the page is open. */
export function queryClient(): QueryClient {
  return new QueryClient({
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
}

/**
 * For somebody who is signed in: fetches what the first picture is made of. It is then drawn once; each picture on the way there would
 * cost a slow processor a good part of a second.
 */
export async function prepare(client: QueryClient): Promise<void> {
  if (!session.is()) return;
  const screens = await signedInScreens().catch(() => null);
  await screens?.prepare(client, location.pathname);
}

function Screens() {
  const signedIn = useSignedIn();
  const client = useQueryClient();
  useEffect(() => {
    if (!signedIn) client.removeQueries({ queryKey: ["own"] });
  }, [client, signedIn]);
  return (
    <Routes>
      <Route path="/login" element={signedIn ? <Navigate to="/dashboard" replace /> : <Login />} />
      <Route path="*" element={signedIn ? <SignedIn /> : <Navigate to="/login" replace />} />
    </Routes>
  );
}

export function App({ client }: { client: QueryClient }) {
  return (
    <Broken>
      <QueryClientProvider client={client}>
        <Toasts>
          <BrowserRouter>
            <Suspense fallback={<Splash />}>
              <Screens />
            </Suspense>
          </BrowserRouter>
        </Toasts>
      </QueryClientProvider>
    </Broken>
  );
}
