"""What every request of the service passes before it is routed: who it is, whether it may come in, what its answer carries.

In this order: the name it asks for (400), the token or cookie, for a cookie whether a page of ours asks (403), the limits (429),
a free place (503), a minute to be done (503). Who has no good token is let through as nobody: the routes say themselves whether
that is enough. Everything here together costs some microseconds, and nothing in it waits for another machine.

    await door.pass_through(visit, scope, receive, send, application)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from math import ceil, inf
from typing import TYPE_CHECKING, Any, Final

from fintwin.api.answers import encode
from fintwin.api.origin import Headers, Hosts, Proxies, is_loopback_name, same_site
from fintwin.api.problems import BUSY_DOOR, CROSS_SITE, MEDIA_TYPE, STOPPING, TOO_LONG, TOO_MANY, UNKNOWN_HOST, Problem
from fintwin.api.room import Room, Visit
from fintwin.api.web import HSTS
from fintwin.identity.tokens import Bearer

if TYPE_CHECKING:
    from fintwin.bootstrap import Services

COOKIE_TLS: Final = "__Host-ft_session"
COOKIE_LOOPBACK: Final = "ft_session"
ME: Final = "/api/auth/me"
"""Never limited, shed last: by it a page learns whether it is still signed in."""

# The page of the documentation has a style sheet of its own; JSON needs nothing.
POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS: Final = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_HEADERS_TLS: Final = [*HEADERS, HSTS]
_CONTENT_TYPE: Final = (b"content-type", MEDIA_TYPE.encode())
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_UNCHECKED: Final = ("/health/", "/metrics")
_BEARER: Final = b"bearer "
_STREAM: Final = b"text/event-stream"

Inner = Callable[[Any, Any, Any], Awaitable[None]]


class Door:
    """See the module. One per process."""

    def __init__(self, services: Services, refused: Callable[[str, int, str], None], room: Room | None = None) -> None:
        """``refused`` is told route, status and code of what is turned away."""
        settings = services.settings.door
        self._admission = services.admission
        self._limits = services.limits
        self._refused = refused
        self.room = room or Room()
        self.hosts = Hosts(settings.allowed_hosts)
        self.proxies = Proxies(settings.trusted_proxies)

    async def pass_through(self, visit: Visit, scope: Any, receive: Any, send: Any, inner: Inner) -> None:
        """Answer a request: by ``inner``, or by what speaks against that. ``send`` calls `starts` as the answer starts."""
        path = scope["path"]
        if self.room.is_full and path.startswith("/api") and path != ME:
            visit.headers = HEADERS
            await self._turn_away(scope, send, BUSY_DOOR, 1)
            return
        against = self._against(visit, scope)
        if against is not None:
            await self._turn_away(scope, send, *against)
            return
        if path.startswith(_UNCHECKED):
            await inner(scope, receive, send)
            return
        try:
            if not await self.room.enter(visit, shed_last=path == ME):
                await self._turn_away(scope, send, BUSY_DOOR, 1)
                return
            scope["visit"] = visit
            await inner(scope, receive, send)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or (visit.started and not visit.overdue):
                raise
            task.uncancel()
            # Where it is not overdue it was the server, which stops and has waited long enough.
            if not visit.started:
                await self._turn_away(scope, send, TOO_LONG if visit.overdue else STOPPING, 1)
        finally:
            self.room.leave(visit)

    def starts(self, visit: Visit, headers: Any) -> None:
        """An answer begins. A stream of events takes no place and has no end; a file of unknown length takes its time."""
        visit.started = True
        told = False
        for name, value in headers:
            if name == b"content-type" and value.startswith(_STREAM):
                self.room.leave(visit)
            told = told or name == b"content-length"
        if not told:
            visit.until = inf

    def cookie_name(self, scope: Any) -> str | None:
        """The name of the cookie that a session may have here; None where only TLS would do."""
        headers: Headers = dict(scope["headers"])
        if self.proxies.scheme(scope, headers) == "https":
            return COOKIE_TLS
        return COOKIE_LOOPBACK if is_loopback_name(headers.get(b"host", b"")) else None

    def cookie(self, scope: Any) -> str | None:
        """What the session's cookie holds, or None."""
        headers: Headers = dict(scope["headers"])
        name = self.cookie_name(scope)
        return None if name is None else _cookie(headers.get(b"cookie", b""), name.encode())

    def is_same_site(self, scope: Any) -> bool:
        """Whether a page of ours asks."""
        headers: Headers = dict(scope["headers"])
        return same_site(headers, self.proxies.scheme(scope, headers))

    def address(self, scope: Any) -> str:
        """By which address a request is counted."""
        return self.proxies.address(scope, dict(scope["headers"]))

    def _against(self, visit: Visit, scope: Any) -> tuple[Problem, int] | None:
        """What speaks against a request, with the seconds after which it may come again (0: never)."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path: str = scope["path"]
        visit.headers = _HEADERS_TLS if self.proxies.scheme(scope, headers) == "https" else HEADERS
        if not self.hosts.know(headers.get(b"host", b"")) and not path.startswith(_UNCHECKED):
            return UNKNOWN_HOST, 0
        bearer: Bearer | None = None
        authorization = headers.get(b"authorization")
        if authorization is not None:
            if authorization[:7].lower() == _BEARER:
                bearer = self._admission.bearer(authorization[7:].decode("latin-1").strip())
        elif b"cookie" in headers:
            cookie = self.cookie(scope)
            if cookie is not None:
                if scope["method"] not in _SAFE and not self.is_same_site(scope):
                    return CROSS_SITE, 0
                bearer = self._admission.bearer(cookie.rpartition(".")[0])
        if bearer is not None:
            scope["user"] = bearer
        wait_s = self._wait_s(bearer, path, scope, headers)
        return None if wait_s == 0.0 else (TOO_MANY, ceil(wait_s))

    def _wait_s(self, bearer: Bearer | None, path: str, scope: Any, headers: Headers) -> float:
        """Counts a request: of somebody signed in as theirs, of anybody else by their address."""
        if path.rstrip("/") == ME:
            return 0.0
        if bearer is not None:
            return self._limits.take("user", bearer.user_id.int)
        if path.startswith("/api"):
            return self._limits.take("address", self.proxies.address(scope, headers))
        return 0.0

    async def _turn_away(self, scope: Any, send: Any, problem: Problem, again_s: int) -> None:
        self._refused("none", problem.status, problem.code)
        body = _ready(problem) + scope["request_id"].encode() + b'"}'
        headers = [_CONTENT_TYPE, (b"content-length", str(len(body)).encode())]
        if again_s:
            headers.append((b"retry-after", str(again_s).encode()))
        await send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


@cache
def _ready(problem: Problem) -> bytes:
    """All of a problem but the id of the request, which is its last field: refusing has to be cheap."""
    return encode(problem).removesuffix(b'"}')


def _cookie(header: bytes, name: bytes) -> str | None:
    for part in header.split(b";"):
        key, _, value = part.strip().partition(b"=")
        if key == name:
            return value.decode("latin-1")
    return None
