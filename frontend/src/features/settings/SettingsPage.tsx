// What a person decides about FinTwin: profile, looks, where they are signed in, and their data.
import { useMe } from "@/api/queries";
import { theme, useTheme } from "@/shared/theme";
import { Choices } from "@/shared/ui/Field";
import { AccountsSection } from "./components/AccountsSection";
import { DataSection } from "./components/DataSection";
import { FinBotSection } from "./components/FinBotSection";
import { LocaleChoice } from "./components/LocaleChoice";
import { SessionsSection } from "./components/SessionsSection";
import { ProfileForm } from "@/shared/profile/ProfileForm";
import { useToast } from "@/shared/ui/Toasts";
import "./settings.css";

const THEMES = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

export default function SettingsPage() {
  const me = useMe();
  const chosen = useTheme();
  const tell = useToast();
  return (
    <div className="page narrow">
      <h1>Settings</h1>
      <section className="card" aria-labelledby="set-profile">
        <div className="card-head">
          <h2 id="set-profile">Profile</h2>
        </div>
        <ProfileForm key={me.locale} me={me} submit="Save profile" onSaved={() => tell("Saved.")} />
      </section>
      <section className="card" aria-labelledby="set-accounts">
        <div className="card-head">
          <h2 id="set-accounts">Accounts</h2>
        </div>
        <AccountsSection />
      </section>
      <section className="card" aria-labelledby="set-looks">
        <div className="card-head">
          <h2 id="set-looks">Appearance</h2>
        </div>
        <div className="stack">
          <Choices legend="Theme" name="theme" options={THEMES} value={chosen} onChange={theme.set} />
          <LocaleChoice me={me} onSaved={() => tell("Saved.")} />
        </div>
      </section>
      <section className="card" aria-labelledby="set-finbot">
        <div className="card-head">
          <h2 id="set-finbot">FinBot</h2>
        </div>
        <FinBotSection />
      </section>
      <section className="card" aria-labelledby="set-sessions">
        <div className="card-head">
          <h2 id="set-sessions">Where you are signed in</h2>
        </div>
        <SessionsSection />
      </section>
      <section className="card" aria-labelledby="set-data">
        <div className="card-head">
          <h2 id="set-data">Your data</h2>
        </div>
        <DataSection />
      </section>
    </div>
  );
}
