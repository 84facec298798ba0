// Who is signed in, as far as this browser knows. The session itself is a cookie that no script can read; what lies in the storage is a
// mark that there is one, so that the right screen is shown before the service has been asked.
import { useSyncExternalStore } from "react";

const NAME = "fintwin.signed-in";
const listeners = new Set<() => void>();

function read(): boolean {
  try {
    return localStorage.getItem(NAME) !== null;
  } catch {
    return false;
  }
}

let current = read();

function set(signedIn: boolean): void {
  if (signedIn === current) return;
  current = signedIn;
  try {
    if (signedIn) localStorage.setItem(NAME, "1");
    else localStorage.removeItem(NAME);
  } catch {
    // Without storage the mark lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

export const session = {
  is: () => current,
  begin: () => set(true),
  end: () => set(false),
};

function subscribe(listener: () => void): () => void {
  const elsewhere = (event: StorageEvent) => {
    if (event.key !== NAME) return;
    current = event.newValue !== null;
    listener();
  };
  listeners.add(listener);
  window.addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", elsewhere);
  };
}

/** Signing out in one tab signs out in all. */
export function useSignedIn(): boolean {
  return useSyncExternalStore(subscribe, session.is);
}
