// Listens to FinTwin with Node alone, no packages. Writes one line per event, in order, to a file whose last line tells where to
// go on:
//
//     REDIS_URL=... FINTWIN_URL=http://127.0.0.1:8000 FINTWIN_SERVICE_TOKEN=... node plain.mjs events.txt
//
// The line and the position are one write, so a program that is killed anywhere writes no event twice and leaves none out.
import fs from "node:fs";
import net from "node:net";

const STREAM = "fintwin:events:0";
const path = process.argv[2];
const redis = new URL(process.env.REDIS_URL);

// Where to go on. A line that was only half written is cut off.
function lastPosition() {
  if (!fs.existsSync(path)) return 0;
  const bytes = fs.readFileSync(path);
  const end = bytes.lastIndexOf("\n") + 1;
  fs.truncateSync(path, end);
  const lines = bytes.subarray(0, end).toString().trimEnd().split("\n");
  return Number(lines.at(-1).split(" ")[0]);
}

// Redis' protocol, RESP2: one answer from the bytes at `at`, or undefined where more have to come.
function answer(bytes, at) {
  const end = bytes.indexOf("\r\n", at);
  if (end < 0) return undefined;
  const kind = bytes[at];
  const text = bytes.toString("utf8", at + 1, end);
  const next = end + 2;
  if (kind === 43) return [text, next]; // +
  if (kind === 45) return [new Error(text), next]; // -
  if (kind === 58) return [Number(text), next]; // :
  const size = Number(text);
  if (size < 0) return [null, next];
  if (kind === 36) return bytes.length < next + size + 2 ? undefined : [bytes.toString("utf8", next, next + size), next + size + 2]; // $
  const list = [];
  for (let where = next; ; ) {
    if (list.length === size) return [list, where]; // *
    const one = answer(bytes, where);
    if (one === undefined) return undefined;
    list.push(one[0]);
    where = one[1];
  }
}

// A connection that answers one command after the other.
async function connect() {
  const socket = net.connect(Number(redis.port || 6379), redis.hostname);
  let bytes = Buffer.alloc(0);
  let waiting;
  const settle = () => {
    const found = waiting && answer(bytes, 0);
    if (!found) return;
    bytes = bytes.subarray(found[1]);
    const { resolve, reject } = waiting;
    waiting = undefined;
    if (found[0] instanceof Error) reject(found[0]);
    else resolve(found[0]);
  };
  socket.on("data", (part) => ((bytes = Buffer.concat([bytes, part])), settle()));
  socket.setTimeout(10_000, () => socket.destroy(new Error("Redis does not answer")));
  for (const event of ["error", "close"]) socket.on(event, (error) => waiting?.reject(error || new Error("Redis has gone")));
  const call = (...words) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      if (socket.destroyed) return reject(new Error("Redis has gone"));
      socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join("")}`);
    });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  if (redis.password) await call("AUTH", ...(redis.username ? [redis.username] : []), decodeURIComponent(redis.password));
  await call("SELECT", redis.pathname.slice(1) || "0");
  return { call, close: () => socket.destroy() };
}

// The events of a hole: the stream was trimmed, or Redis lost it.
async function missed(after, until) {
  const url = `${process.env.FINTWIN_URL}/internal/events?after=${after}&limit=${Math.min(1000, until - after)}`;
  const found = await fetch(url, { headers: { Authorization: `Bearer ${process.env.FINTWIN_SERVICE_TOKEN}` } });
  if (!found.ok) throw new Error(`${url} answers ${found.status}`);
  return found.json();
}

let last = lastPosition();
const out = fs.openSync(path, "a");

function handle(event) {
  fs.writeSync(out, `${event.position} ${event.type} ${event.stream_id}\n`);
  last = event.position;
}

async function fill(until) {
  while (last < until) for (const event of await missed(last, until)) handle(event);
}

for (;;) {
  let connection;
  try {
    connection = await connect();
    for (;;) {
      const found = await connection.call("XREAD", "COUNT", 200, "BLOCK", 1000, "STREAMS", STREAM, `${last}-0`);
      for (const [id, list] of found ? found[0][1] : []) {
        const fields = Object.fromEntries(list.flatMap((name, n) => (n % 2 ? [] : [[name, list[n + 1]]])));
        if (fields.v !== "1") throw new Error(`entry ${id} has a form that this program does not know`);
        await fill(Number(fields.prev_position)); // nothing to do, but for a hole
        handle(JSON.parse(fields.event));
      }
      if (!found && (await connection.call("EXISTS", STREAM))) {
        // A hole at the end shows in no entry.
        const info = await connection.call("XINFO", "STREAM", STREAM);
        await fill(Number(info[info.indexOf("last-generated-id") + 1].split("-")[0]));
      }
    }
  } catch (error) {
    console.error(`trying again: ${error.message}`);
    connection?.close();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
