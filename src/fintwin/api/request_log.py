"""One line for each request that has ended: who asked for what, how it went, how long it took.

Of a request there is its route, never the address with its ids and questions, and never a header or a body. Lines are made as
they come, for a microsecond each, and leave together a tenth of a second later: a write for each would cost more than the line.

>>> lines = RequestLog(lambda chunk: print(msgspec.json.decode(chunk)["route"]))
>>> lines.ended("a1-7", "GET", "/api/auth/me", 200, 0.0042, None)
>>> lines.flush()
/api/auth/me
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

PAUSE_S: Final = 0.1
LINES_MAX: Final = 1_000
_FAULT: Final = 500
_BUSY: Final = 503


class Line(msgspec.Struct, frozen=True):
    """What a line holds, in this order."""

    timestamp: datetime
    level: str
    event: str
    request_id: str
    method: str
    route: str
    status: int
    duration_ms: float
    user_id: UUID | None


def level_of(status: int) -> str:
    """A fault of ours is an error, a service that cannot a warning; what people do wrong is neither."""
    if status < _FAULT:
        return "info"
    return "warning" if status == _BUSY else "error"


def _now() -> datetime:
    return datetime.now(UTC)


def to_standard_error(chunk: bytes) -> None:
    """Straight to the file descriptor; a log that nobody reads any more must not end the service."""
    with suppress(OSError):
        while chunk:
            chunk = chunk[os.write(2, chunk) :]


class RequestLog:
    """See the module. One per process."""

    def __init__(
        self, write: Callable[[bytes], None] = to_standard_error, clock: Callable[[], datetime] = _now
    ) -> None:
        """``write`` takes whole lines; ``clock`` tells when a request has ended."""
        self._write = write
        self._clock = clock
        self._lines: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode

    def ended(
        self, request_id: str, method: str, route: str, status: int, seconds: float, user_id: UUID | None
    ) -> None:
        """One request."""
        lines = self._lines
        lines.append(
            self._encode(
                Line(
                    self._clock(), level_of(status), "request", request_id, method, route, status,
                    round(seconds * 1000, 3), user_id,
                )
            )
        )  # fmt: skip
        if len(lines) == 1:
            with suppress(RuntimeError):  # without a loop the caller flushes
                asyncio.get_running_loop().call_later(PAUSE_S, self.flush)
        elif len(lines) >= LINES_MAX:
            self.flush()

    def flush(self) -> None:
        """Write what has come together."""
        if self._lines:
            chunk = b"\n".join([*self._lines, b""])
            self._lines.clear()
            self._write(chunk)
