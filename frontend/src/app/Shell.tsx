// The frame around every screen: skip link, side bar (a drawer on small screens), the state of the service, the screen itself.
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Outlet, useLocation } from "react-router";
import { useLive } from "@/api/live";
import { useMe } from "@/api/queries";
import { useReachable } from "@/api/reachable";
import { Icon, Mark } from "@/shared/ui/icons";
import { Loading } from "@/shared/ui/states";
import { SideBar, titleOf } from "./SideBar";
import "./shell.css";

const FinBot = lazy(() => import("@/features/finbot/FinBot"));

export function Shell() {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const before = useRef(pathname);
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<"never" | "open" | "closed">("never");
  const askers = useRef<(HTMLButtonElement | null)[]>([]);
  const me = useMe();
  useLive();
  const talk = () => {
    setOpen(false);
    setAsked(asked === "open" ? "closed" : "open");
  };
  const quiet = () => {
    setAsked("closed");
    // Of the two buttons one is visible; the focus goes back to it.
    askers.current.find((one) => one !== null && one.offsetParent !== null)?.focus();
  };

  useEffect(() => {
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape") setOpen(false);
    };
    document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  }, []);

  useEffect(() => {
    document.title = `${titleOf(pathname)} · FinTwin`;
    if (before.current === pathname) return;
    before.current = pathname;
    setOpen(false);
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname]);

  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="top-bar">
        <button
          type="button"
          className="button plain icon"
          aria-label="Menu"
          aria-expanded={open}
          aria-controls="side-bar"
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? "close" : "menu"} />
        </button>
        <Mark size={24} />
        <strong>{titleOf(pathname)}</strong>
        <button
          ref={(element) => void (askers.current[0] = element)}
          type="button"
          className="button plain icon"
          aria-label="Ask FinBot"
          aria-expanded={asked === "open"}
          onClick={talk}
        >
          <Icon name="chat" />
        </button>
      </header>
      <SideBar
        open={open}
        finbot={
          <button
            ref={(element) => void (askers.current[1] = element)}
            type="button"
            className="place ask"
            aria-expanded={asked === "open"}
            onClick={talk}
          >
            <Icon name="chat" /> Ask FinBot
          </button>
        }
      />
      {open && <div className="veil" aria-hidden="true" onClick={() => setOpen(false)} />}
      <main id="main" ref={main} tabIndex={-1}>
        <Reachability />
        {me.sample && (
          <p className="sample-bar">
            <Icon name="info" size={16} /> Sample data: this person and every figure are made up.
          </p>
        )}
        <Suspense
          fallback={
            <div className="page">
              <Loading lines={6} />
            </div>
          }
        >
          <Outlet />
        </Suspense>
        <footer className="foot">
          FinTwin keeps records and calculates. It holds and moves no money, and is no bank, broker or adviser.
        </footer>
      </main>
      {asked !== "never" && (
        <Suspense>
          <FinBot open={asked === "open"} onClose={quiet} />
        </Suspense>
      )}
    </div>
  );
}

function Reachability() {
  const up = useReachable();
  const client = useQueryClient();
  const wasUp = useRef(true);
  useEffect(() => {
    if (up && !wasUp.current) void client.invalidateQueries();
    wasUp.current = up;
  }, [client, up]);
  return (
    <div role="status">
      {!up && (
        <p className="offline-bar">
          <Icon name="offline" size={18} /> FinTwin cannot be reached. What you see is from before; trying again.
        </p>
      )}
    </div>
  );
}
