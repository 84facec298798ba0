// Reads the caller's whole stream and recomputes every chain in it.
import { answer, api, nextCursor, type Schemas } from "@/api/client";
import { digestOf, hex, linkAfter, microseconds } from "./chain";

export type StoredEvent = Schemas["StoredEventBody"];

export interface Fault {
  position: number;
  what: string;
}

export interface Verdict {
  events: number;
  streams: { name: string; id: string; events: number; hash: string }[];
  faults: Fault[];
}

const PAGE = 1000;

export async function* allEvents(signal: AbortSignal): AsyncGenerator<StoredEvent[]> {
  let after = 0;
  for (;;) {
    const asked = api.GET("/api/events", { params: { query: { after, limit: PAGE } }, signal });
    const { data, response } = await answer<StoredEvent[]>(asked);
    if (data.length > 0) yield data;
    const next = nextCursor(response, "after");
    if (next === null) return;
    after = Number(next);
  }
}

export async function verify(signal: AbortSignal, progress: (events: number) => void): Promise<Verdict> {
  const chains = new Map<string, { link: Uint8Array; version: number; name: string; id: string }>();
  const faults: Fault[] = [];
  let events = 0;
  for await (const page of allEvents(signal)) {
    for (const event of page) {
      const key = `${event.stream_kind}/${event.stream_id}`;
      const before = chains.get(key);
      const digest = await digestOf({
        ...event,
        effective_at_us: microseconds(event.effective_at),
        recorded_at_us: microseconds(event.recorded_at),
      });
      const link = await linkAfter(before?.link ?? null, digest);
      if (hex(digest) !== event.digest)
        faults.push({ position: event.position, what: "the content does not match its digest" });
      else if (event.version !== (before?.version ?? 0) + 1)
        faults.push({ position: event.position, what: "an event before it is missing" });
      else if (hex(link) !== event.stream_hash)
        faults.push({ position: event.position, what: "it does not follow from the one before" });
      chains.set(key, { link, version: event.version, name: event.stream, id: event.stream_id });
      events += 1;
    }
    progress(events);
  }
  const streams = [...chains.values()].map((one) => ({
    name: one.name,
    id: one.id,
    events: one.version,
    hash: hex(one.link),
  }));
  return { events, streams, faults };
}
