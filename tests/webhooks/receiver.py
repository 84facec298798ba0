"""A receiver of webhooks on this machine: keeps what comes and answers as it is told.

async with receiver() as one:
    one.answers = [500, 200]
    ...
    await one.has(2)
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

PATIENCE_S = 15.0


@dataclass
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def position(self) -> int:
        """Of the event in it."""
        return int(msgspec.json.decode(self.body)["position"])


@dataclass
class Receiver:
    """``answers`` are used up one by one; after them every answer is ``usual``."""

    port: int = 0
    answers: list[int | str] = field(default_factory=list)
    usual: int = 200
    got: list[Request] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def positions(self) -> list[int]:
        """Of everything that came, in its order."""
        return [one.position for one in self.got]

    async def has(self, count: int) -> None:
        """Wait until so many have come."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.got) < count:
                self.news.clear()
                await self.news.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection with one request."""
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
            headers = {name.lower(): text for name, text in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append(Request(first.split(" ")[1], headers, body))
            self.news.set()
            await self._answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        answer = self.answers.pop(0) if self.answers else self.usual
        if answer == "silence":
            await asyncio.sleep(PATIENCE_S)
        elif answer == "flood":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n")
            while True:
                writer.write(bytes(65536))
                await writer.drain()
        elif answer == "hang up":
            return
        elif answer == "redirect":
            place = f"http://127.0.0.1:{self.port}/elsewhere"
            writer.write(f"HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n".encode())
        else:
            writer.write(f"HTTP/1.1 {answer} Said\r\ncontent-length: 2\r\n\r\nok".encode())
        await writer.drain()


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver at a free port of 127.0.0.1."""
    one = Receiver()
    if tls is not None:

        def note(_socket: object, name: str | None, _context: object) -> None:
            one.names.append(name)

        tls.sni_callback = note
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0, ssl=tls)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
