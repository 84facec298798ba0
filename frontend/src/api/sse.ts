// Server-Sent Events read with `fetch`, for requests that an EventSource cannot make.
//
//     messagesOf("event: text\ndata: {}\n\nda") -> { messages: [{ id: null, event: "text", data: "{}" }], rest: "da" }

export interface Message {
  id: string | null;
  event: string;
  data: string;
}

function messageOf(part: string): Message | null {
  const fields = new Map<string, string>();
  const data: string[] = [];
  for (const line of part.split("\n")) {
    const at = line.indexOf(":");
    if (at < 1) continue;
    const [name, value] = [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
    if (name === "data") data.push(value);
    else fields.set(name, value);
  }
  if (fields.size === 0 && data.length === 0) return null;
  return { id: fields.get("id") ?? null, event: fields.get("event") ?? "message", data: data.join("\n") };
}

/** Takes whole messages off the front of a buffer; returns them and what is left. Comments, which keep a line open, are none. */
export function messagesOf(buffer: string): { messages: Message[]; rest: string } {
  const parts = buffer.replaceAll("\r\n", "\n").split("\n\n");
  const rest = parts.pop() ?? "";
  return { messages: parts.flatMap((part) => messageOf(part) ?? []), rest };
}

/** The messages of an answer as they come, until it ends. */
export async function* messagesIn(answer: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const reader = answer.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  try {
    let buffer = "";
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const { messages, rest } = messagesOf(buffer + chunk.value);
      buffer = rest;
      yield* messages;
    }
  } finally {
    // Whoever stops listening ends the request as well.
    await reader.cancel().catch(() => undefined);
  }
}
