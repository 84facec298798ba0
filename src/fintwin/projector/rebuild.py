"""Rebuilding read models from the log, beside the live ones and while they go on.

Several are built in one pass over the log, and finished one after the other. A new build never passes the live one. When it
has nearly caught up, the live build is held for moments at a time, the new one brought to exactly the same position, and the
rows of some users compared; after the last of them readers are switched, in the same transaction. Nobody reads an empty or an
older model on the way, and the build before is kept until the next rebuild. Where the fold or a table was changed there is
nothing to compare with: the new build catches up with the log and is switched to.

    report = await rebuild(pool, MODEL, sources_of(MODEL))
    report.events, report.differing_rows
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import msgspec

from fintwin.projections.model import ReadModel
from fintwin.projector.applying import PoisonError, apply, read_batch
from fintwin.projector.crew import Crew, CrewError
from fintwin.projector.filling import FILLED_EVENTS_MIN, FillingError, UnfitError, begin, cause, fill
from fintwin.projector.folding import Folding
from fintwin.store import building, projecting
from fintwin.store.building import Build, Sources
from fintwin.store.connect import LOST, UNDONE, Connection, Pool
from fintwin.store.filling import Filled
from fintwin.store.lease import SupersededError

COMPARED_USERS: Final = 200
NEAR_EVENTS: Final = 2_000

Progress = Callable[[int, int], None]
Reach = Callable[[str], None]


class RebuildError(Exception):
    """The rebuild was given up; readers keep what they had."""


class Report(msgspec.Struct, frozen=True):
    """What a rebuild did; ``compared`` is False where fold or tables were changed, so that rows must differ."""

    model: str
    version: int
    events: int
    compared: bool
    differing_rows: int


async def rebuild(
    pool: Pool,
    model: ReadModel,
    sources: Sources,
    *,
    progress: Progress = lambda _done, _total: None,
    reach: Reach = lambda _point: None,
) -> Report:
    """Build one anew, compare, switch. Raises as `rebuild_all` does."""
    (report,) = await rebuild_all(pool, [(model, sources)], progress=progress, reach=reach)
    return report


async def rebuild_all(
    pool: Pool,
    wanted: Sequence[tuple[ReadModel, Sources]],
    *,
    crew: Crew | None = None,
    side_by_side: int = 1,
    progress: Progress = lambda _done, _total: None,
    reach: Reach = lambda _point: None,
) -> list[Report]:
    """Build several anew in one pass over the log, then compare and switch each.

    ``crew``: processes of `filling.crew_for`, which build up a long log. ``side_by_side``: so many are compared at a time, for
    which the pool needs two connections each. Raises `RebuildError` for those that cannot be built, after the others are done,
    or where a process of the crew could not go on, and `SupersededError` where another rebuild was faster.
    """
    anew = await build_all(pool, wanted, crew=crew, progress=progress)
    places = asyncio.Semaphore(side_by_side)

    async def finish(one: Anew) -> Report | RebuildError:
        async with places:
            try:
                return await _finish(pool, one, progress, reach)
            except RebuildError as error:
                return error

    try:
        errors = await _near(pool, anew, progress, reach)
        going = [one for one in anew if one.folding not in errors]
        ended = await asyncio.gather(*map(finish, going), return_exceptions=True)
        for failure in ended:
            if isinstance(failure, BaseException) and not isinstance(failure, RebuildError):
                raise failure
    except SupersededError:
        await _drop(pool, anew)
        raise
    errors |= {one.folding: str(end) for one, end in zip(going, ended, strict=True) if isinstance(end, RebuildError)}
    await _drop(pool, [one for one in anew if one.folding in errors])
    if errors:
        raise RebuildError(" ".join(errors.values()))
    return [end for end in ended if isinstance(end, Report)]


async def build_all(
    pool: Pool, wanted: Sequence[tuple[ReadModel, Sources]], *, crew: Crew | None, progress: Progress
) -> list[Anew]:
    """New builds, with all that is in the log or in the live ones already where a crew fills them, else empty."""
    async with pool.acquire() as connection:
        found = {build.model: build for build in await building.builds(connection) if build.state == "live"}
        lives = {
            model.name: live
            for model, sources in wanted
            if (live := found.get(model.name)) is not None and live.is_of(sources) and live.fault is None
        }
        ends = [live.position for live in lives.values()] or [await projecting.log_position(connection)]
    until = min(ends)
    if crew is not None and crew.size and until >= FILLED_EVENTS_MIN:
        try:
            return await _filled(pool, wanted, lives, until, crew, progress)
        except UnfitError:
            # The other way finds out which event it is, and for which read models.
            crew.stop()
    return [
        Anew(Folding(model, version=build.version, position=0, building=True), sources, lives.get(model.name))
        for model, sources, build in await _created(pool, wanted)
    ]


async def _created(
    pool: Pool, wanted: Sequence[tuple[ReadModel, Sources]], *, filler: str | None = None
) -> list[tuple[ReadModel, Sources, Build]]:
    async with pool.acquire() as connection:
        builds = await building.create_all(connection, wanted, filler=filler)
    return [(model, sources, build) for (model, sources), build in zip(wanted, builds, strict=True)]


async def _filled(
    pool: Pool,
    wanted: Sequence[tuple[ReadModel, Sources]],
    lives: Mapping[str, Build],
    until: int,
    crew: Crew,
    progress: Progress,
) -> list[Anew]:
    anew: list[Anew] = []
    filler = f"filled by {uuid4().hex}"
    begin(crew, (model for model, _ in wanted), until)
    try:
        created = await _created(pool, wanted, filler=filler)
        anew += [
            Anew(Folding(model, version=build.version, position=until, building=True), sources, lives.get(model.name))
            for model, sources, build in created
        ]
        builds = [
            Filled(model, build.version, sources.fold_hash, like.version if (like := lives.get(model.name)) else None)
            for model, sources, build in created
        ]
        await fill(pool, crew, builds, filler, until, progress)
    except BaseException as error:
        # Their statements must be over before the tables can go.
        crew.stop()
        whole = True
        with suppress(*LOST, *UNDONE):  # then the next rebuild takes them away
            whole = await _drop(pool, anew, filler)
        if not whole and isinstance(error, Exception):
            # Whatever met it: a table that was no longer there.
            raise SupersededError from error
        if isinstance(error, (CrewError, FillingError, *LOST)):
            why = cause(error) if isinstance(error, LOST) else str(error)
            msg = f"Nothing was switched: {why}."
            raise RebuildError(msg) from None
        raise
    return anew


class Anew(NamedTuple):
    """A new build on its way; ``live`` is what it will be compared with, None where fold or tables are others."""

    folding: Folding
    sources: Sources
    live: Build | None


async def _drop(pool: Pool, anew: Sequence[Anew], filler: str | None = None) -> bool:
    """Take away builds that will not be finished; one that was switched to stays. Gives whether all were still there.

    ``filler``: only those that still have its name are meant.
    """
    whole = True
    async with pool.acquire() as connection:
        found = {(one.model, one.version): one.state for one in await building.builds(connection)}
        for one in anew:
            model, version = one.folding.model, one.folding.version
            state = found.get((model.name, version))
            dropped = state == "building" and await building.drop(connection, model, version, filler=filler)
            whole = whole and (dropped if filler else state is not None)
    return whole


async def _finish(pool: Pool, one: Anew, progress: Progress, reach: Reach) -> Report:
    folding, sources, live = one
    different = 0
    user = UUID(int=0)
    while live is not None:
        await _caught_up(pool, one, progress, reach)
        async with pool.acquire() as holder, holder.transaction():
            await _level(pool, holder, folding, live, reach)
            users = await building.users_after(holder, user, COMPARED_USERS)
            last = users[-1] if len(users) == COMPARED_USERS else None
            versions = (live.version, folding.version)
            different += await building.differing_rows(holder, folding.model, versions, (user, last))
            if last is None:
                reach("before switch")
                switched = await building.switch(holder, folding.model, folding.version, sources)
                assert switched, "both builds were held at one position"
                break
            user = last
    while live is None:
        reach("before switch")
        async with pool.acquire() as connection:
            if await building.switch(connection, folding.model, folding.version, sources):
                break
        await _caught_up(pool, one, progress, reach)
    return Report(folding.model.name, folding.version, folding.position, live is not None, different)


async def _caught_up(pool: Pool, one: Anew, progress: Progress, reach: Reach) -> None:
    errors = await _near(pool, [one], progress, reach)
    if errors:
        raise RebuildError(*errors.values())


async def _near(pool: Pool, anew: Sequence[Anew], progress: Progress, reach: Reach) -> dict[Folding, str]:
    """Take in the log, all builds together, up to nearly where the live ones stand or to its end.

    Gives those that an event stops, and why; they stay behind.
    """
    errors: dict[Folding, str] = {}
    while True:
        going = [one for one in anew if one.folding not in errors]
        if not going:
            return errors
        foldings = [one.folding for one in going]
        position = min(folding.position for folding in foldings)
        async with pool.acquire() as connection:
            until = await _reachable(connection, [one.live for one in going if one.live is not None])
        left = until - position
        if left <= 0 or (left < NEAR_EVENTS and any(one.live for one in going)):
            progress(until, until)
            return errors
        types = frozenset[str]().union(*(folding.types for folding in foldings))
        while position < until and len(errors) < len(anew):
            batch = await read_batch(pool, position, types, until=until)
            for folding, poison in await apply(pool, foldings, batch, epoch=None, reach=reach):
                errors[folding] = _stopped(folding, poison)
                foldings.remove(folding)
            position = batch.ended
            progress(position, until)


def _stopped(folding: Folding, poison: PoisonError) -> str:
    return f"{folding.model.name} cannot take the event at position {poison.position}: {poison.fault}"


async def _reachable(connection: Connection, lives: Collection[Build]) -> int:
    """How far new builds may go: one that is to be compared never passes the live one."""
    if not lives:
        return await projecting.log_position(connection)
    found = {(one.model, one.version): one.position for one in await building.builds(connection) if one.state == "live"}
    for one in lives:
        if (one.model, one.version) not in found:
            msg = f"{one.model} was rebuilt by somebody else meanwhile."
            raise RebuildError(msg)
    return min(found[one.model, one.version] for one in lives)


async def _level(pool: Pool, holder: Connection, folding: Folding, live: Build, reach: Reach) -> None:
    """Hold the live build where it is, and bring the new one there."""
    until = await building.hold(holder, folding.model, live.version)
    if until is None:
        msg = f"{folding.model.name} was rebuilt by somebody else meanwhile."
        raise RebuildError(msg)
    while folding.position < until:
        batch = await read_batch(pool, folding.position, folding.types, until=until)
        for stopped, poison in await apply(pool, [folding], batch, epoch=None, reach=reach):
            raise RebuildError(_stopped(stopped, poison))
