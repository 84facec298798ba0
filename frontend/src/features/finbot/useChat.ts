// One conversation: what was asked, and the answers as they come.
import { useCallback, useRef, useState } from "react";
import { converse, type Piece } from "@/api/assistant";

export interface Turn {
  id: number;
  asked: string;
  pieces: readonly Piece[];
  state: "writing" | "whole" | "cut" | "stopped";
  /** Why there is no answer, in the service's words. */
  problem?: string;
}

/** Text that follows text continues it. */
export function joined(pieces: readonly Piece[], next: Piece): readonly Piece[] {
  const last = pieces.at(-1);
  if (next.kind !== "text" || last?.kind !== "text") return [...pieces, next];
  return [...pieces.slice(0, -1), { kind: "text", delta: last.delta + next.delta }];
}

let numbers = 0;

export function useChat() {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [conversation, setConversation] = useState(() => crypto.randomUUID());
  const asking = useRef<AbortController | null>(null);

  const ask = useCallback(
    async (message: string) => {
      const id = ++numbers;
      const stop = new AbortController();
      asking.current = stop;
      const change = (how: (turn: Turn) => Turn) =>
        setTurns((all) => all.map((turn) => (turn.id === id ? how(turn) : turn)));
      setTurns((all) => [...all, { id, asked: message, pieces: [], state: "writing" }]);
      try {
        const whole = await converse(
          { message, conversation_id: conversation },
          (piece) => change((turn) => ({ ...turn, pieces: joined(turn.pieces, piece) })),
          stop.signal,
        );
        change((turn) => ({ ...turn, state: whole ? "whole" : "cut" }));
      } catch (error) {
        if (stop.signal.aborted) change((turn) => ({ ...turn, state: "stopped" }));
        else change((turn) => ({ ...turn, state: "cut", problem: (error as Error).message }));
      }
    },
    [conversation],
  );

  const anew = useCallback(() => {
    asking.current?.abort();
    setTurns([]);
    setConversation(crypto.randomUUID());
  }, []);

  return { turns, ask, anew, stop: () => asking.current?.abort(), busy: turns.at(-1)?.state === "writing" };
}
