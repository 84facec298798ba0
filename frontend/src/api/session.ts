// Who is signed in, as far as this browser knows. The token is kept in this one place and handed to requests by `client`.
import { useSyncExternalStore } from "react";

const NAME = "fintwin.token";
const listeners = new Set<() => void>();

function read(): string | null {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}

let current = read();

function set(token: string | null): void {
  current = token;
  try {
    if (token === null) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, token);
  } catch {
    // Without storage the session lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

export const session = {
  token: () => current,
  begin: (token: string) => set(token),
  end: () => set(null),
};

function subscribe(listener: () => void): () => void {
  const elsewhere = (event: StorageEvent) => {
    if (event.key !== NAME) return;
    current = event.newValue;
    listener();
  };
  listeners.add(listener);
  window.addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", elsewhere);
  };
}

/** The token, or null; signing out in one tab signs out in all. */
export function useToken(): string | null {
  return useSyncExternalStore(subscribe, session.token);
}
