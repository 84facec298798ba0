"""The HTTP server under clients that take their time or send what is no request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from fintwin.cli import http_server
from fintwin.cli.http_server import HEAD_MAX_BYTES, opened, server_of

Message = dict[str, Any]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
LARGE_BYTES = 32 * 1024 * 1024
PATIENCE_S = 20


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answers with the length of the body; `/early` before it has read it, `/slow` after a while, `/large` with a lot."""
    body = b""
    while scope["path"] != "/early":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    answer = bytes(LARGE_BYTES) if scope["path"] == "/large" else str(len(body)).encode()
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for begin in range(0, len(answer), 2**16):
        part = answer[begin : begin + 2**16]
        await send({"type": "http.response.body", "body": part, "more_body": begin + len(part) < len(answer)})


@asynccontextmanager
async def served(application: Any = app) -> AsyncIterator[int]:
    """A server in this loop; gives its port."""
    listening = opened("127.0.0.1", 0)
    server = server_of(application, grace_s=1)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        while not server.started:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.01)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Streams]:
    """A client."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, in tenths of a second."""
    for name, seconds in (("HEAD_S", 0.3), ("SEND_S", 0.3), ("SWEEP_EVERY_S", 0.05)):
        monkeypatch.setattr(http_server, name, seconds)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server ends the connection."""
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionResetError:
        return b""


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of one answer."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)).lower()
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    return int(head[9:12]), await reader.readexactly(length)


async def test_a_head_without_end_is_cut_off() -> None:
    """It is refused with the first byte that is too much, however many lines it has."""
    async with served() as port, connected(port) as (reader, writer):
        begun = b"GET / HTTP/1.1\r\nHost: a\r\n"
        await send_up_to_the_limit(writer, begun, b"X: " + b"x" * 95 + b"\r\n")
        assert (await rest(reader)).startswith(b"HTTP/1.1 431 ")


async def send_up_to_the_limit(writer: asyncio.StreamWriter, begun: bytes, line: bytes) -> None:
    """One byte more than is taken: with a second one on its way the client might see its connection cut before the answer."""
    whole = begun + line * (HEAD_MAX_BYTES // len(line) + 1)
    writer.write(whole[:HEAD_MAX_BYTES])
    await asyncio.sleep(0.1)
    writer.write(b"x")


async def test_a_long_head_within_the_limit_is_served() -> None:
    """Up to the limit nothing is refused, and the next request counts anew."""
    async with served() as port, connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (HEAD_MAX_BYTES - 1000) + b"\r\n\r\n")
            assert await answer(reader) == (200, b"0")


async def test_what_follows_a_body_without_end_is_cut_off() -> None:
    """Trailers are held against the same limit."""
    async with served() as port, connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.1)
        await send_up_to_the_limit(writer, b"0\r\nX: ", b"x" * 100)
        assert b"HTTP/1.1 431 " in await rest(reader)


async def test_a_long_body_is_no_head() -> None:
    """Only what brings nothing is counted."""
    async with served() as port, connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000)
        assert await answer(reader) == (200, b"1000000")


@pytest.mark.usefixtures("impatient")
async def test_a_head_drop_by_drop_is_cut_off() -> None:
    """Neither silence from the first moment nor one byte now and then keeps a connection, a second request included."""
    async with served() as port, connected(port) as (silent, _), connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await answer(reader) == (200, b"0")
        dripping = asyncio.create_task(drip(writer, b"GET / HTTP/1.1\r\nHost: " + b"a" * 10_000))
        assert await rest(silent) == b""
        assert await rest(reader) == b""
        await dripping


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    """One byte at a time, until the other end has had enough."""
    for byte in data:
        if writer.is_closing():
            return
        writer.write(bytes([byte]))
        await asyncio.sleep(0.02)
    pytest.fail("all of it was taken")


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_nobody_waits_for_is_cut_off() -> None:
    """After the answer its rest has a while to come, not for ever."""
    async with served() as port, connected(port) as (reader, writer):
        writer.write(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        assert await answer(reader) == (200, b"0")
        dripping = asyncio.create_task(drip(writer, b"x" * 10_000))
        assert await rest(reader) == b""
        await dripping


@pytest.mark.usefixtures("impatient")
async def test_a_running_request_has_its_time() -> None:
    """Whoever waits for an answer is not cut off, even with the beginning of the next request sent."""
    async with served() as port, connected(port) as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET")
        assert await answer(reader) == (200, b"0")


@pytest.mark.usefixtures("impatient")
async def test_who_never_takes_the_answer_is_cut_off() -> None:
    """Its buffers and its place are free again."""
    over = asyncio.Event()

    async def watched(scope: Message, receive: Any, send: Any) -> None:
        await app(scope, receive, send)
        over.set()

    async with served(watched) as port, connected(port) as (reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.wait_for(over.wait(), PATIENCE_S)
        assert len(await rest(reader)) < LARGE_BYTES


async def test_what_is_no_request_is_400_and_an_upgrade_is_not_taken() -> None:
    """Neither ends the server."""
    async with served() as port:
        for nonsense in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
            async with connected(port) as (reader, writer):
                writer.write(nonsense)
                assert (await rest(reader)).startswith(b"HTTP/1.1 400 ")
        async with connected(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            assert await answer(reader) == (200, b"0")


async def test_lengths_that_contradict_each_other_are_refused() -> None:
    """What one server takes for a body another would take for a request."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\n"
    doubts = (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 4\r\nContent-Length: 5\r\n")
    async with served() as port:
        for doubt in doubts:
            async with connected(port) as (reader, writer):
                writer.write(head + doubt + b"\r\n0\r\n\r\n")
                assert (await rest(reader)).startswith(b"HTTP/1.1 400 ")
