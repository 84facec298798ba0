"""Answers: structs to JSON, with money as exact decimal numbers, and little else on the way.

`Answer` is Litestar's response with a direct way to the socket: what its own class does for every response (cookies, encoders,
background tasks) costs more than booking a deposit.

>>> from decimal import Decimal
>>> encode({"amount": Decimal("1250.50")})
b'{"amount":1250.50}'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from litestar.response import Response

T = TypeVar("T")
JSON: Final = "application/json"

encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class _Reply:
    """An ASGI application that sends one finished response."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._status = status
        self._headers = headers
        self._body = body

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


class Answer(Response[T]):
    """A struct as JSON, or bytes as they are. ``headers`` are plain strings; a status of None is the route's own."""

    def to_asgi_response(  # type: ignore[override]  # a leaner application than Litestar's own class
        self,
        *,
        status_code: int | None = None,
        media_type: str | None = None,
        headers: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> _Reply:
        """Everything in one go: the body is rendered here."""
        status = self.status_code or status_code or 200
        sent: list[tuple[bytes, bytes]] = []
        body = b""
        if status not in {204, 304}:
            content = self.content
            body = content if isinstance(content, bytes) else encode(content)
            kind = self.media_type or media_type or JSON
            sent.append((b"content-type", kind.encode()))
            sent.append((b"content-length", str(len(body)).encode()))
        more = {**(headers or {}), **self.headers}
        sent.extend((name.lower().encode("latin-1"), str(value).encode("latin-1")) for name, value in more.items())
        sent.extend((b"set-cookie", cookie.to_header(header="").encode("latin-1")) for cookie in self.cookies)
        return _Reply(status, sent, body)
