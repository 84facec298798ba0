"""Leases: of several processes that could do the same work, one does it, and the others wait to take over.

A lease is a row with an epoch, a holder and the moment at which it runs out. Whoever takes it over raises the epoch, and whatever
the work writes names the epoch that it belongs to: a process that has lost its lease without noticing writes nothing. It is
renewed, and news are heard, on a connection of its own, so that no long statement costs the lease.

    leader = Leader(pool, Lease("webhook.lease"), holder="host:1234", channels=["fintwin_log"])
    await leader.run(stop, work)    # calls work() each time the lease is ours; it returns when leader.leads is false
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from fintwin.store.connect import LOST, UNDONE, Connection, Pool
from fintwin.store.listening import pause
from fintwin.store.shard import SHARD

LEASE_SECONDS: Final = 3.0
RETRY_SECONDS: Final = 0.5

_log = structlog.get_logger("fintwin.lease")


class SupersededError(Exception):
    """Somebody else holds the lease, or has done before us what we were about to do: nothing was written."""


class Lease:
    """The lease of the shard in a table that has the columns shard, epoch, holder and expires_at."""

    def __init__(self, table: str, *, reset: str = "") -> None:
        """``reset``: what else is set in the row when the lease changes hands, as SQL."""
        until = "expires_at = clock_timestamp() + make_interval(secs => $3::double precision)"
        also = f", {reset}" if reset else ""
        self.table = table
        self._take = f"""UPDATE {table} SET epoch = epoch + 1, holder = $2, {until}{also}
            WHERE shard = $1 AND expires_at <= clock_timestamp() RETURNING epoch"""  # noqa: S608  our own words
        self._renew = f"UPDATE {table} SET {until} WHERE shard = $1 AND epoch = $2"  # noqa: S608

    async def take(self, connection: Connection | Pool, holder: str, seconds: float) -> int | None:
        """The new epoch, or None while somebody else holds the lease."""
        epoch: int | None = await connection.fetchval(self._take, SHARD, holder, seconds)
        return epoch

    async def renew(self, connection: Connection | Pool, epoch: int, seconds: float) -> bool:
        """Whether the lease is still ours, now for this long again; ``seconds`` 0 gives it back."""
        status: str = await connection.execute(self._renew, SHARD, epoch, seconds)
        return status == "UPDATE 1"


class Leader:
    """One of those that want a lease. ``epoch`` is that of the lease held last; ``news`` is set by a word on a channel."""

    def __init__(self, pool: Pool, lease: Lease, *, holder: str, channels: Sequence[str]) -> None:
        """``pool`` keeps one connection for this while it leads; ``holder`` names this process to people."""
        self.epoch = 0
        self.news = asyncio.Event()
        self._pool = pool
        self._lease = lease
        self._holder = holder
        self._channels = channels
        self._stop = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def leads(self) -> bool:
        """Whether to go on: the lease is held, as far as is known, and nobody wants it to end."""
        return self._keeping is not None and not (self._keeping.done() or self._stop.is_set())

    async def run(self, stop: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lease, do the work, begin again after whatever goes wrong with it, until ``stop`` is set."""
        self._stop = stop
        while not stop.is_set():
            try:
                epoch = await self._lease.take(self._pool, self._holder, LEASE_SECONDS)
                if epoch is None:
                    await self.pause(LEASE_SECONDS / 3)
                    continue
                self.epoch = epoch
                await self._lead(work)
            except SupersededError:
                _log.warning("somebody else was faster: looking again", lease=self._lease.table, epoch=self.epoch)
            except (*LOST, *UNDONE) as error:
                _log.warning(
                    "the database could not be used: trying again",
                    lease=self._lease.table, error=type(error).__name__,
                )  # fmt: skip
                await self.pause(RETRY_SECONDS)

    async def pause(self, seconds: float, *events: asyncio.Event) -> None:
        """Until one of the events is set or the end has come, and at most so long."""
        await pause(seconds, self._stop, *events)

    async def while_leading(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this to its end, or cut it off as soon as the lease is lost (`SupersededError`) or the end has come."""
        assert self._keeping is not None, "called from the work of `run`"
        working = asyncio.create_task(work)
        try:
            await asyncio.wait([self._keeping, working], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
            elif not self._stop.is_set():
                self._keeping.result()
                raise SupersededError
        finally:
            await let_go(working)

    async def _lead(self, work: Callable[[], Awaitable[None]]) -> None:
        async with self._pool.acquire() as own:
            for channel in self._channels:
                await own.add_listener(channel, self._hear)
            self._keeping = asyncio.create_task(self._keep(own))
            try:
                await work()
            finally:
                await let_go(self._keeping)
                for channel in self._channels:
                    with suppress(*LOST, *UNDONE):
                        await own.remove_listener(channel, self._hear)
                with suppress(*LOST, *UNDONE):
                    await self._lease.renew(self._pool, self.epoch, 0)

    async def _keep(self, connection: Connection) -> None:
        while not self._stop.is_set() and await self._lease.renew(connection, self.epoch, LEASE_SECONDS):
            await self.pause(LEASE_SECONDS / 3)

    def _hear(self, *_: object) -> None:
        self.news.set()


async def let_go(*tasks: asyncio.Task[Any]) -> None:
    """Cut tasks off and wait until they are over, whatever the database did to them."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, SupersededError, *LOST, *UNDONE):
            await task
