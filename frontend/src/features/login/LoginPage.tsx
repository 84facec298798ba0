// Signing in: with Google where that is configured, else two ways to try FinTwin on this machine.
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { configQuery } from "@/api/config";
import { ask } from "@/api/contract";
import { session } from "@/api/session";
import { Icon, Mark } from "@/shared/ui/icons";
import { Notice } from "@/shared/ui/Notice";
import { Shown } from "@/shared/ui/states";
import { ForkPicture } from "./ForkPicture";
import "./login.css";

const GoogleSignIn = lazy(() => import("./GoogleSignIn"));

export default function LoginPage() {
  const config = useQuery(configQuery);
  const demo = useMutation({
    mutationFn: (sample: boolean) => ask("POST", "/api/auth/demo", { body: { sample, cookie: true } }),
    onSuccess: session.begin,
  });
  useEffect(() => {
    document.title = "Sign in · FinTwin";
  }, []);
  return (
    <div className="login">
      <main className="login-main">
        <div className="login-brand">
          <Mark size={34} /> FinTwin
        </div>
        <div className="login-words">
          <h1>Your money, and the life it might lead.</h1>
          <p>
            FinTwin keeps every movement of your money as it happened, and lets you fork that history: change a step,
            lose an income, take a loan, and see what would follow by the same rules.
          </p>
        </div>
        <Shown query={config} lines={2}>
          {({ google_client_id: clientId, demo: demoOffered }) => (
            <div className="login-ways">
              {clientId !== null && (
                <Suspense>
                  <GoogleSignIn clientId={clientId} />
                </Suspense>
              )}
              {demoOffered && (
                <>
                  <button
                    type="button"
                    className="button primary"
                    disabled={demo.isPending}
                    onClick={() => demo.mutate(true)}
                  >
                    <Icon name="fork" />{" "}
                    {demo.isPending && demo.variables ? "Writing two years of a life…" : "Try it with sample data"}
                  </button>
                  <button type="button" className="button" disabled={demo.isPending} onClick={() => demo.mutate(false)}>
                    Start empty
                  </button>
                  <p className="small quiet">
                    This runs on your own machine: no account, no e-mail, nothing leaves it. Sample data are two made-up
                    years of salary, rent and everyday spending.
                  </p>
                </>
              )}
            </div>
          )}
        </Shown>
        {demo.isError && <Notice tone="bad">{demo.error.message}</Notice>}
        <p className="login-foot">
          FinTwin keeps records and calculates. It holds and moves no money, and is no bank, broker or adviser.
        </p>
      </main>
      <ForkPicture />
    </div>
  );
}
