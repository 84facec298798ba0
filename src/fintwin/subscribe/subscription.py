"""Every event of the log after a position, in order, as an asynchronous iterator.

Each entry of the stream tells the position of the one before. Where that is not the last one that came, entries are missing: the
stream was trimmed, or Redis lost it. Then they are asked for elsewhere (`refill`) before it goes on, so nothing is left out and
nothing comes out of order. What came before is passed over. While Redis or the refill cannot be reached it waits and tries again.

With a ``group`` the stream is not trimmed before the group has acknowledged (docs/streams.md has the bound). Several consumers
of a group take turns: one works, and when it is gone another claims what it had left unacknowledged. An event counts as handled
when the next one is asked for.

    async with Subscription(url, after=0, refill=refill, group="mailer", consumer="mailer-1") as subscription:
        async for event in subscription:
            ...
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx
import msgspec
import structlog
from redis.exceptions import RedisError, ResponseError

from fintwin.publisher.envelope import VERSION, StoredEventBody, position_of, stream_name
from fintwin.publisher.redis_stream import open_redis
from fintwin.subscribe.leading import Lead
from fintwin.subscribe.refill import Refill

PAGE_ENTRIES: Final = 200
REFILL_EVENTS: Final = 500
BLOCK_SECONDS: Final = 1.0
STANDBY_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 0.1
RETRY_SECONDS_MAX: Final = 2.0
ACKNOWLEDGED_AT_ONCE: Final = 100

_log = structlog.get_logger("fintwin.subscribe")
_decode: Final = msgspec.json.Decoder(StoredEventBody).decode


class FormatError(Exception):
    """An entry of a form that this version does not know."""


class _StandBackError(Exception):
    """Another consumer of the group leads."""


class _Entry(NamedTuple):
    id: bytes
    position: int
    prev_position: int
    event: StoredEventBody


class Subscription:
    """See the module."""

    def __init__(
        self,
        redis_url: str,
        *,
        after: int | Callable[[], Awaitable[int]],
        refill: Refill,
        group: str | None = None,
        consumer: str | None = None,
        shard: int = 0,
        follow: bool = True,
    ) -> None:
        """``after``: the last position that was handled, or where to ask for it each time this consumer begins to work.

        ``consumer`` names this process within the group; two processes need two names. Without ``follow`` it ends at the
        stream's end.
        """
        self._client = open_redis(redis_url)
        self._name = stream_name(shard)
        self._after = after
        self._refill = refill
        self._group = group
        self._consumer = consumer or f"{socket.gethostname()}-{os.getpid()}"
        self._follow = follow
        self._last = 0
        self._begun = False
        self._handled: list[bytes] = []
        self._lead = None if group is None else Lead(self._client, group=group, consumer=self._consumer, shard=shard)
        self._events = self._for_ever()

    @property
    def position(self) -> int:
        """The last position that was handled."""
        return self._last

    def __aiter__(self) -> AsyncIterator[StoredEventBody]:
        return self._events

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Acknowledge what was handled, and let another consumer go on."""
        await self._events.aclose()  # type: ignore[attr-defined]
        try:
            await self._acknowledge()
            if self._lead is not None:
                await self._lead.give_back()
        except (RedisError, OSError):
            pass  # it runs out by itself, and what was handled is passed over the next time
        await self._client.aclose()

    async def _for_ever(self) -> AsyncIterator[StoredEventBody]:
        wait_s = RETRY_SECONDS
        while True:
            before = self._last
            try:
                await self._begin()
                async for event in self._entries():
                    yield event
            except _StandBackError:
                self._handled.clear()
                await asyncio.sleep(STANDBY_SECONDS)
                continue
            except (RedisError, OSError, httpx.HTTPError) as error:
                wait_s = RETRY_SECONDS if self._last > before else min(wait_s * 2, RETRY_SECONDS_MAX)
                _log.warning("the stream cannot be read: trying again", error=repr(error), wait_s=wait_s)
            else:
                return
            await asyncio.sleep(wait_s)

    async def _begin(self) -> None:
        if self._lead is not None and not (self._lead.held or await self._lead.take()):
            raise _StandBackError
        if callable(self._after):
            self._last = await self._after()
        elif not self._begun:
            self._last = self._after
        self._begun = True

    async def _entries(self) -> AsyncIterator[StoredEventBody]:
        """What the stream has and gets, holes filled. Ends at the end without ``follow``."""
        if self._group is not None:
            await self._make_group()
            async for event in self._claimed(self._group):
                yield event
        while True:
            entries = await self._next()
            for entry in entries:
                async for event in self._in_order(entry):
                    yield event
            if not entries:
                # The last entries may be missing as well: no later one tells of that hole.
                async for event in self._filled(await self._stream_end()):
                    yield event
                if not self._follow:
                    return

    async def _next(self) -> list[_Entry]:
        await self._acknowledge()
        if self._lead is not None and not self._lead.held:
            raise _StandBackError
        block = int(BLOCK_SECONDS * 1000) if self._follow else None
        if self._group is None:
            found: Any = await self._client.xread({self._name: f"{self._last}-0"}, count=PAGE_ENTRIES, block=block)
        else:
            try:
                found = await self._client.xreadgroup(
                    self._group, self._consumer, {self._name: ">"}, count=PAGE_ENTRIES, block=block
                )
            except ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
                await self._make_group()
                return []
        streams = found.items() if isinstance(found, dict) else found or ()
        return [_entry(*one) for _, entries in streams for one in _flat(entries)]

    async def _make_group(self) -> None:
        """The group is Redis' to lose: it is made again behind what was handled."""
        try:
            await self._client.xgroup_create(self._name, self._group or "", id=f"{self._last}-0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _claimed(self, group: str) -> AsyncIterator[StoredEventBody]:
        """What another consumer, or this one in an earlier life, was given and did not acknowledge. Only who leads claims."""
        start: Any = "0-0"
        while True:
            start, entries, *_ = await self._client.xautoclaim(
                self._name, group, self._consumer, min_idle_time=0, start_id=start, count=PAGE_ENTRIES
            )
            for one in entries:
                if one[0] is not None and one[1] is not None:
                    async for event in self._in_order(_entry(*one)):
                        yield event
            await self._acknowledge()
            if start == b"0-0":
                break
        # Entries that were trimmed before they were acknowledged: the position tells whether they were handled.
        while gone := await self._client.xpending_range(
            self._name, group, min="-", max=f"{self._last}-0", count=PAGE_ENTRIES
        ):
            await self._client.xack(self._name, group, *[one["message_id"] for one in gone])

    async def _in_order(self, entry: _Entry) -> AsyncIterator[StoredEventBody]:
        if entry.position > self._last:
            async for event in self._filled(entry.prev_position):
                yield event
            if self._lead is not None and not self._lead.held:
                raise _StandBackError
            yield entry.event
            self._last = entry.position
        if self._group is not None:
            self._handled.append(entry.id)
            if len(self._handled) >= ACKNOWLEDGED_AT_ONCE:
                await self._acknowledge()

    async def _filled(self, until: int) -> AsyncIterator[StoredEventBody]:
        """The events of a hole, up to a position."""
        if until > self._last:
            _log.info("entries are missing in the stream: asking for them", after=self._last, until=until)
        wait_s = RETRY_SECONDS
        while until > self._last:
            before = self._last
            try:
                found = await self._refill(self._last, min(REFILL_EVENTS, until - self._last))
            except httpx.HTTPError as error:
                _log.warning("missing events cannot be had yet: trying again", error=repr(error), wait_s=wait_s)
                found = ()
            for event in found:
                if self._last < event.position <= until:
                    yield event
                    self._last = event.position
            if self._last == before:
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, RETRY_SECONDS_MAX)

    async def _stream_end(self) -> int:
        try:
            info = await self._client.xinfo_stream(self._name)
        except ResponseError as error:
            if "no such key" in str(error):
                return 0
            raise
        return position_of(info["last-generated-id"])

    async def _acknowledge(self) -> None:
        if self._handled and self._group is not None:
            await self._client.xack(self._name, self._group, *self._handled)
            self._handled.clear()


def _flat(entries: Any) -> Any:
    """Under its newer protocol Redis wraps the entries of a stream once more."""
    return entries[0] if entries and isinstance(entries[0], list) else entries


def _entry(number: bytes, fields: dict[bytes, bytes]) -> _Entry:
    if fields.get(b"v") != VERSION.encode():
        form = fields.get(b"v", b"unknown").decode(errors="replace")
        msg = f"the entry {number.decode()} has the form {form}, known is {VERSION}: use a newer fintwin.subscribe"
        raise FormatError(msg)
    return _Entry(number, position_of(number), int(fields[b"prev_position"]), _decode(fields[b"event"]))
