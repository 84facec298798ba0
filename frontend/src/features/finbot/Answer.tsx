// One answer: sentences, figures that lead to the screen they are from, scenarios that can be opened in the twin.
import { Link, useNavigate } from "react-router";
import type { Piece } from "@/api/assistant";
import { useFormat } from "@/shared/format";
import { Icon } from "@/shared/ui/icons";
import type { Turn } from "./useChat";

const SCREENS: readonly (readonly [start: string, path: string, title: string])[] = [
  ["/api/accounts", "/dashboard", "Dashboard"],
  ["/api/transactions", "/transactions", "Transactions"],
  ["/api/twin", "/twin", "Digital Twin"],
  ["/api/plans", "/twin", "Digital Twin"],
  ["/api/risk", "/risk", "Risk"],
  ["/api/portfolio", "/portfolio", "Portfolio"],
  ["/api/notifications", "/notifications", "Notifications"],
  ["/api/auth/persona", "/dashboard", "Dashboard"],
];

export function Answer({ turn, again }: { turn: Turn; again: () => void }) {
  return (
    <div className="finbot-answer">
      {turn.pieces.map((piece, index) => (
        <PieceView key={index} piece={piece} />
      ))}
      {turn.state === "writing" && (
        <span className="finbot-dots" role="status" aria-label="FinBot is writing">
          <i />
          <i />
          <i />
        </span>
      )}
      {turn.state === "stopped" && <p className="small quiet">Stopped.</p>}
      {turn.state === "cut" && (
        <p className="finbot-cut" role="alert">
          {turn.problem ?? "The answer broke off."}{" "}
          <button type="button" className="link" onClick={again}>
            Ask again
          </button>
        </p>
      )}
    </div>
  );
}

function PieceView({ piece }: { piece: Piece }) {
  const go = useNavigate();
  const format = useFormat();
  if (piece.kind === "text")
    return piece.delta
      .split(/\n{2,}/)
      .filter((text) => text.trim() !== "")
      .map((text, index) => (
        <p key={index} className="finbot-text">
          {format.told(text)}
        </p>
      ));
  if (piece.kind === "figure") {
    const screen = SCREENS.find(([start]) => piece.source.startsWith(start));
    return (
      <div className="finbot-figure">
        <span className="quiet small">{piece.label}</span>
        <strong>{format.told(piece.value)}</strong>
        {screen !== undefined && (
          <Link className="small" to={screen[1]}>
            {screen[2]}
          </Link>
        )}
      </div>
    );
  }
  return (
    <div className="finbot-proposal">
      <span className="row">
        <Icon name="fork" size={18} />
        <strong>{format.told(piece.name)}</strong>
      </span>
      <span className="small quiet">Nothing is written: the twin only calculates.</span>
      <button
        type="button"
        className="button small"
        onClick={() => void go("/twin", { state: { proposed: piece.document } })}
      >
        Open this in the twin
      </button>
    </div>
  );
}
