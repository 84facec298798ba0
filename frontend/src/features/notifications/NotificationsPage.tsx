// What the service noticed. Reading and deleting are events too, so they hold on every device.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "@/api/contract";
import { unreadQuery, type Notification, type NotificationType } from "@/api/notifications";
import { useMe } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { Choices } from "@/shared/ui/Field";
import { Icon } from "@/shared/ui/icons";
import { Shown, State } from "@/shared/ui/states";
import { useToast } from "@/shared/ui/Toasts";
import "./notifications.css";

type Filter = "all" | "unread" | NotificationType;

const FILTERS = [
  ["all", "All"],
  ["unread", "Unread"],
  ["risk", "Risk"],
  ["alert", "Alerts"],
  ["info", "Info"],
] as const satisfies readonly (readonly [Filter, string])[];
const TONES: Record<NotificationType, string> = { risk: "bad", alert: "warn", info: "info" };

export default function NotificationsPage() {
  const me = useMe();
  const client = useQueryClient();
  const tell = useToast();
  const [filter, setFilter] = useState<Filter>("all");
  const count = useQuery(unreadQuery(me.id)).data;
  const query = filter === "all" ? {} : filter === "unread" ? { unread_only: true } : { type: filter };
  const list = useQuery({
    queryKey: ["own", "notifications", filter],
    queryFn: () => ask<Notification[]>("GET", `/api/notifications/${me.id}`, { query }),
  });
  const change = useMutation({
    mutationFn: ({ method, path }: { method: "PUT" | "DELETE"; path: string }) => ask(method, path),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
    onError: (error) => tell(error.message),
  });
  return (
    <div className="page narrow">
      <div className="page-head">
        <h1>Notifications</h1>
        <button
          type="button"
          className="button"
          disabled={change.isPending || (count?.unread ?? 0) === 0}
          onClick={() => change.mutate({ method: "PUT", path: `/api/notifications/read-all/${me.id}` })}
        >
          <Icon name="check" size={18} /> Read all
        </button>
      </div>
      <Choices legend="Show" name="filter" options={FILTERS} value={filter} onChange={setFilter} segmented />
      <section className="card flush-y" aria-label="List">
        <Shown query={list} lines={6}>
          {(rows) =>
            rows.length === 0 ? (
              <State icon="bell" title={filter === "all" ? "Nothing to tell you yet" : "Nothing here"}>
                Deposits, payments and signals of risk show up here by themselves.
              </State>
            ) : (
              <ul className="notifications">
                {rows.map((one) => (
                  <Item
                    key={one.id}
                    one={one}
                    read={() => change.mutate({ method: "PUT", path: `/api/notifications/read/${one.id}` })}
                    remove={() => change.mutate({ method: "DELETE", path: `/api/notifications/${one.id}` })}
                  />
                ))}
              </ul>
            )
          }
        </Shown>
      </section>
    </div>
  );
}

function Item({ one, read, remove }: { one: Notification; read: () => void; remove: () => void }) {
  const format = useFormat();
  return (
    <li className={one.is_read ? "notification" : "notification fresh"}>
      <div>
        <div className="row">
          <h2>{one.title}</h2>
          <span className={`tag ${TONES[one.type]}`}>{one.type}</span>
          {!one.is_read && <span className="tag good">new</span>}
        </div>
        <p className="quiet">{one.message}</p>
        <time className="small quiet" dateTime={one.created_at} title={format.time(one.created_at)}>
          {format.ago(one.created_at)}
        </time>
      </div>
      <div className="row">
        {!one.is_read && (
          <button type="button" className="button small" onClick={read}>
            Mark as read
          </button>
        )}
        <button type="button" className="button plain small icon" aria-label={`Delete: ${one.title}`} onClick={remove}>
          <Icon name="trash" size={18} />
        </button>
      </div>
    </li>
  );
}
