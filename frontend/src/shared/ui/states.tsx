// What a part of a screen shows while it has nothing to show: loading, empty, offline, refused, not there yet.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { OfflineError, ProblemError, isMissing } from "@/api/problem";
import { Icon, type IconName } from "./icons";

interface StateProps {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  compact?: boolean;
}

export function State({ icon = "info", title, children, action, compact = false }: StateProps) {
  return (
    <div className={compact ? "state compact" : "state"}>
      <Icon name={icon} size={28} />
      <h3>{title}</h3>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  );
}

export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div className="stack-s" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="skeleton" style={{ width: `${100 - ((index * 23) % 45)}%`, height: "1.1em" }} />
      ))}
    </div>
  );
}

export function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const again = (
    <button type="button" className="button small" onClick={retry}>
      Try again
    </button>
  );
  if (error instanceof OfflineError)
    return (
      <State icon="offline" title="FinTwin cannot be reached" action={again} compact>
        Nothing is lost. This part comes back by itself as soon as the service answers.
      </State>
    );
  if (isMissing(error))
    return (
      <State icon="info" title="Not available in this version" compact>
        This service does not offer it.
      </State>
    );
  return (
    <State icon="warn" title="This could not be loaded" action={again} compact>
      {error instanceof ProblemError ? error.message : "Something went wrong."}
    </State>
  );
}

/** The usual three states of a query, and its content when there is some. Older content stays while newer is on its way. */
export function Shown<T>(props: { query: UseQueryResult<T>; lines?: number; children: (data: T) => ReactNode }) {
  const { query, lines, children } = props;
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Loading lines={lines ?? 3} />;
}
