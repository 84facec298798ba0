// The theme: the system's unless the person chose one; the choice is remembered in this browser.
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const NAME = "fintwin.theme";
const listeners = new Set<() => void>();

export const theme = {
  now: (): Theme => (document.documentElement.dataset["theme"] as Theme | undefined) ?? "system",
  set: (chosen: Theme) => {
    if (chosen === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = chosen;
    try {
      if (chosen === "system") localStorage.removeItem(NAME);
      else localStorage.setItem(NAME, chosen);
    } catch {
      // It holds until the page is left.
    }
    for (const listener of listeners) listener();
  },
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export const useTheme = (): Theme => useSyncExternalStore(theme.subscribe, theme.now);
