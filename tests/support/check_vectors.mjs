// Checks docs/hash-vectors.json with nothing but what every JavaScript engine has; prints how many events held.
//
//     node tests/support/check_vectors.mjs docs/hash-vectors.json
import { readFileSync } from "node:fs";

const uuid = (text) => Uint8Array.from(text.replaceAll("-", "").match(/../g), (pair) => parseInt(pair, 16));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const utf8 = (text) => new TextEncoder().encode(text);

function integer(value, bytes) {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt(value));
  return new Uint8Array(view.buffer).slice(8 - bytes);
}

function join(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(parts)));

const digest = (event) => {
  const [type, payload, metadata] = [event.type, event.payload, event.metadata].map(utf8);
  return sha256(
    integer(event.shard, 4), integer(event.position, 8), integer(event.stream_kind, 2), uuid(event.stream_id),
    integer(event.version, 8), uuid(event.user_id), integer(type.length, 2), type, integer(event.schema_version, 2),
    uuid(event.transaction_id), integer(event.effective_at_us, 8), integer(event.recorded_at_us, 8),
    integer(payload.length, 4), payload, integer(metadata.length, 4), metadata,
  );
};

const { events } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const links = new Map();
let held = 0;
for (const event of events) {
  const made = await digest(event);
  const chains = { stream_hash: `${event.shard}/${event.stream_kind}/${event.stream_id}`, hash: `${event.shard}` };
  for (const [field, name] of Object.entries(chains)) {
    const link = await sha256(links.get(name) ?? new Uint8Array(32), made);
    links.set(name, link);
    if (hex(link) !== event[field]) throw new Error(`position ${event.position}: ${field} is ${hex(link)}`);
  }
  if (hex(made) !== event.digest) throw new Error(`position ${event.position}: digest is ${hex(made)}`);
  held += 1;
}
console.log(held);
