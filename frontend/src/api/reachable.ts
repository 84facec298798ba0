// Whether the service answers. Every request tells; while it does not, a small question is asked again until it does.
import { useSyncExternalStore } from "react";

const ASK_AGAIN_MS = 1500;
const listeners = new Set<() => void>();
let up = true;
let asking: ReturnType<typeof setInterval> | undefined;

function set(now: boolean): void {
  if (up === now) return;
  up = now;
  for (const listener of listeners) listener();
}

async function ask(): Promise<void> {
  try {
    const response = await fetch("/api/auth/config");
    if (response.ok) reachable.answered();
  } catch {
    // Still away.
  }
}

export const reachable = {
  now: () => up,
  answered: () => {
    clearInterval(asking);
    asking = undefined;
    set(true);
  },
  failed: () => {
    asking ??= setInterval(() => void ask(), ASK_AGAIN_MS);
    set(false);
  },
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export const useReachable = (): boolean => useSyncExternalStore(reachable.subscribe, reachable.now);
