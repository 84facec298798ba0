"""Filling new builds of read models with all rows up to a position, by several processes at once.

Each process (`crew`) takes a part of the users: it reads their events, some `FILLED_EVENTS` at a time, folds them in all models,
and copies the rows into tables that have no indexes yet. Nothing that it writes can be there already, so it looks nothing up;
only where the log is too long for one reading each does it go on, after primary keys have been made, as the projector does it.
Whoever has written all makes indexes (`_Making`), and in the end one transaction sets the checkpoints.

    with crew_for(models, url, size=cores()) as crew:
        ...
        await fill(pool, crew, builds, until, progress)    # every build has all that happened up to `until`

There are no checkpoints on the way: what is not completed is begun again.
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import uvloop

from fintwin.projections.model import ReadModel
from fintwin.projector.applying import Folded, load_rows, write_rows
from fintwin.projector.batch import decoded_run, rows_by_user
from fintwin.projector.crew import Crew, Mate
from fintwin.projector.folding import Folding
from fintwin.store import filling
from fintwin.store.connect import LOST, Connection, Pool, open_connection
from fintwin.store.filling import Filled, Index, Target

FILLED_EVENTS: Final = 40_000
"""So many events a process reads at a time; with their rows they take some 150 MB. Where the log is read in one go, all processes
together read so many times their number: one may have most of them."""
FILLED_EVENTS_MIN: Final = 8_000
"""A shorter log is built by one process in less time than several need to begin."""
STEP_EVENTS: Final = 1_000
"""After so many events a process says how far it is, and looks whether it is still wanted."""

GO_ON: Final = "go on"
"""To a process that has more to read."""
DONE: Final = "done"
"""To a process that is not needed any more."""

APART: Final = 2
"""So many tables, the largest, are written each in a transaction of its own: others may then make indexes of them."""

Progress = Callable[[int, int], None]


class UnfitError(Exception):
    """An event that a read model cannot take: the way of the projector finds out which, and goes on with the others."""


class Order(NamedTuple):
    """What one process has to read and to fold. Into which builds its rows go it is told in time, by model."""

    models: list[str]
    until: int
    part: int
    parts: int


class Read(NamedTuple):
    """A process has read, and whether it will read more."""

    more: bool


class Taken(NamedTuple):
    """A process has folded so many events more."""

    events: int


class Written(NamedTuple):
    """A process has written what it had read."""


class Made(NamedTuple):
    """A process has made the index that it was told."""


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


async def fill(pool: Pool, crew: Crew, builds: Sequence[Filled], filler: str, until: int, progress: Progress) -> None:
    """Give new, empty builds all rows up to the position that was named at the beginning, and their checkpoints.

    ``filler`` is the name that they were made with. Raises `UnfitError` where an event cannot be taken, `FillingError` and
    `CrewError` where a process could not go on, and `SupersededError` where a build was taken away; then the builds are to be
    dropped, after the crew has been stopped.
    """
    target = Target({build.model.name: build.version for build in builds}, filler)
    async with pool.acquire() as connection, connection.transaction():
        indexes = await filling.bare(connection, target, builds)
    making = _Making(crew.size, indexes)
    for part in range(crew.size):
        crew.say(part, target)
    done = 0

    def taken(events: int) -> None:
        nonlocal done
        done += events
        progress(done, until)

    await _first_failure(_filled(crew, part, making, taken) for part in range(crew.size))
    async with pool.acquire() as connection:
        await filling.complete(connection, target, builds, indexes, until)


class _Making:
    """The indexes that are left to be made, and how far everybody is.

    One reading each is the usual case. There an index is made as soon as anybody has time: where another process is still
    writing, the database has the index wait for its rows. After several readings the tables are so large that the others would
    wait too long: there, keys are made after the first, because the next ones look for rows, and all else in the end.
    """

    def __init__(self, size: int, indexes: Iterable[Index]) -> None:
        """``size``: of the crew."""
        self.keys = deque(index for index in indexes if index.is_key)
        self.others = deque(index for index in indexes if not index.is_key)
        self.several_readings = False
        self.keys_made = asyncio.Event()
        self.all_written = asyncio.Event()
        self._keys_left = len(self.keys)
        self._writing = size
        self.made(0)

    def made(self, keys: int) -> None:
        """So many keys more have been made."""
        self._keys_left -= keys
        if not self._keys_left:
            self.keys_made.set()

    def written(self) -> None:
        """One process more will write nothing any more."""
        self._writing -= 1
        if not self._writing:
            self.all_written.set()


async def _filled(crew: Crew, part: int, making: _Making, taken: Callable[[int], None]) -> None:
    """One process until it is done: it writes what it reads, and makes indexes as long as any are left."""
    more = True
    while more:
        more = await _written(crew, part, making, taken)
        await _make(crew, part, making.keys, making)
        if more:
            await making.keys_made.wait()
            crew.say(part, GO_ON)
    making.written()
    if making.several_readings:
        await making.all_written.wait()
    await _make(crew, part, making.others, making)
    crew.say(part, DONE)


async def _make(crew: Crew, part: int, left: deque[Index], making: _Making) -> None:
    while left:
        index = left.popleft()
        crew.say(part, index)
        await _heard(crew, part)
        making.made(index.is_key)


async def _written(crew: Crew, part: int, making: _Making, taken: Callable[[int], None]) -> bool:
    """Wait until a process has written what it had read; gives whether it will read more."""
    more = False
    while True:
        match await _heard(crew, part):
            case Read(more):
                making.several_readings |= more
            case Taken(events):
                taken(events)
            case Written():
                return more


async def _heard(crew: Crew, part: int) -> Any:
    """What a process says, unless it is that it cannot go on."""
    word = await crew.hear(part)
    if isinstance(word, Failed):
        raise UnfitError(word.why) if word.unfit else FillingError(word.why)
    return word


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
        mate.say(Failed(cause(error), unfit=False))


def cause(error: Exception) -> str:
    """An error in half a sentence."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"the database is gone or takes too long ({what})" if isinstance(error, LOST) else what


