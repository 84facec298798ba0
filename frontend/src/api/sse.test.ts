import { expect, test } from "vitest";
import { messagesIn, messagesOf } from "./sse";

test("whole messages are taken, the rest stays", () => {
  expect(messagesOf("id: 7\nevent: text\ndata: a\ndata: b\n\n: still here\n\ndata: c")).toEqual({
    messages: [{ id: "7", event: "text", data: "a\nb" }],
    rest: "data: c",
  });
});

test("a message that comes in pieces is one message", async () => {
  const answer = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of ["event: te", "xt\r\ndata: {}\r\n", "\r\n"])
        controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  const found = [];
  for await (const one of messagesIn(answer)) found.push(one);
  expect(found).toEqual([{ id: null, event: "text", data: "{}" }]);
});
