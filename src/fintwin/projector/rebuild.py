"""Rebuilding a read model from the log, beside the live one and while it goes on.

The new build never passes the live one. When it has nearly caught up, the live build is held for moments at a time, the new
one brought to exactly the same position, and the rows of some users compared; after the last of them readers are switched, in
the same transaction. Nobody reads an empty or an older model on the way, and the build before is kept until the next rebuild.
Where the fold or a table was changed there is nothing to compare with: the new build catches up with the log and is switched to.

    report = await rebuild(pool, MODEL, sources_of(MODEL))
    report.events, report.differing_rows
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from fintwin.projections.model import ReadModel
from fintwin.projector.folding import Folding
from fintwin.projector.runner import PoisonError, apply, read_batch
from fintwin.store import building, projecting
from fintwin.store.building import Build, Sources
from fintwin.store.connect import Connection, Pool

COMPARED_USERS: Final = 200
NEAR_EVENTS: Final = 2_000

Progress = Callable[[int, int], None]
Reach = Callable[[str], None]


class RebuildError(Exception):
    """The rebuild was given up; readers keep what they had."""


class Report(msgspec.Struct, frozen=True):
    """What a rebuild did; ``compared`` is False where fold or tables were changed, so that rows must differ."""

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
    """Build anew, compare, switch. Raises `RebuildError`, and `SupersededError` where another rebuild was faster."""
    async with pool.acquire() as connection:
        live = await _live(connection, model)
        build = await building.create(connection, model, sources)
    folding = Folding(model, version=build.version, position=0, building=True)
    try:
        return await _run(pool, folding, live, sources, progress, reach)
    except PoisonError as poison:
        async with pool.acquire() as connection:
            await building.drop(connection, model, build.version)
        msg = f"{model.name} cannot take the event at position {poison.position}: {poison.fault}"
        raise RebuildError(msg) from poison


async def _run(
    pool: Pool, folding: Folding, live: Build | None, sources: Sources, progress: Progress, reach: Reach
) -> Report:
    compared = live is not None and live.is_of(sources) and live.fault is None
    await _near(pool, folding, live if compared else None, progress, reach)
    different = 0
    user = UUID(int=0)
    while compared:
        assert live is not None
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
    while not compared:
        reach("before switch")
        async with pool.acquire() as connection:
            if await building.switch(connection, folding.model, folding.version, sources):
                break
        await _near(pool, folding, None, progress, reach)
    return Report(folding.version, folding.position, compared, different)


async def _near(pool: Pool, folding: Folding, live: Build | None, progress: Progress, reach: Reach) -> None:
    """Take in the log, up to nearly where the live build stands, or to its end."""
    while True:
        async with pool.acquire() as connection:
            until = await projecting.log_position(connection) if live is None else await _position(connection, live)
        left = until - folding.position
        if left <= 0 or (live is not None and left < NEAR_EVENTS):
            progress(until, until)
            return
        while folding.position < until:
            batch = await read_batch(pool, folding.position, folding.types, until=until)
            await apply(pool, folding, batch, epoch=None, reach=reach)
            progress(folding.position, until)


async def _level(pool: Pool, holder: Connection, folding: Folding, live: Build, reach: Reach) -> None:
    """Hold the live build where it is, and bring the new one there."""
    until = await building.hold(holder, folding.model, live.version)
    if until is None:
        msg = f"{folding.model.name} was rebuilt by somebody else meanwhile."
        raise RebuildError(msg)
    while folding.position < until:
        batch = await read_batch(pool, folding.position, folding.types, until=until)
        await apply(pool, folding, batch, epoch=None, reach=reach)


async def _live(connection: Connection, model: ReadModel) -> Build | None:
    builds = await building.builds(connection)
    return next((build for build in builds if build.model == model.name and build.state == "live"), None)


async def _position(connection: Connection, build: Build) -> int:
    found = [
        one.position
        for one in await building.builds(connection)
        if (one.model, one.version, one.state) == (build.model, build.version, "live")
    ]
    if not found:
        msg = f"{build.model} was rebuilt by somebody else meanwhile."
        raise RebuildError(msg)
    return found[0]
