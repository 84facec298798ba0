// Two steps: who you are, then one of three ways in. Where one is comes from the service and the address, so a reload loses nothing.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { useMe } from "@/api/queries";
import { ProfileForm } from "@/shared/profile/ProfileForm";
import { Mark } from "@/shared/ui/icons";
import { WaysIn } from "./components/WaysIn";
import "./onboarding.css";

export default function OnboardingPage() {
  const me = useMe();
  const go = useNavigate();
  const client = useQueryClient();
  const [address, setAddress] = useSearchParams();
  useEffect(() => {
    document.title = "Welcome · FinTwin";
  }, []);
  if (me.is_profile_complete && !address.has("start")) return <Navigate to="/dashboard" replace />;
  const second = me.is_profile_complete;
  const finish = async () => {
    await client.invalidateQueries({ queryKey: ["own"] });
    await go("/dashboard");
  };
  return (
    <main className="onboarding">
      <div className="login-brand">
        <Mark size={30} /> FinTwin
      </div>
      <ol className="steps" aria-label="Progress">
        <li aria-current={second ? undefined : "step"} data-done={second}>
          You
        </li>
        <li aria-current={second ? "step" : undefined}>Your money</li>
      </ol>
      <div className="card">
        {second ? (
          <div className="stack">
            <div className="stack-s">
              <h1>How do you want to begin?</h1>
              <p className="quiet">One is enough; the others are always there later.</p>
            </div>
            <WaysIn finish={() => void finish()} />
          </div>
        ) : (
          <div className="stack">
            <div className="stack-s">
              <h1>Welcome. A few things first.</h1>
              <p className="quiet">They shape the first figures; all of them can be changed.</p>
            </div>
            <ProfileForm me={me} submit="Continue" onSaved={() => setAddress({ start: "1" }, { replace: true })} />
          </div>
        )}
      </div>
    </main>
  );
}
