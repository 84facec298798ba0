// A sentence that matters, with its tone told by an icon as well as by colour.
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icons";

type Tone = "info" | "good" | "warn" | "bad";

const ICONS: Record<Tone, IconName> = { info: "info", good: "check", warn: "warn", bad: "warn" };

export function Notice({ tone = "info", children, action }: { tone?: Tone; children: ReactNode; action?: ReactNode }) {
  return (
    <div className={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={ICONS[tone]} size={18} />
      <div>{children}</div>
      {action}
    </div>
  );
}
