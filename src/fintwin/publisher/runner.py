"""The publisher: follows the log and puts every event into the shard's Redis stream, once and in order.

One runner works at a time, elected by a lease with an epoch; others wait. Where to go on is asked of the stream itself, whose end
must be an event of this very log: so nothing is published twice or left out, wherever the last runner was killed. A stream that
was flushed is filled again. While Redis cannot be used nothing else is held up: the publisher tries again, ever less often, and
says so in `publish.stream`.

    await Publisher(pool, client, holder="host:1234", entries_max=100_000).run(stop)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, Final

import structlog
from redis import asyncio as redis_async
from redis.exceptions import OutOfMemoryError

from fintwin.publisher.envelope import as_json, stream_name
from fintwin.publisher.redis_stream import REFUSED, UNREACHABLE, ForeignError, MovedError, RedisStream
from fintwin.publisher.trimming import Trimming
from fintwin.store import publishing
from fintwin.store.connect import LOST, UNDONE, Pool
from fintwin.store.lease import Leader, SupersededError
from fintwin.store.listening import LOG_CHANNEL
from fintwin.store.shard import SHARD

BATCH_EVENTS: Final = 2_000
"""More than the largest transaction has: a transaction is never split."""
POLL_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 0.1
RETRY_SECONDS_MAX: Final = 2.0
ROUND_SECONDS: Final = 0.01
"""Between the beginnings of two rounds under load: fewer and larger rounds leave the processor to those who append."""
NOTE_SECONDS: Final = 0.25
LOOK_SECONDS: Final = 1.0
TRIM_SECONDS: Final = 5.0

_log = structlog.get_logger("fintwin.publisher")


class Publisher:
    """See the module. Stops when `run`'s event is set."""

    def __init__(
        self,
        pool: Pool,
        client: redis_async.Redis,
        *,
        holder: str,
        entries_max: int,
        reach: Callable[[str], None] = lambda _point: None,
    ) -> None:
        """``pool`` is the publisher role's, with at least three connections; ``holder`` names this process to people.

        ``entries_max`` bounds the stream, whoever has not read it yet; ``reach`` is called at the points by name where tests
        end the process.
        """
        self._pool = pool
        self._stream = RedisStream(client, stream_name(SHARD))
        self._leader = Leader(pool, publishing.LEASE, holder=holder, channels=[LOG_CHANNEL])
        self._trimming = Trimming(self._stream, pool, entries_max)
        self._reach = reach
        # What is in the stream for certain, and what is on its way there.
        self._position = 0
        self._recorded_at: Any = None
        self._sending: tuple[asyncio.Task[None], int, Any] | None = None
        # Where the stream itself ends: 0 when it is empty, wherever it is to begin.
        self._stream_end = 0
        self._noted: tuple[int, str | None] | None = None
        self._noted_at = self._looked_at = self._trimmed_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the lease, follow the log, begin again after whatever goes wrong, until ``stop`` is set."""
        await self._leader.run(stop, self._lead)

    async def _lead(self) -> None:
        _log.info("publisher leads", epoch=self._leader.epoch)
        try:
            await self._leader.while_leading(self._follow_for_ever())
        finally:
            with contextlib.suppress(SupersededError, *LOST, *UNDONE):
                await self._note(self._noted[1] if self._noted else None)

    async def _follow_for_ever(self) -> None:
        """Follow the log; what goes wrong with Redis is noted, and tried again."""
        self._noted = None
        wait_s = RETRY_SECONDS
        while self._leader.leads:
            began = monotonic()
            try:
                self._position = await self._resume()
                await self._follow()
            except MovedError as moved:
                _log.warning("the stream was changed by somebody else: looking again", ends_with=str(moved))
                await self._leader.pause(RETRY_SECONDS)
                continue
            except OutOfMemoryError as error:
                if await self._unless_unreachable(self._trimming.make_room(self._leader.epoch)):
                    continue
                fault = f"Redis has no memory left: {error}"
            except ForeignError as error:
                fault = str(error)
            except (*UNREACHABLE, REFUSED) as error:
                fault = f"Redis cannot be used: {error!r}"
            else:
                continue
            finally:
                await self._forget_sending()
            wait_s = RETRY_SECONDS if monotonic() - began > RETRY_SECONDS_MAX else min(wait_s * 2, RETRY_SECONDS_MAX)
            _log.warning("nothing is published: trying again", fault=fault, wait_s=wait_s)
            await self._note(fault)
            await self._leader.pause(wait_s)

    @staticmethod
    async def _unless_unreachable(doing: Coroutine[Any, Any, bool]) -> bool:
        try:
            return await doing
        except (*UNREACHABLE, REFUSED):
            return False

    async def _forget_sending(self) -> None:
        if self._sending is not None:
            sending, self._sending = self._sending[0], None
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, MovedError, *UNREACHABLE, REFUSED):
                await sending

    async def _resume(self) -> int:
        """From where on events are missing in the stream. Raises `ForeignError` where it is not this log's."""
        end = await self._stream.end()
        self._looked_at, self._stream_end = monotonic(), end.position
        if end.position == 0:
            start = await self._trimming.start(self._leader.epoch, await publishing.log_position(self._pool))
            if (await publishing.progress(self._pool)).position:
                _log.warning("the stream is empty: filling it again", after=start)
            return start
        for position, link in ((end.entry_position, end.entry_hash), (end.position, None)):
            if position is None:
                continue
            stored = await publishing.hash_at(self._pool, position)
            if stored is None or (link is not None and link != stored):
                msg = (
                    f"{self._stream.name} in Redis was published from another log, or the log was rewritten: its position "
                    f"{position} is not ours. Delete the stream (DEL {self._stream.name}), or give FinTwin another Redis"
                )
                raise ForeignError(msg)
        return end.position

    async def _follow(self) -> None:
        """Publish what is there and what comes, one batch on the way while the next is read."""
        while self._leader.leads:
            began = monotonic()
            self._leader.news.clear()
            after = self._position if self._sending is None else self._sending[1]
            rows = await publishing.log_after(self._pool, after, BATCH_EVENTS)
            self._reach("after read")
            if rows:
                positions = [after, *(row["position"] for row in rows)]
                entries = [(at, before, as_json(row)) for at, before, row in zip(positions[1:], positions, rows)]  # noqa: B905
                await self._sent()
                adding = asyncio.create_task(self._stream.add(self._stream_end, entries))
                self._stream_end = positions[-1]
                self._sending = (adding, positions[-1], rows[-1]["recorded_at"])
            if len(rows) < BATCH_EVENTS // 2:
                await self._sent()
                self._reach("after add")
                await self._look_after()
                if rows:
                    await asyncio.sleep(max(0.0, began + ROUND_SECONDS - monotonic()))
                else:
                    await self._note(None)
                    await self._leader.pause(POLL_SECONDS, self._leader.news)
            elif monotonic() - self._trimmed_at > LOOK_SECONDS:
                await self._sent()
                await self._look_after()

    async def _sent(self) -> None:
        if self._sending is not None:
            adding, position, recorded_at = self._sending
            await adding
            self._position, self._recorded_at, self._sending = position, recorded_at, None

    async def _look_after(self) -> None:
        """What is due now and then: the note for people, a look whether the stream is still there, trimming."""
        now = monotonic()
        if now - self._noted_at > NOTE_SECONDS:
            await self._note(None)
        if now - self._looked_at > LOOK_SECONDS:
            self._looked_at = now
            end = await self._stream.end()
            if end.position != self._stream_end:
                raise MovedError(end.position)
        if now - self._trimmed_at > TRIM_SECONDS or self._trimming.is_due(self._position):
            self._trimmed_at = now
            await self._trimming.trim(self._leader.epoch, self._position)

    async def _note(self, fault: str | None) -> None:
        """Write down how far the stream is, where that has changed."""
        if self._noted == (self._position, fault):
            return
        self._noted_at = monotonic()
        held = await publishing.advance(
            self._pool, self._leader.epoch, position=self._position, recorded_at=self._recorded_at, fault=fault
        )
        if not held:
            raise SupersededError
        self._noted = (self._position, fault)
        self._reach("after note")
