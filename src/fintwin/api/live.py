"""`/api/live`: Server-Sent Events of what happens to the caller, as soon as the read models show it.

The stream begins with balances and risks as they stand. Each further batch tells the caller's own new transactions and
notifications, the balances and risks that have changed, and ends with `reached`: only that message carries an id, the position
up to which everything has been told. Whoever was cut off says it as `Last-Event-ID` and misses nothing; what came after the
last `reached` comes again.

    GET /api/live

    event: balance
    data: {"account_id":"...","currency":"EUR","balance":12.50,...}

    id: 1042
    event: reached
    data: {"position":1042}
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from time import time
from typing import Final, Literal
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.response import Stream as Streamed

from fintwin.api import notifications, transaction
from fintwin.api.accounts import balance_of
from fintwin.api.answers import encode
from fintwin.api.call import Call, signed_in
from fintwin.api.problems import ProblemError, malformed, problem
from fintwin.api.risk import locale_of
from fintwin.api.statement_pages import POSITION_MAX
from fintwin.domain.streams import StreamKind
from fintwin.identity.tokens import LEEWAY_S
from fintwin.live.hub import MODELS, Ended, Stream, TooManyStreamsError
from fintwin.projections.risk_levels import Level
from fintwin.store import news, read, reading_insights
from fintwin.store.connect import LOST, UNDONE
from fintwin.store.keys import KeyDestroyedError
from fintwin.store.reading import NotReachedError

HEARTBEAT_S: Final = 15.0
RETRY_S: Final = 1.0
TOLD_AT_ONCE_MAX: Final = 500
"""Transactions or notifications; whoever has missed more is told to ask for everything again."""

_HEARTBEAT: Final = b": still here\n\n"
_HEADERS: Final = {"X-Accel-Buffering": "no"}
Event = Literal["transaction", "notification", "balance", "risk", "reached", "reset", "end"]


class RiskNow(msgspec.Struct, frozen=True):
    """The risk of an account, told when it has changed."""

    account_id: UUID
    score: int
    alert_level: Level


class Reached(msgspec.Struct, frozen=True):
    """Everything up to this position has been told."""

    position: int


class End(msgspec.Struct, frozen=True):
    """Nothing more comes on this stream."""

    reason: Ended


@get(
    "/",
    media_type="text/event-stream",
    summary="What happens to the caller, as Server-Sent Events",
    description=(
        "A stream without an end. Events: `transaction` (a Transaction), `notification` (a NotificationBody), `balance` (a "
        "Balance), `risk` ({account_id, score, alert_level}), `reached` ({position}; ends each batch and is the only one with an "
        "id), `reset` ({position}: more has happened since `Last-Event-ID` than is told, ask for everything again), `end` "
        "({reason: signed_out, expired or shutdown}). Comments keep the connection open. The header `Last-Event-ID` takes the id "
        "that was seen last."
    ),
)
async def follow(request: Call) -> Streamed:
    """At least once: what came after the last `reached` comes again after a break."""
    since = _last_event_id(request)
    bearer, admission = request.user, request.services.admission

    def over() -> Ended | None:
        if admission.is_revoked(bearer):
            return "signed_out"
        return "expired" if bearer.expires_at + LEEWAY_S < time() else None

    hub = request.services.live
    try:
        stream = hub.open(request.user_id, over)
    except TooManyStreamsError as error:
        raise _too_many(own=error.own) from None
    try:
        stream.told = (await hub.look()).position
    except BaseException:
        hub.close(stream)
        raise
    return Streamed(_Told(request, stream, since), media_type="text/event-stream", headers=_HEADERS)


class _Told:
    """What one client is told, message by message."""

    def __init__(self, request: Call, stream: Stream, since: int | None) -> None:
        self._request = request
        self._stream = stream
        self._since = since
        self._risks: dict[UUID, RiskNow] = {}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        hub, stream = self._request.services.live, self._stream
        beginning = True
        try:
            yield b"retry: 2000\n\n"
            while stream.ended is None:
                try:
                    if beginning:
                        batch = await self._begin()
                        beginning = False
                    else:
                        batch = await self._next()
                except (NotReachedError, *LOST, *UNDONE):
                    # The connection stays: it goes on as soon as the database does.
                    await asyncio.sleep(RETRY_S)
                    stream.wake()
                    yield _HEARTBEAT
                    continue
                except KeyDestroyedError:
                    stream.end("signed_out")
                    continue
                if batch:
                    yield batch
                while not await stream.news(HEARTBEAT_S):
                    yield _HEARTBEAT
            yield _message("end", End(stream.ended))
        finally:
            hub.close(stream)

    async def _begin(self) -> bytes:
        """Balances and risks as they stand, after what a client that was cut off has missed."""
        until = self._stream.told
        missed = b""
        if self._since is not None and self._since != until:
            missed = await self._between(self._since, until) if self._since < until else _reset(until)
        async with self._request.services.live.reading:
            now = await self._changed(0)
        return missed + now + _reached(until)

    async def _next(self) -> bytes:
        """What is new since the last batch; empty where nothing is."""
        after, until = self._stream.told, self._request.services.live.front.position
        if until <= after:
            return b""
        batch = await self._between(after, until)
        async with self._request.services.live.reading:
            batch += await self._changed(after)
        self._stream.told = until
        return batch + _reached(until)

    async def _between(self, after: int, until: int) -> bytes:
        """New transactions and notifications in the order of booking; `reset` where a read model has stopped at a fault."""
        request, pool = self._request, self._request.services.pools["api"]
        user_id, models = request.user_id, request.services.live.front.models
        told: list[tuple[int, bytes]] = []
        limit = TOLD_AT_ONCE_MAX + 1
        async with request.services.live.reading:
            if "statements" in models:
                seen = await news.transactions(pool, user_id, after=after, until=until, limit=limit)
                if seen.value:
                    key = await request.services.ledger.user_key(user_id)
                    told += [
                        (row.position, _message("transaction", transaction.of_statement(row, key, None)))
                        for row in seen.value
                    ]
            if {"notifications", "risk"} <= models:
                noted = await news.notifications(pool, user_id, after=after, until=until, limit=limit)
                if noted.value:
                    locale = await locale_of(request)
                    told += [
                        (row.position, _message("notification", notifications.shown(row, locale)))
                        for row in noted.value
                    ]
        if len(told) > TOLD_AT_ONCE_MAX:
            return _reset(until)
        gap = b"" if models.issuperset(MODELS) else _reset(until)
        return gap + b"".join(message for _, message in sorted(told, key=lambda one: one[0]))

    async def _changed(self, after: int) -> bytes:
        """Balances that have moved after a position, and risks that are not as last told."""
        request, pool = self._request, self._request.services.pools["api"]
        told = [
            _message("balance", balance_of(head))
            for head in await read.heads(pool, request.user_id)
            if head.stream.kind is StreamKind.ACCOUNT and head.position > after
        ]
        if "risk" in request.services.live.front.models:
            seen = await reading_insights.risk(pool, request.user_id, now=datetime.now(UTC), min_position=after)
            for one in seen.value:
                risk = RiskNow(one.account_id, one.score.score, one.score.level)
                if self._risks.get(one.account_id) != risk:
                    self._risks[one.account_id] = risk
                    told.append(_message("risk", risk))
        return b"".join(told)


def _message(event: Event, data: msgspec.Struct, position: int | None = None) -> bytes:
    head = b"" if position is None else b"id: %d\n" % position
    return head + b"event: %s\ndata: %s\n\n" % (event.encode(), encode(data))


def _reached(position: int) -> bytes:
    return _message("reached", Reached(position), position)


def _reset(position: int) -> bytes:
    return _message("reset", Reached(position))


def _last_event_id(request: Call) -> int | None:
    text = request.headers.get("last-event-id")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= POSITION_MAX):
        raise malformed("Last-Event-ID is the id of the last `reached` that was seen.", "Last-Event-ID")
    return int(text)


def _too_many(*, own: bool) -> ProblemError:
    if own:
        detail = "You have as many live streams open as there may be: close one, or try again later."
        return ProblemError(problem(429, "too_many_streams", detail), {"Retry-After": "30"})
    detail = "This process has as many live streams open as it takes: try again shortly."
    return ProblemError(problem(503, "busy", detail), {"Retry-After": "10"})


router = Router("/api/live", route_handlers=[follow], before_request=signed_in, tags=["Live"])
