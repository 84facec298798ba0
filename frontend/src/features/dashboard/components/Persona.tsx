// What kind of keeper of money the figures show, with the reasons and three tips that can be put away.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "@/api/contract";
import { Icon } from "@/shared/ui/icons";
import { Shown } from "@/shared/ui/states";

interface PersonaScore {
  label: string;
  emoji: string;
  score: number;
  tips: { icon: string; text: string }[];
  reasons?: { code: string; points: number; text: string }[];
}

const AWAY = "fintwin.tips";

function putAway(): string[] {
  try {
    return JSON.parse(localStorage.getItem(AWAY) ?? "[]") as string[];
  } catch {
    return [];
  }
}

export function Persona() {
  const persona = useQuery({
    queryKey: ["own", "persona"],
    queryFn: () => ask<PersonaScore>("GET", "/api/auth/persona-score"),
  });
  const [away, setAway] = useState(putAway);
  const dismiss = (text: string) => {
    const now = [...away, text].slice(-50);
    setAway(now);
    localStorage.setItem(AWAY, JSON.stringify(now));
  };
  return (
    <>
      <div className="card-head">
        <h2>Persona</h2>
      </div>
      <Shown query={persona} lines={5}>
        {({ label, emoji, score, tips, reasons = [] }) => (
          <div className="stack">
            <div className="persona">
              <span className="persona-emoji" aria-hidden="true">
                {emoji}
              </span>
              <div>
                <div className="figure">{label}</div>
                <div className="quiet small">{score} of 100</div>
              </div>
            </div>
            <div
              className="meter"
              role="meter"
              aria-valuenow={score}
              aria-valuemin={0}
              aria-valuemax={100}
              aria-label="Persona score"
            >
              <i style={{ width: `${score}%` }} />
            </div>
            <ul className="reasons">
              {reasons.map((one) => (
                <li key={one.code}>
                  <span>{one.text}</span>
                  <span className={one.points < 0 ? "negative" : "quiet"}>
                    {one.points > 0 ? `+${one.points}` : one.points}
                  </span>
                </li>
              ))}
            </ul>
            <ul className="tips">
              {tips
                .filter((tip) => !away.includes(tip.text))
                .map((tip) => (
                  <li key={tip.text}>
                    <span aria-hidden="true">{tip.icon}</span>
                    <span>{tip.text}</span>
                    <button
                      type="button"
                      className="button plain small icon"
                      aria-label="Put this tip away"
                      onClick={() => dismiss(tip.text)}
                    >
                      <Icon name="close" size={14} />
                    </button>
                  </li>
                ))}
            </ul>
          </div>
        )}
      </Shown>
    </>
  );
}
