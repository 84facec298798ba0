import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { NavLink } from "react-router";
import { api } from "@/api/client";
import { unreadQuery } from "@/api/notifications";
import { useMe } from "@/api/queries";
import { session } from "@/api/session";
import { theme, useTheme, type Theme } from "@/shared/theme";
import { Icon, Mark, type IconName } from "@/shared/ui/icons";

const PLACES: readonly (readonly [path: string, title: string, icon: IconName])[] = [
  ["/dashboard", "Dashboard", "home"],
  ["/transactions", "Transactions", "list"],
  ["/twin", "Digital Twin", "fork"],
  ["/risk", "Risk", "shield"],
  ["/portfolio", "Portfolio", "pie"],
  ["/notifications", "Notifications", "bell"],
  ["/events", "My events", "log"],
  ["/settings", "Settings", "gear"],
];

export function titleOf(path: string): string {
  return PLACES.find(([place]) => place === path)?.[1] ?? "FinTwin";
}

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const NAMES: Record<Theme, string> = { system: "System theme", light: "Light theme", dark: "Dark theme" };

export function SideBar({ open, finbot }: { open: boolean; finbot: ReactNode }) {
  const me = useMe();
  const unread = useQuery(unreadQuery(me.id));
  const chosen = useTheme();
  const client = useQueryClient();
  const signOut = async () => {
    await api.POST("/api/auth/logout").catch(() => undefined);
    session.end();
    client.clear();
  };
  const count = unread.data?.unread ?? 0;
  return (
    <aside id="side-bar" className="side-bar" data-open={open}>
      <div className="brand">
        <Mark />
        FinTwin
      </div>
      <nav aria-label="Main">
        {PLACES.map(([path, title, icon]) => (
          <NavLink key={path} to={path} className="place">
            <Icon name={icon} />
            {title}
            {path === "/notifications" && count > 0 && (
              <span className="unread">
                {count > 99 ? "99+" : count}
                <span className="visually-hidden"> unread</span>
              </span>
            )}
          </NavLink>
        ))}
      </nav>
      <div className="who">
        {finbot}
        <div className="who-name" title={me.email ?? undefined}>
          {me.account_name ?? me.full_name ?? "You"}
        </div>
        <div className="row">
          <button type="button" className="button plain small" onClick={() => theme.set(NEXT[chosen])}>
            <Icon name={chosen === "dark" ? "moon" : "sun"} size={18} />
            {NAMES[chosen]}
          </button>
          <button
            type="button"
            className="button plain small icon"
            aria-label="Sign out"
            onClick={() => void signOut()}
          >
            <Icon name="exit" size={18} />
          </button>
        </div>
      </div>
    </aside>
  );
}
