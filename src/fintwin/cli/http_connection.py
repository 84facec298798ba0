"""One HTTP connection as uvicorn's, with what that lacks towards clients who send more than one plain request after the other.

- A body after a wish for another protocol (curl's and Java's ``Upgrade: h2c``) is a body. The parser takes none there and would
  read it as the next request.
- Fields that follow a body are no headers: nobody's `Authorization` is replaced by them.
- What is no request ends the connection after the answers to those before it, not in front of them.
- Requests that come before the last one is answered wait as bytes, except for a few.
- All of them learn that the client has gone, not only the last.

    POST /api/transactions HTTP/1.1
    Connection: Upgrade
    Upgrade: h2c
    Content-Length: 51
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# Requests that wait, parsed, for their turn; and how much is parsed at once: a few hundred more at most.
IN_LINE_MAX: Final = 32
SLICE_BYTES: Final = 16 * 1024
_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})
_BAD: Final = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\nconnection: close\r\n\r\n"
    b"Invalid HTTP request received."
)


class Connection(HttpToolsProtocol):
    """See the module."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Nothing has been asked yet."""
        super().connection_made(transport)
        self._running: RequestResponseCycle | None = None
        self._later = bytearray()
        self._is_deaf = False
        self.flow = _Flow(transport, lambda: bool(self._later))

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever works for this client learns it; what waits is not begun."""
        running = self._running
        if running is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()
        self.pipeline.clear()
        self._later.clear()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse it, or keep it while enough requests wait."""
        self._unset_keepalive_if_required()
        if self._is_deaf:
            return
        if self._later or len(data) > SLICE_BYTES or len(self.pipeline) >= IN_LINE_MAX:
            self._later += data
            self._catch_up()
        else:
            self.feed(data)
        if self._later:
            self.flow.pause_reading()
        elif self.pipeline:
            self._read_on()

    def feed(self, data: bytes) -> None:
        """Parse a slice."""
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                except HttpParserUpgrade as upgrade:
                    data = data[upgrade.args[0] :]
                    self._decline_upgrade()
                else:
                    return
        except HttpParserError:
            self.refuse(_BAD)

    def refuse(self, answer: bytes) -> None:
        """Take no more: say so, unless answers to earlier requests are to come; then the last of them ends the connection."""
        running = self._running
        self._is_deaf = True
        self._later.clear()
        if self.transport.is_closing():
            return
        if running is None or running.response_complete or running.more_body:
            if running is None or running.response_complete or not running.response_started:
                self.transport.write(answer)
            self.transport.close()
            return
        if self.pipeline and self.cycle.more_body:
            self.pipeline.popleft()
        self.cycle = self.pipeline[0][0] if self.pipeline else running
        self.cycle.keep_alive = False

    def on_headers_complete(self) -> None:
        """The headers are told; what is told as one from now on is none."""
        super().on_headers_complete()
        self.headers = []

    def on_message_complete(self) -> None:
        """A body is whole; of a request with a wish for another protocol that is said when the wish is declined."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """The next one's turn."""
        super().on_response_complete()
        if self._later and not self.transport.is_closing():
            self.loop.call_soon(self._catch_up)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _catch_up(self) -> None:
        while self._later and len(self.pipeline) < IN_LINE_MAX and not self.transport.is_closing():
            data = bytes(self._later[:SLICE_BYTES])
            del self._later[:SLICE_BYTES]
            self.feed(data)
        if not self._later:
            self._read_on()

    def _read_on(self) -> None:
        """Also while some wait: a stream before them would not learn that its client has gone."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or len(cycle.body) <= HIGH_WATER_LIMIT:
            self.flow.resume_reading()

    def _decline_upgrade(self) -> None:
        """Goes on with a parser that has been told the same lengths and no wish."""
        rest = _Rest(self)
        self.parser = HttpRequestParser(rest)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        lengths = [name + b": " + value + b"\r\n" for name, value in self.scope["headers"] if name in _LENGTHS]
        self.parser.feed_data(b"".join([b"POST / HTTP/1.1\r\n", *lengths, b"\r\n"]))
        rest.is_told = False


class _Rest:
    """What a parser tells, without the head of its first request, which was told before."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_told = True
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete

    def on_message_begin(self) -> None:
        if not self.is_told:
            self._connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self.is_told:
            self._connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.is_told:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self.is_told:
            self._connection.on_headers_complete()


class _Flow(FlowControl):
    """Reads nothing while something that was read waits to be parsed."""

    def __init__(self, transport: asyncio.Transport, is_behind: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._is_behind = is_behind

    def pause_reading(self) -> None:
        if not self._transport.is_closing():
            super().pause_reading()

    def resume_reading(self) -> None:
        if not self._is_behind() and not self._transport.is_closing():
            super().resume_reading()