async def _fill_part(models: Sequence[ReadModel], url: str, mate: Mate) -> None:
    connection = await open_connection(url, name="fintwin rebuild")
    try:
        await filling.notice_death(connection)
        order: Order = mate.hear()
        foldings = [
            Folding(model, version=0, position=0, building=True) for model in models if model.name in order.models
        ]
        types = frozenset[str]().union(*(folding.types for folding in foldings))
        position = 0
        target: Target | None = None
        while True:
            rows, ended = await filling.part_of_log(
                connection, position, FILLED_EVENTS, order.until, part=order.part, parts=order.parts
            )
            mate.say(Read(ended < order.until))
            users = rows_by_user(rows)
            del rows
            await _fold(connection, foldings, users, types, mate)
            if target is None:
                target = cast("Target", mate.hear())
                for folding in foldings:
                    folding.version = target.versions[folding.model.name]
            position = ended
            for folded in _largest_first(foldings):
                async with filling.writing(connection, target):
                    await write_rows(connection, folded)
            for folding in foldings:
                folding.trim()
            mate.say(Written())
            while isinstance(word := mate.hear(), Index):
                await filling.make_index(connection, target, word)
                mate.say(Made())
            if word == DONE:
                mate.leave()
    finally:
        await connection.close()


def _largest_first(foldings: Sequence[Folding]) -> Iterator[Folded]:
    """What is to be written, a transaction each: the largest tables, of which indexes take longest to make, and all others."""
    tables = sorted(
        ((folding, [change]) for folding in foldings for change in folding.taken()),
        key=lambda one: -len(one[1][0].inserted),
    )
    yield from ([table] for table in tables[:APART])
    yield tables[APART:]


async def _fold(
    connection: Connection, foldings: Sequence[Folding], users: dict[UUID, list[Any]], types: frozenset[str], mate: Mate
) -> None:
    """Fold what a reading has, some users at a time: an event that has just been decoded is cheap to look at."""
    while users:
        runs, events = [], 0
        while users and events < STEP_EVENTS:
            user_id, rows = users.popitem()
            try:
                run = decoded_run(user_id, rows, types)
            except Exception as error:
                msg = f"cannot be decoded: {error!r}"
                raise UnfitError(msg) from error
            events += len(rows)
            runs.append(run)
        for folding in foldings:
            await load_rows(connection, folding, runs)
        try:
            for run in runs:
                for folding in foldings:
                    folding.take(run)
        except Exception as error:
            raise UnfitError(f"{type(error).__name__}: {error}") from error
        mate.say(Taken(events))
