"""Serves an ASGI application with uvicorn in this event loop, until a signal says stop.

The server shares the application's loop, so a request goes from its socket to its handler without a change of thread
(docs/decisions/0019). Several processes may serve one port: on Linux it is opened with SO_REUSEPORT.

    asyncio.run(serve(app, "127.0.0.1", 8000))
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from fintwin.cli.http_connection import Connection
from fintwin.garbage import rest_garbage_collection

BACKLOG: Final = 1024
# Connections at once; one more is told to come back later. What bounds the work is the door.
CONNECTIONS_MAX: Final = 12_000
# For requests that are running when somebody says stop; an event stream, which would go on for ever, is cut then.
GRACE_S: Final = 3
# A gateway keeps its connections for a minute: whoever opened one should be the first to close it.
KEEP_ALIVE_S: Final = 75
# How long the head of a request may take to arrive, from a connection's first moment or the request's first byte, and how long
# it may be, with what follows a body. The parser itself knows neither limit. Looking round now and then costs less than a timer
# for each request.
HEAD_S: Final = 30
HEAD_MAX_BYTES: Final = 64 * 1024
# How long a client may take nothing of an answer that is ready for it.
SEND_S: Final = 60
SWEEP_EVERY_S: Final = 5
_TOO_LONG: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Protocol(Connection):
    """One connection, with limits on the heads of its requests and on the patience with its client."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is awaited from now on."""
        super().connection_made(transport)
        self._awaiting_since_s: float | None = self.loop.time()
        self._untaken_since_s: float | None = None
        self._untaken_bytes = 0
        self._useless_bytes = 0
        self._in_message = False

    def is_overdue(self, now_s: float) -> bool:
        """Whether the client has had its time to send what it began, or to take an answer; by the loop's clock."""
        cycle: RequestResponseCycle | None = self.cycle
        answered = cycle is None or cycle.response_complete
        if answered and self._awaiting_since_s is not None and now_s - self._awaiting_since_s > HEAD_S:
            return True
        return self._is_stuck(now_s)

    def _is_stuck(self, now_s: float) -> bool:
        """Whether nothing was taken of what is ready since SEND_S; a client that takes it slowly is none of those."""
        untaken_bytes = self.transport.get_write_buffer_size()
        if untaken_bytes == 0:
            self._untaken_since_s = None
        elif self._untaken_since_s is None or untaken_bytes < self._untaken_bytes:
            self._untaken_since_s = now_s
        self._untaken_bytes = untaken_bytes
        return self._untaken_since_s is not None and now_s - self._untaken_since_s > SEND_S

    def data_received(self, data: bytes) -> None:
        """Some of a head, of a body, or of both."""
        if self._awaiting_since_s is None and not self._in_message:
            self._awaiting_since_s = self.loop.time()
        super().data_received(data)

    def feed(self, data: bytes) -> None:
        """A slice of that; who brings too much that is of no use is refused."""
        self._useless_bytes += len(data)
        super().feed(data)
        if self._useless_bytes > HEAD_MAX_BYTES:
            self.refuse(_TOO_LONG)

    def on_headers_complete(self) -> None:
        """A head is whole; the application sets to work."""
        self._awaiting_since_s = None
        self._useless_bytes = 0
        self._in_message = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of a body; how much of it is wanted is for the application to say."""
        self._useless_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A body is whole; what comes next is another head."""
        if self.parser.should_upgrade():
            return
        self._awaiting_since_s = None
        self._useless_bytes = 0
        self._in_message = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is given; a body that nobody read has its time to end."""
        if self._in_message:
            self._awaiting_since_s = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """The client has caught up: it takes what it gets, however much waits when somebody looks."""
        self._untaken_since_s = None
        super().resume_writing()


class Server(uvicorn.Server):
    """Stops when it is told to, and leaves signals to its owner."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are `serve`'s."""
        yield

    async def main_loop(self) -> None:
        """Serves until ``should_exit``."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            await super().main_loop()
        finally:
            sweeping.cancel()

    async def _sweep(self) -> None:
        """Cuts off whoever sends the head of a request drop by drop or nothing at all, or never takes the answer."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            now_s = loop.time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Protocol) and connection.is_overdue(now_s):
                    connection.transport.abort()


def server_of(app: Any, *, grace_s: int = GRACE_S) -> Server:
    """A server that is yet to be given its socket: ``await server.serve([socket])``, ended by ``server.should_exit = True``."""
    return Server(
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level=logging.ERROR,  # below that it tells of every request that is none
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=grace_s,
        )
    )


def opened(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        OSError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=sys.platform == "linux")


async def serve(app: Any, host: str, port: int, *, on_stop: Callable[[], None] = lambda: None) -> None:
    """Returns after SIGINT or SIGTERM, when running requests are answered or had their time.

    ``on_stop`` is called at the signal: whoever has streams without an end ends them there.

    Raises:
        OSError: the address is taken or not ours.
    """
    server = server_of(app)

    def stop() -> None:
        on_stop()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    rest_garbage_collection()
    with opened(host, port) as listening:
        await server.serve([listening])
