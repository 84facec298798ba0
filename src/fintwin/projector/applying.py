"""Taking a batch of the log into builds of read models.

All builds that stand where the batch begins go on together, in one transaction: readers see them all at one position, and a
batch costs one commit however many read models there are. What one of them cannot take, none takes that way; then each goes on
for itself, and the one in question as far as it can.

    stopped = await apply(pool, foldings, await read_batch(pool, position, types), epoch=epoch)

Events are folded user by user through all builds, because an event that has just been looked at is cheap to look at again. A
large batch goes in slices: while the database writes one, the next is folded, in turns short enough that the database never
waits for us. (A thread would keep each answer of the database waiting for up to five milliseconds.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from fintwin.projector.batch import Batch, Run, decoded
from fintwin.projector.folding import Folding
from fintwin.store import projecting
from fintwin.store.connect import LOST, UNDONE, Connection, Pool
from fintwin.store.lease import SupersededError
from fintwin.store.projecting import Written, stored_table

BATCH_EVENTS: Final = 24_000
SLICE_EVENTS: Final = 3_000
TURN_EVENTS: Final = 50
"""So many events are folded, for about a millisecond, before the connection is looked after."""

Folded = list[tuple[Folding, list[Written]]]


class PoisonError(Exception):
    """An event that a build cannot take, and why."""

    def __init__(self, position: int, fault: str) -> None:
        """``position`` of the event."""
        super().__init__(fault)
        self.position = position
        self.fault = fault


async def read_batch(pool: Pool, after: int, types: frozenset[str], *, until: int | None = None) -> Batch:
    """The next events after a position, up to another."""
    async with pool.acquire() as connection:
        rows, last_of_log = await projecting.log_after(connection, after, BATCH_EVENTS, until)
    return decoded(after, rows, types, last_of_log=last_of_log)


async def apply(
    pool: Pool,
    foldings: Sequence[Folding],
    batch: Batch,
    *,
    epoch: int | None,
    reach: Callable[[str], None] = lambda _point: None,
) -> list[tuple[Folding, PoisonError]]:
    """Take a batch into builds that stand where it begins; gives those that cannot take it, and why.

    These stand before the transaction with the event in question. ``reach`` is called at the points by name where tests end
    the process. Raises `SupersededError` and what the database cannot do; then nothing is known of the builds' memory.
    """
    try:
        await _apply_whole(pool, foldings, batch, epoch, reach)
    except (SupersededError, *LOST, *UNDONE):
        for folding in foldings:
            folding.forget()
        raise
    except Exception as error:  # noqa: BLE001  whatever a fold raises stops it, and is shown
        for folding in foldings:
            folding.forget()
        if len(foldings) > 1:
            apart = [await apply(pool, [folding], batch, epoch=epoch, reach=reach) for folding in foldings]
            return [one for stopped in apart for one in stopped]
        if len(batch.ends) > 1:
            for half in batch.halves():
                stopped = await apply(pool, foldings, half, epoch=epoch, reach=reach)
                if stopped:
                    return stopped
            return []
        if not isinstance(error, PoisonError):
            error = PoisonError(batch.ends[0], f"{type(error).__name__}: {error}")
        return [(foldings[0], error)]
    return []


async def _apply_whole(
    pool: Pool, foldings: Sequence[Folding], batch: Batch, epoch: int | None, reach: Callable[[str], None]
) -> None:
    for broken in batch.broken:
        if any(broken.type in folding.types for folding in foldings):
            raise PoisonError(broken.position, broken.fault)
    busy = [folding for folding in foldings if not batch.types.isdisjoint(folding.types)]
    async with pool.acquire() as connection:
        for folding in busy:
            await load_rows(connection, folding, batch.runs)
        reach("after read")
        async with connection.transaction():
            await projecting.advance(
                connection,
                [(folding.model.name, folding.version) for folding in foldings],
                begun=batch.begun,
                ended=batch.ended,
                epoch=epoch,
                recorded_at=batch.recorded_at,
            )
            await _fold_and_write(connection, busy, batch.runs)
            reach("before commit")
        reach("after commit")
    for folding in foldings:
        folding.position = batch.ended
        folding.trim()


async def load_rows(connection: Connection, folding: Folding, runs: Sequence[Run]) -> None:
    """Give a build the rows that it needs for these runs and has not in memory."""
    needed = folding.needs(runs)
    for table in folding.model.tables:
        if needed.users or table in needed.named:
            rows = await projecting.load(connection, table, folding.version, needed.named.get(table, ()), needed.users)
            folding.learn(table, rows)
    folding.whole(needed.users)


async def _fold_and_write(connection: Connection, foldings: Sequence[Folding], runs: Sequence[Run]) -> None:
    folded: Folded = []
    for part in _slices(runs):
        following = asyncio.create_task(_fold(foldings, part))
        try:
            await write_rows(connection, folded)
        finally:
            # Whatever happens here, nobody may touch the builds' memory before the other is done with it.
            await asyncio.wait([following])
        folded = following.result()
    await write_rows(connection, folded)


def _slices(runs: Sequence[Run]) -> Iterator[Sequence[Run]]:
    begin = events = 0
    for end, run in enumerate(runs, 1):
        events += len(run.events)
        if events >= SLICE_EVENTS or end == len(runs):
            yield runs[begin:end]
            begin, events = end, 0


async def _fold(foldings: Sequence[Folding], runs: Sequence[Run]) -> Folded:
    events = 0
    for run in runs:
        for folding in foldings:
            folding.take(run)
        events += len(run.events)
        if events >= TURN_EVENTS:
            events = 0
            await asyncio.sleep(0)
    return [(folding, folding.taken()) for folding in foldings]


async def write_rows(connection: Connection, folded: Folded) -> None:
    """Write what builds have taken in, inside a transaction."""
    changes = [(folding.version, change) for folding, written in folded for change in written]
    bare = {
        stored_table(table, folding.version).name
        for folding, _ in folded
        if folding.building
        for table in folding.model.tables
    }
    await projecting.write(connection, changes, bare=bare)
