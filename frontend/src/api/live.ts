// News from the service as it happens: the stream `/api/live`, read with `fetch` because an EventSource cannot carry a token.
//
// A line says which kind of thing has changed; what is shown of it is asked for again. After a break the stream goes on from the last id.
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { session } from "./session";
import { messagesIn } from "./sse";

const PAUSE_MAX_MS = 15_000;
const GATHER_MS = 120;
const ASK_MS = 5000;
const COSTLY: ReadonlySet<unknown> = new Set(["twin", "events"]);

/** Without a stream: look again every few seconds, at what is cheap to look at. */
async function ask(client: QueryClient, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await new Promise((resume) => setTimeout(resume, ASK_MS));
    if (document.visibilityState === "visible")
      await client.invalidateQueries({ queryKey: ["own"], predicate: ({ queryKey }) => !COSTLY.has(queryKey[1]) });
  }
}

async function follow(client: QueryClient, signal: AbortSignal): Promise<void> {
  let last: string | null = null;
  let pause = 500;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  const refresh = () => {
    clearTimeout(gathering);
    gathering = setTimeout(() => void client.invalidateQueries({ queryKey: ["own"] }), GATHER_MS);
  };
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Authorization: `Bearer ${session.token() ?? ""}` };
      if (last !== null) headers["Last-Event-ID"] = last;
      const response = await fetch("/api/live", { headers, signal });
      if (response.status === 401) return;
      if (response.status === 404) {
        await ask(client, signal);
        return;
      }
      if (response.ok && response.body !== null) {
        pause = 500;
        for await (const news of messagesIn(response.body)) {
          last = news.id ?? last;
          refresh();
        }
      }
    } catch {
      // Cut off; go on below.
    }
    await new Promise((resume) => setTimeout(resume, pause));
    pause = Math.min(pause * 2, PAUSE_MAX_MS);
  }
}

/** Keeps everything that belongs to the person fresh while the component is on the screen. */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    const stop = new AbortController();
    void follow(client, stop.signal);
    return () => stop.abort();
  }, [client]);
}
