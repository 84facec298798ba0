// How every request travels: with the session's cookie, which the browser adds, and once more where that had to be refreshed first.
//
// The cookie is good for some minutes; then the service answers 401 and the next one is fetched, by one tab at a time.
import { OfflineError, problemOf } from "./problem";
import { reachable } from "./reachable";
import { session } from "./session";

let refreshing: Promise<boolean> | null = null;

async function refreshed(): Promise<boolean> {
  const response = await navigator.locks.request("fintwin.refresh", () =>
    fetch("/api/auth/refresh", { method: "POST" }),
  );
  if (response.ok) return true;
  if (response.status === 401) return false;
  throw problemOf(response.status, await response.json().catch(() => undefined), response.headers.get("Retry-After"));
}

declare global {
  // Asked for by theme.js, before the app's own code was there.
  var fintwinEarly: Record<string, Promise<Response> | undefined> | undefined;
}

const EARLY_MS = 10_000;

/** The answer to what was asked before the app ran. Each is used once, soon, and never after a write. */
function early(request: Request): Promise<Response> | undefined {
  if (request.method !== "GET" || performance.now() > EARLY_MS) globalThis.fintwinEarly = undefined;
  const { pathname, search } = new URL(request.url);
  const path = `${pathname}${search}`;
  const asked = globalThis.fintwinEarly?.[path];
  if (asked !== undefined) delete globalThis.fintwinEarly?.[path];
  return asked;
}

async function once(request: Request): Promise<Response> {
  try {
    const response = await (early(request) ?? fetch(request));
    reachable.answered();
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    reachable.failed();
    throw new OfflineError();
  }
}

/** Throws `OfflineError` where nobody answers. A 401 that stays one has ended the session here as well. */
export async function carry(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await once(request);
  if (response.status !== 401 || !session.is()) return response;
  refreshing ??= refreshed().finally(() => (refreshing = null));
  if (await refreshing) return once(again);
  session.end();
  return response;
}
