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


POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
WISH = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"


@pytest.mark.parametrize("apart", [False, True])
async def test_a_body_after_a_wish_for_another_protocol_is_a_body(*, apart: bool) -> None:
    """Curl and Java wish for h2c with every request; what follows is neither lost nor taken for a request."""
    async with served() as port, connected(port) as (reader, writer):
        chunked = (b"Transfer-Encoding: chunked\r\n", b"5\r\nGET /\r\n0\r\n\r\n")
        for framing, body in ((b"Content-Length: 5\r\n", b"GET /"), chunked):
            head = b"POST / HTTP/1.1\r\nHost: a\r\n" + framing + WISH + b"\r\n"
            more = body + POST + b"\r\nabcdeGET / HTTP/1.1\r\nHost: a\r\n" + WISH + b"\r\n" + POST + b"\r\nabcde"
            for piece in (head, *(more[at : at + 7] for at in range(0, len(more), 7))) if apart else (head + more,):
                writer.write(piece)
                await asyncio.sleep(0.001 if apart else 0)
            assert [await answer(reader) for _ in range(4)] == [(200, b"5"), (200, b"5"), (200, b"0"), (200, b"5")]


async def test_fields_after_a_body_are_no_headers() -> None:
    """Else they would replace what a gateway or the client has said before."""
    seen: list[bytes] = []

    async def watched(scope: Message, receive: Any, send: Any) -> None:
        await app(scope, receive, send)
        seen.extend(name for name, _ in scope["headers"])

    async with served(watched) as port, connected(port) as (reader, writer):
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + b"5\r\nabcde\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
        assert await answer(reader) == (200, b"5")
        assert seen == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize(
    "end", [b"\0\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", POST + b"Content-Length: 6\r\n\r\n", b"XXXXXXXXX"]
)
async def test_what_is_no_request_takes_no_answer_from_those_before(end: bytes) -> None:
    """They are answered for what they did; then the connection ends."""
    async with served() as port, connected(port) as (reader, writer):
        writer.write((POST + b"\r\nabcde") * 3 + end)
        told = await rest(reader)
        assert told.count(b"HTTP/1.1 200 ") == told.count(b"HTTP/1.1 ") == 3
        assert told.count(b"connection: close") == 1


async def test_thousands_of_requests_at_once_wait_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are answered in their order, bodies between them, and never are more than some hundreds parsed ahead."""
    count, ahead, paths = 5000, [0], []

    class Watched(http_server.Protocol):
        def feed(self, data: bytes) -> None:
            super().feed(data)
            ahead.append(len(self.pipeline))

    async def watched(scope: Message, receive: Any, send: Any) -> None:
        paths.append(int(scope["path"][1:]))
        await app(scope, receive, send)

    monkeypatch.setattr(http_server, "Protocol", Watched)
    async with served(watched) as port, connected(port) as (reader, writer):
        for at in range(count):
            head = b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (at, at % 7)
            writer.write(head + b"x" * (at % 7))
        assert [(await answer(reader))[1] for _ in range(count)] == [b"%d" % (at % 7) for at in range(count)]
    assert paths == list(range(count))
    assert 0 < max(ahead) < 1000


async def test_all_requests_of_a_client_that_has_gone_learn_it() -> None:
    """A stream with another request behind it as well; what has not begun never does."""
    begun, over = [], asyncio.Event()

    async def stream(scope: Message, receive: Any, send: Any) -> None:
        begun.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.body", "body": b"x", "more_body": False})
        over.set()

    async with served(stream) as port:
        async with connected(port) as (reader, writer):
            writer.write(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        await asyncio.wait_for(over.wait(), PATIENCE_S)
    assert begun == ["/stream"]


@pytest.mark.usefixtures("impatient")
async def test_who_takes_the_answer_slowly_gets_all_of_it() -> None:
    """Even when it was ready at once: only who takes nothing is cut off."""
    size = 16 * 1024 * 1024

    async def whole(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.body", "body": bytes(size), "more_body": False})

    async with served(whole) as port, connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(16):
            await reader.readexactly(size // 16)
            await asyncio.sleep(0.1)
        assert writer.transport.is_closing() is False
