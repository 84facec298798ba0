// A first deposit, the bank's own file, or two planned items: each alone makes FinTwin useful.
import { useState } from "react";
import { ImportSteps } from "@/shared/importing/ImportDialog";
import { Icon } from "@/shared/ui/icons";
import { FirstDeposit } from "./FirstDeposit";
import { TwoPlans } from "./TwoPlans";

const WAYS = [
  ["deposit", "A first deposit", "What is on your account today, as one number.", "in"],
  ["import", "A file from my bank", "A CSV export; you see what would be booked before it is.", "upload"],
  ["plans", "Income and rent", "Two planned items, so that the twin can look ahead.", "fork"],
] as const;

type Way = (typeof WAYS)[number][0];

export function WaysIn({ finish }: { finish: () => void }) {
  const [way, setWay] = useState<Way | null>(null);
  return (
    <div className="stack">
      <div className="ways" role="group" aria-label="Ways to begin">
        {WAYS.map(([name, title, text, icon]) => (
          <button key={name} type="button" className="way-in" aria-pressed={way === name} onClick={() => setWay(name)}>
            <Icon name={icon} size={22} />
            <strong>{title}</strong>
            <span>{text}</span>
          </button>
        ))}
      </div>
      {way === "deposit" && <FirstDeposit finish={finish} />}
      {way === "import" && <ImportSteps onDone={finish} />}
      {way === "plans" && <TwoPlans finish={finish} />}
      <div>
        <button type="button" className="link" onClick={finish}>
          Skip for now
        </button>
      </div>
    </div>
  );
}
