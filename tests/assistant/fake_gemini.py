"""A stand-in for Gemini's streaming endpoint: speaks its HTTP, answers from a script, keeps what it was sent.

async with fake_gemini([[says("You have ", end=False), says("1,000.")]]) as fake:
    fake.url, fake.requests
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

Chunk = dict[str, Any]
Script = Sequence[Chunk] | Literal["error", "slow", "nonsense"]


def says(text: str, *, end: bool = True) -> Chunk:
    """A piece of text; the last one has a reason to end."""
    candidate: Chunk = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": "STOP"} if end else {})]}


def calls(name: str, **arguments: Any) -> Chunk:
    """A request for a tool."""
    part = {"functionCall": {"name": name, "args": arguments}}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}]}


@dataclass
class FakeGemini:
    """What it is asked, in order; one script for each call."""

    scripts: list[Script]
    url: str = ""
    requests: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one call."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")
        )
        self.requests.append(head.split("\r\n")[0] + "\n" + (await reader.readexactly(length)).decode())
        script = self.scripts.pop(0)
        if script == "slow":
            with suppress(ConnectionError):
                await reader.read()  # until the one who asked gives up
            writer.close()
            return
        if script == "error":
            body = b'{"error":{"code":500,"message":"it is broken","status":"INTERNAL"}}'
            writer.write(b"HTTP/1.1 500 X\r\ncontent-type: application/json\r\nconnection: close\r\n")
            writer.write(b"content-length: %d\r\n\r\n%b" % (len(body), body))
        else:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
            if script == "nonsense":
                writer.write(b"data: {not json\r\n\r\n")
            else:
                for chunk in script:
                    assert isinstance(chunk, dict)
                    writer.write(b"data: %b\r\n\r\n" % json.dumps(chunk).encode())
                    await writer.drain()
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()


@asynccontextmanager
async def fake_gemini(scripts: Sequence[Script]) -> AsyncIterator[FakeGemini]:
    """Listens on loopback until the block ends."""
    fake = FakeGemini(list(scripts))
    server = await asyncio.start_server(fake.answer, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield fake
