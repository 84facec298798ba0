// The hashes of the log, recomputed with WebCrypto: the same bytes as in docs/log.md, checked against the published test vectors.
//
// A stream's chain begins with 32 zero bytes; each link is sha256(link before || digest). Whoever recomputes it needs nobody else's events.

export interface HashedEvent {
  shard: number;
  position: number | string;
  stream_kind: number;
  stream_id: string;
  version: number | string;
  user_id: string;
  type: string;
  schema_version: number;
  transaction_id: string;
  effective_at_us: bigint | string;
  recorded_at_us: bigint | string;
  payload: string;
  metadata: string;
}

const LINK_BYTES = 32;
const encoder = new TextEncoder();

const utf8 = (text: string) => encoder.encode(text);
const uuid = (text: string) =>
  Uint8Array.from(text.replaceAll("-", "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function integer(value: bigint | number | string, bytes: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt(value));
  return new Uint8Array(view.buffer).slice(8 - bytes);
}

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
}

export function digestOf(event: HashedEvent): Promise<Uint8Array> {
  const type = utf8(event.type);
  const payload = utf8(event.payload);
  const metadata = utf8(event.metadata);
  return sha256(
    integer(event.shard, 4),
    integer(event.position, 8),
    integer(event.stream_kind, 2),
    uuid(event.stream_id),
    integer(event.version, 8),
    uuid(event.user_id),
    integer(type.length, 2),
    type,
    integer(event.schema_version, 2),
    uuid(event.transaction_id),
    integer(event.effective_at_us, 8),
    integer(event.recorded_at_us, 8),
    integer(payload.length, 4),
    payload,
    integer(metadata.length, 4),
    metadata,
  );
}

/** The link that follows a stream's link before; null is the beginning. */
export function linkAfter(before: Uint8Array | null, digest: Uint8Array): Promise<Uint8Array> {
  return sha256(before ?? new Uint8Array(LINK_BYTES), digest);
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;

/** Microseconds since 1970 of a UTC time, exactly; JavaScript's own dates stop at milliseconds. */
export function microseconds(time: string): bigint {
  const match = TIME.exec(time);
  if (match === null) throw new Error(`${time} is no time in UTC`);
  return BigInt(Date.parse(`${match[1]}Z`)) * 1000n + BigInt((match[2] ?? "").padEnd(6, "0"));
}
