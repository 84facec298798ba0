import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { digestOf, hex, linkAfter, microseconds, type HashedEvent } from "./chain";

interface Vector extends HashedEvent {
  digest: string;
  stream_hash: string;
}

const file = "../docs/hash-vectors.json";
const { events } = JSON.parse(readFileSync(file, "utf8")) as { events: Vector[] };

test("the published vectors hold in the browser's code", async () => {
  const links = new Map<string, Uint8Array>();
  for (const event of events) {
    const digest = await digestOf(event);
    const name = `${event.shard}/${event.stream_kind}/${event.stream_id}`;
    const link = await linkAfter(links.get(name) ?? null, digest);
    links.set(name, link);
    expect([hex(digest), hex(link)]).toEqual([event.digest, event.stream_hash]);
  }
  expect(events.length).toBeGreaterThan(3);
});

test("a changed byte changes the digest", async () => {
  const [first] = events;
  if (first === undefined) throw new Error("no vectors");
  expect(hex(await digestOf({ ...first, payload: `${first.payload} ` }))).not.toBe(first.digest);
});

test.each([
  ["2026-01-01T00:00:00Z", 1767225600000000n],
  ["2026-01-01T00:00:00.000001Z", 1767225600000001n],
  ["1969-12-31T23:59:59.5Z", -500000n],
])("%s is %s microseconds", (time, expected) => {
  expect(microseconds(time)).toBe(expected);
});
