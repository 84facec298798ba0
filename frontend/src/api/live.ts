// News from the service as it happens: the stream `/api/live`. What has changed is asked for again; after a break the stream goes on
// from the last position.
//
// Read with `fetch`: an EventSource tells nobody why it ended, and could not carry on after the cookie was refreshed.
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { carry } from "./carry";
import { accountsQuery } from "./queries";
import { session } from "./session";
import { messagesIn } from "./sse";

const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 15_000;
const GATHER_MS = 120;
/** Each change of one's own, of whatever kind, ends with the first; the second stands for more than could be told. */
const NEWS: ReadonlySet<string> = new Set(["reached", "reset"]);

/** Whether a balance is not the one that the screens show. */
function isBehind(client: QueryClient, data: string): boolean {
  const told = JSON.parse(data) as { account_id: string; balance: number };
  const shown = client.getQueryData(accountsQuery.queryKey)?.find((one) => one.id === told.account_id);
  return shown !== undefined && shown.balance !== told.balance;
}

const pause = (ms: number) => new Promise((resume) => setTimeout(resume, ms));

async function follow(client: QueryClient, signal: AbortSignal): Promise<void> {
  let last: string | null = null;
  let wait = PAUSE_MIN_MS;
  let behind = false;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  const refresh = () => {
    clearTimeout(gathering);
    gathering = setTimeout(() => void client.invalidateQueries({ queryKey: ["own"] }), GATHER_MS);
  };
  while (!signal.aborted && session.is()) {
    try {
      const headers: Record<string, string> = last === null ? {} : { "Last-Event-ID": last };
      const response = await carry(new Request(new URL("/api/live", location.origin), { headers, signal }));
      if (response.ok && response.body !== null) {
        for await (const { id, event, data } of messagesIn(response.body)) {
          wait = PAUSE_MIN_MS;
          // What was told so far may be newer than what the screens had asked for before.
          if (event === "balance") behind ||= isBehind(client, data);
          if (NEWS.has(event) && (behind || (last !== null && id !== last))) {
            refresh();
            behind = false;
          }
          if (event === "end" && (JSON.parse(data) as { reason: string }).reason === "signed_out") session.end();
          last = id ?? last;
        }
      }
    } catch {
      // Cut off; go on below.
    }
    await pause(wait);
    wait = Math.min(wait * 2, PAUSE_MAX_MS);
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
