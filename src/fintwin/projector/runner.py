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
from fintwin.store.connect import Pool
from fintwin.store.lease import Leader, let_go
from fintwin.store.listening import LOG_CHANNEL

POLL_SECONDS: Final = 0.5

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
        self._leader = Leader(pool, projecting.LEASE, holder=holder, channels=[LOG_CHANNEL])
        self._models = {model.name: (model, sources(model)) for model in models}
        self._reach = reach
        self._foldings: list[Folding] = []
        self._ahead: tuple[int, asyncio.Task[Batch]] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the lease, follow the log, begin again after whatever goes wrong, until ``stop`` is set."""
        await self._leader.run(stop, self._lead)

    async def _lead(self) -> None:
        _log.info("projector leads", epoch=self._leader.epoch)
        try:
            await self._prepare()
            while self._leader.leads:
                self._leader.news.clear()
                if not await self._round():
                    await self._leader.pause(POLL_SECONDS, self._leader.news)
        finally:
            await self._forget_ahead()

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
            ahead, self._ahead = self._ahead[1], None
            await let_go(ahead)

    async def _take(self, group: list[Folding], batch: Batch) -> None:
        stopped = await apply(self._pool, group, batch, epoch=self._leader.epoch, reach=self._reach)
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
