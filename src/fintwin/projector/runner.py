"""The projector: follows the log and keeps every read model up to it.

One runner works at a time, elected by a lease with an epoch; others wait. It reads the log once for all builds that stand at
one position and takes them all on in one transaction (`applying`); one that cannot go on stops alone, at the event that it
cannot take, with the reason in ``read.checkpoint``. A build that falls behind, or begins anew because its
fold or table was changed, catches up batch by batch while the others stay at the front; when it is there, readers are switched.

    await Projector(pool, holder="host:1234").run(stop)

Being killed at any point leaves each build at the end of some transaction of the log: the next runner goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Final, TypeVar

import structlog

from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import ReadModel
from fintwin.projector.applying import PoisonError, apply, read_batch
from fintwin.projector.batch import Batch
from fintwin.projector.folding import Folding
from fintwin.projector.sources import sources_of
from fintwin.store import building, projecting
from fintwin.store.building import Build, Sources
from fintwin.store.connect import LOST, UNDONE, Connection, Pool
from fintwin.store.projecting import SupersededError

LEASE_SECONDS: Final = 3.0
POLL_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 0.5
CHANNEL: Final = "fintwin_log"

T = TypeVar("T")
_log = structlog.get_logger("fintwin.projector")


class Projector:
    """See the module. Stops when `run`'s event is set."""

    def __init__(
        self,
        pool: Pool,
        *,
        holder: str,
        models: Sequence[ReadModel] = READ_MODELS,
        sources: Callable[[ReadModel], Sources] = sources_of,
        reach: Callable[[str], None] = lambda _point: None,
    ) -> None:
        """``pool`` is the projector role's, with at least four connections; ``holder`` names this process to people."""
        self._pool = pool
        self._holder = holder
        self._models = {model.name: (model, sources(model)) for model in models}
        self._reach = reach
        self._epoch: int | None = None
        self._foldings: list[Folding] = []
        self._ahead: tuple[int, asyncio.Task[Batch]] | None = None
        self._news = asyncio.Event()
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the lease, follow the log, begin again after whatever goes wrong, until ``stop`` is set."""
        self._stop = stop
        while not stop.is_set():
            try:
                self._epoch = await projecting.take_lease(self._pool, self._holder, LEASE_SECONDS)
                if self._epoch is None:
                    await self._pause(LEASE_SECONDS / 3)
                    continue
                _log.info("projector leads", epoch=self._epoch)
                await self._lead(self._epoch)
            except SupersededError:
                _log.warning("another projector or a rebuild was faster: looking again", epoch=self._epoch)
            except (*LOST, *UNDONE) as error:
                _log.warning("the database could not be used: trying again", error=repr(error))
                await self._pause(RETRY_SECONDS)
            finally:
                await self._forget_ahead()

    async def _lead(self, epoch: int) -> None:
        # A connection of its own, so that a long batch on all the others does not cost the lease.
        async with self._pool.acquire() as own:
            await own.add_listener(CHANNEL, self._wake)
            renewing = asyncio.create_task(self._keep_lease(own, epoch))
            try:
                await self._prepare()
                while not (self._stop.is_set() or renewing.done()):
                    self._news.clear()
                    if not await self._round():
                        await self._pause(POLL_SECONDS, self._news)
            finally:
                renewing.cancel()
                with contextlib.suppress(asyncio.CancelledError, *LOST, *UNDONE):
                    await renewing
                with contextlib.suppress(*LOST, *UNDONE):
                    await own.remove_listener(CHANNEL, self._wake)
                with contextlib.suppress(*LOST, *UNDONE):
                    await projecting.renew_lease(self._pool, epoch, 0)

    async def _keep_lease(self, connection: Connection, epoch: int) -> None:
        while not self._stop.is_set() and await projecting.renew_lease(connection, epoch, LEASE_SECONDS):
            await self._pause(LEASE_SECONDS / 3)

    def _wake(self, *_: object) -> None:
        self._news.set()

    async def _pause(self, seconds: float, *also: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self._stop, *also)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _prepare(self) -> None:
        """Find the live build of each model, and begin another where there is none or its fold or table was changed."""
        self._foldings = []
        async with self._pool.acquire() as connection:
            found = await building.builds(connection)
        adopted = await _all(
            self._adopt(model, sources, [one for one in found if one.model == model.name])
            for model, sources in self._models.values()
        )
        self._foldings = [folding for folding in adopted if folding is not None]

    async def _adopt(self, model: ReadModel, sources: Sources, found: list[Build]) -> Folding | None:
        live = next((build for build in found if build.state == "live"), None)
        if live is not None and live.is_of(sources):
            if live.queries_hash != sources.queries_hash:
                async with self._pool.acquire() as connection, connection.transaction():
                    await building.install_queries(connection, model, live.version, sources)
            return _folding_of(model, live)
        if live is not None:
            _log.warning("the fold or a table was changed: rebuilding", model=model.name, version=live.version)
        for build in found:
            if build.state == "building":
                if build.is_of(sources):
                    return _folding_of(model, build)
                async with self._pool.acquire() as connection:
                    await building.drop(connection, model, build.version)
        async with self._pool.acquire() as connection:
            return _folding_of(model, await building.create(connection, model, sources))

    async def _round(self) -> bool:
        """Take one batch into the builds at the front, one into those furthest behind; whether anything was left to do."""
        by_position = sorted(self._foldings, key=lambda folding: folding.position)
        groups = [list(group) for _, group in groupby(by_position, key=lambda folding: folding.position)]
        went_on = False
        for group in groups[-1:] + groups[:-1][:1]:
            batch = await self._read(group[0].position)
            if batch.ends:
                went_on = True
                await self._take(group, batch)
                if group is groups[-1]:
                    await projecting.tell_readers(self._pool, batch.ended)
            if batch.last_of_log:
                await _all(self._switch(one) for one in group if one.building and one in self._foldings)
        return went_on

    async def _read(self, after: int) -> Batch:
        types = frozenset[str]().union(*(folding.types for folding in self._foldings))
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == after:
            batch = await ahead[1]
        else:
            if ahead is not None:
                ahead[1].cancel()
            batch = await read_batch(self._pool, after, types)
        if batch.ends and not batch.last_of_log:
            self._ahead = (batch.ended, asyncio.create_task(read_batch(self._pool, batch.ended, types)))
        return batch

    async def _forget_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead[1].cancel()
            with contextlib.suppress(asyncio.CancelledError, *LOST, *UNDONE):
                await self._ahead[1]
            self._ahead = None

    async def _take(self, group: list[Folding], batch: Batch) -> None:
        stopped = await apply(self._pool, group, batch, epoch=self._epoch, reach=self._reach)
        for folding, poison in stopped:
            await self._stop_build(folding, poison)

    async def _stop_build(self, folding: Folding, poison: PoisonError) -> None:
        self._foldings.remove(folding)
        name, version = folding.model.name, folding.version
        _log.error(
            "a read model has stopped", model=name, version=version, position=poison.position, fault=poison.fault
        )
        async with self._pool.acquire() as connection:
            await projecting.stop(connection, name, version, position=poison.position, fault=poison.fault)

    async def _switch(self, folding: Folding) -> None:
        model, sources = self._models[folding.model.name]
        async with self._pool.acquire() as connection:
            if await building.switch(connection, model, folding.version, sources):
                folding.building = False
                _log.info("readers are switched", model=model.name, version=folding.version, position=folding.position)


async def _all(waits: Iterable[Awaitable[T]]) -> list[T]:
    """What all of them give, side by side; the first exception only when all have ended."""
    found = await asyncio.gather(*waits, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]


def _folding_of(model: ReadModel, build: Build) -> Folding | None:
    if build.fault is not None:
        _log.error("a read model stands still", model=model.name, position=build.fault_position, fault=build.fault)
        return None
    return Folding(model, version=build.version, position=build.position, building=build.state == "building")
