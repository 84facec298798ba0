// FinBot, as the chat and the settings need it. An answer comes in pieces: text, figures with where they are from, proposed scenarios.
import { queryOptions } from "@tanstack/react-query";
import { ask, open } from "./contract";
import { problemOf } from "./problem";
import { messagesIn, type Message } from "./sse";

export interface About {
  provider: "builtin" | "gemini";
  gemini_available: boolean;
  agreed_at: string | null;
  first_line: string;
  suggestions: string[];
}

export type Piece =
  | { kind: "text"; delta: string }
  | { kind: "figure"; label: string; value: string; source: string }
  | { kind: "proposal"; name: string; document: Proposed };

/** A scenario as the twin takes it; what of it can be built with forms is up to the twin's screen. */
export interface Proposed {
  horizon_months?: number;
  steps?: { type: string; [field: string]: unknown }[];
}

export const aboutQuery = queryOptions({
  queryKey: ["own", "assistant"],
  queryFn: () => ask<About>("GET", "/api/assistant"),
  staleTime: 60_000,
});

/** Agrees that questions and figures go to Gemini, or takes it back. */
export const consent = (agreed: boolean) => ask<About>("PUT", "/api/assistant/consent", { body: { agreed } });

interface Question {
  message: string;
  conversation_id: string;
}

function pieceOf(message: Message): Piece | null {
  const told = JSON.parse(message.data) as Record<string, unknown>;
  if (message.event === "problem") throw problemOf(503, told, null);
  return message.event === "text" || message.event === "figure" || message.event === "proposal"
    ? ({ kind: message.event, ...told } as Piece)
    : null;
}

/** Returns whether the answer came to its end. */
export async function converse(
  question: Question,
  told: (piece: Piece) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const response = await open("POST", "/api/assistant/chat", { body: question, signal });
  if (response.body === null) return false;
  for await (const message of messagesIn(response.body)) {
    if (message.event === "done") return true;
    const piece = pieceOf(message);
    if (piece !== null) told(piece);
  }
  return false;
}
