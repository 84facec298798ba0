import { useFormat } from "@/shared/format";
import type { StoredEvent } from "../api/verify";

const WORDS = /([a-z])([A-Z])/g;

export function EventRow({ event }: { event: StoredEvent }) {
  const format = useFormat();
  return (
    <li>
      <details>
        <summary>
          <span className="mono quiet event-position">{event.position}</span>
          <span className="event-type">{event.type.replaceAll(WORDS, "$1 $2").toLowerCase()}</span>
          <span className="tag">
            {event.stream} {event.version}
          </span>
          <time className="small quiet" dateTime={event.recorded_at}>
            {format.time(event.recorded_at)}
          </time>
        </summary>
        <dl className="facts event-facts">
          {(["payload", "metadata", "stream_id", "transaction_id", "digest", "stream_hash", "hash"] as const).map(
            (name) => (
              <div key={name}>
                <dt>{name.replaceAll("_", " ")}</dt>
                <dd className="mono">{event[name]}</dd>
              </div>
            ),
          )}
        </dl>
      </details>
    </li>
  );
}
