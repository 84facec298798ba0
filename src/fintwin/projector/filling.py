"""Filling new builds of read models with all rows up to a position, by several processes at once.

Each process (`crew`) takes a part of the users: it reads their events, some `FILLED_EVENTS` at a time, folds them in all models,
and copies the rows into tables that have no indexes yet. Nothing that it writes can be there already, so it looks nothing up;
only where a part of the log is too large for one reading does it go on, after primary keys have been made, as the projector does
it. In the end the other indexes are made, and one transaction sets the checkpoints.

    with crew_for(models, url, size=cores()) as crew:
        ...
        await fill(pool, crew, builds, until, progress)    # every build has all that happened up to `until`

There are no checkpoints on the way: what is not completed is begun again.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import uvloop

from fintwin.projections.model import ReadModel
from fintwin.projector.applying import load_rows, write_rows
from fintwin.projector.batch import Run, runs_in
from fintwin.projector.crew import Crew, Mate
from fintwin.projector.folding import Folding
from fintwin.store import filling
from fintwin.store.connect import Pool, open_connection
from fintwin.store.filling import Filled, Index

FILLED_EVENTS: Final = 40_000
"""So many events a process reads at a time; with their rows they take some 150 MB."""
FILLED_EVENTS_MIN: Final = 8_000
"""A shorter log is built by one process in less time than several need to begin."""
STEP_EVENTS: Final = 1_000
"""After so many events a process says how far it is, and looks whether it is still wanted."""

Progress = Callable[[int, int], None]


class UnfitError(Exception):
    """An event that a read model cannot take: the way of the projector finds out which, and goes on with the others."""


class Order(NamedTuple):
    """What one process has to read and to fold. Into which builds its rows go it is told in time, by model."""

    models: list[str]
    until: int
    part: int
    parts: int


class Taken(NamedTuple):
    """A process has folded so many events more."""

    events: int


class Written(NamedTuple):
    """A process has written what it had read, and whether it will read more."""

    more: bool


class Failed(NamedTuple):
    """A process cannot go on; ``unfit`` where an event is the reason."""

    why: str
    unfit: bool


class FillingError(Exception):
    """A process could not go on, for another reason than an event."""


def begin(crew: Crew, models: Iterable[ReadModel], until: int) -> None:
    """Have the crew read and fold what happened up to a position, while the builds are made that `fill` gives it."""
    names = [model.name for model in models]
    for part in range(crew.size):
        crew.say(part, Order(names, until, part, crew.size))


async def fill(pool: Pool, crew: Crew, builds: Sequence[Filled], until: int, progress: Progress) -> None:
    """Give new, empty builds all rows up to the position that was named at the beginning, and their checkpoints.

    Raises `UnfitError` where an event cannot be taken, `FillingError` and `CrewError` where a process could not go on, and
    `SupersededError` where a build was taken away; then the builds are to be dropped, after the crew has been stopped.
    """
    async with pool.acquire() as connection, connection.transaction():
        indexes = await filling.bare(connection, builds)
    versions = {build.model.name: build.version for build in builds}
    for part in range(crew.size):
        crew.say(part, versions)
    done = 0

    def taken(events: int) -> None:
        nonlocal done
        done += events
        progress(done, until)

    going = await _all_written(crew, range(crew.size), taken)
    keys = [index for index in indexes if index.is_key]
    if going:
        await _make(pool, crew.size, keys)
        while going:
            for part in going:
                crew.say(part, True)  # noqa: FBT003
            going = await _all_written(crew, going, taken)
        indexes = [index for index in indexes if not index.is_key]
    await _make(pool, crew.size, indexes)
    async with pool.acquire() as connection:
        await filling.complete(connection, builds, keys, until)


async def _all_written(crew: Crew, parts: Iterable[int], taken: Callable[[int], None]) -> list[int]:
    """Wait until all of these have written what they had read; gives those that will read more."""
    parts = list(parts)
    more = await _first_failure(_written(crew, part, taken) for part in parts)
    return [part for part, goes_on in zip(parts, more, strict=True) if goes_on]


async def _written(crew: Crew, part: int, taken: Callable[[int], None]) -> bool:
    while True:
        match await crew.hear(part):
            case Taken(events):
                taken(events)
            case Written(more):
                return more
            case Failed(why, unfit):
                raise UnfitError(why) if unfit else FillingError(why)


async def _make(pool: Pool, size: int, indexes: Sequence[Index]) -> None:
    """Make indexes over so many connections."""
    async with pool.acquire() as connection:
        left = await filling.largest_first(connection, indexes)

    async def make() -> None:
        async with pool.acquire() as connection:
            while left:
                await filling.make_index(connection, left.pop(0))

    await _first_failure(make() for _ in range(size))


async def _first_failure(waits: Iterable[Any]) -> list[Any]:
    """What all give, side by side; where one fails, the others are cut off and it is raised."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def crew_for(models: Sequence[ReadModel], url: str, *, size: int) -> Crew:
    """Processes that can fill builds of these models; ``url`` is the database's, as the projector's role."""
    return Crew(partial(_work, models, url), size=size)


def _work(models: Sequence[ReadModel], url: str, mate: Mate) -> None:
    """What a process of the crew does: one order, and then it is done."""
    # What it makes has no cycles, and it does not live long.
    gc.disable()
    try:
        uvloop.run(_fill_part(models, url, mate))
    except UnfitError as error:
        mate.say(Failed(str(error), unfit=True))
    except Exception as error:  # noqa: BLE001  whatever it is, the parent has to say it
        mate.say(Failed(f"{type(error).__name__}: {error}", unfit=False))


async def _fill_part(models: Sequence[ReadModel], url: str, mate: Mate) -> None:
    connection = await open_connection(url, name="fintwin rebuild")
    try:
        order: Order = mate.hear()
        foldings = [
            Folding(model, version=0, position=0, building=True) for model in models if model.name in order.models
        ]
        types = frozenset[str]().union(*(folding.types for folding in foldings))
        position, more = 0, True
        while more:
            rows, ended = await filling.part_of_log(
                connection, position, FILLED_EVENTS, order.until, part=order.part, parts=order.parts
            )
            more = ended < order.until
            runs, fault = runs_in(rows, types)
            if fault is not None:
                raise UnfitError(fault)
            for folding in foldings:
                await load_rows(connection, folding, runs)
            _fold(foldings, runs, mate)
            if position == 0:
                versions: dict[str, int] = mate.hear()
                for folding in foldings:
                    folding.version = versions[folding.model.name]
            position = ended
            del rows, runs
            async with filling.times_as_numbers(connection), connection.transaction():
                await write_rows(connection, [(folding, folding.taken()) for folding in foldings])
            for folding in foldings:
                folding.trim()
            mate.say(Written(more))
            if more:
                mate.hear()
    finally:
        await connection.close()


def _fold(foldings: Sequence[Folding], runs: Sequence[Run], mate: Mate) -> None:
    events = 0
    try:
        for run in runs:
            for folding in foldings:
                folding.take(run)
            events += len(run.events)
            if events >= STEP_EVENTS:
                mate.say(Taken(events))
                events = 0
    except Exception as error:
        raise UnfitError(f"{type(error).__name__}: {error}") from error
    mate.say(Taken(events))
