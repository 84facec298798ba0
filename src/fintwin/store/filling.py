"""The database's side of filling new builds in one go: a part of the log, tables without indexes, and what completes them.

While a build is filled its checkpoint stands at 0 and has the filler's name in place of a fold's, so that nobody goes on with
half of it: a projector that finds one takes it away, and so does the next switch. Its number may then be given again, so
every transaction that writes begins with holding the checkpoints of its own filler (`hold`). `complete` makes keys of the
finished indexes and sets all checkpoints, in one transaction. As everything that a projector writes, all of it may be taken
back by a crash of the server, but only from its end on: never are there checkpoints without their rows.

    indexes = await bare(connection, target, builds)
    ...                                             # rows by COPY, from several connections
    for index in indexes:
        await make_index(connection, target, index)
    await complete(connection, target, builds, indexes, position)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from fintwin.projections.model import ReadModel
from fintwin.store.building import as_json
from fintwin.store.connect import REFUSED, Connection
from fintwin.store.lease import SupersededError
from fintwin.store.projecting import stored_table
from fintwin.store.shard import SHARD

_PART: Final = """
    SELECT shard, position, stream_kind, stream_id, version, user_id, type, schema_version, transaction_id, effective_at,
        recorded_at, payload, metadata
    FROM log.event WHERE shard = $1 AND position > $2 AND position <= $3 AND (uuid_hash(user_id) & 2147483647) % $5 = $4
    ORDER BY
"""
_STRETCH: Final = f"{_PART} position LIMIT $6"
_WHOLE: Final = f"{_PART} user_id, position"
_NO_SORT: Final = "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
"""The index of users is already in this order, and the planner knows little of a log that has just been restored."""
_INDEXES: Final = """
    SELECT i.indrelid::regclass::text, n.relname::text, pg_get_indexdef(i.indexrelid), i.indisprimary
    FROM pg_index i JOIN pg_class n ON n.oid = i.indexrelid
    WHERE i.indrelid IN (SELECT t.name::regclass FROM json_array_elements_text($1) AS t(name)) ORDER BY i.indrelid, i.indexrelid
"""
_COMPLETE: Final = """
    UPDATE read.checkpoint c
    SET position = $3, fold_hash = q.fold_hash, advanced_at = clock_timestamp(),
        recorded_at = (SELECT e.recorded_at FROM log.event e WHERE e.shard = $2 AND e.position = $3)
    FROM json_to_recordset($1) AS q(model text, version integer, fold_hash text)
    WHERE c.model = q.model AND c.version = q.version AND c.shard = $2 AND c.state = 'building' AND c.fold_hash = $4
"""
_HOLD: Final = """
    SELECT FROM json_each_text($1) AS q(model, version) JOIN read.checkpoint c
        ON c.model = q.model AND c.version = q.version::integer AND c.shard = $2 AND c.state = 'building' AND c.fold_hash = $3
    FOR KEY SHARE OF c
"""
_MAKING: Final = "SET LOCAL statement_timeout = 0; SET LOCAL max_parallel_maintenance_workers = 0"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
STRETCH: Final = 4
"""So many times the events that a part of equal size would have are looked through at once: a statement has its time limit."""
BARE_BYTES_MIN: Final = 1_000_000
"""The indexes of smaller tables are kept: making them takes longer than filling them row by row."""
_SIZES: Final = """
    SELECT t.name, coalesce(pg_relation_size(to_regclass(t.name)), 0) FROM json_array_elements_text($1) AS t(name)
"""


class Index(NamedTuple):
    """An index of a build's table, and whether it is that of the primary key."""

    table: str
    name: str
    definition: str
    is_key: bool


class Target(NamedTuple):
    """The builds that are filled: version by model, and who fills them."""

    versions: dict[str, int]
    filler: str


class Filled(NamedTuple):
    """A build that is filled, the hash of the fold that fills it, and the build like it that there is already."""

    model: ReadModel
    version: int
    fold_hash: str
    like: int | None = None


async def part_of_log(
    connection: Connection, position: int, limit: int, until: int, *, part: int, parts: int
) -> tuple[Sequence[Mapping[str, Any]], int]:
    """Rows of the log after a position and up to another, of one of so many parts of the users; ``part`` counts from 0.

    Also says up to where these are all. A log of at most ``limit`` events for each part is read in one go, user by user, because
    what lies side by side in memory is decoded in two thirds of the time. Of a longer one it is a stretch, in its own order, and
    at most ``limit`` rows: a stretch with few of this part's is not read in one go either.
    """
    if position == 0 and until <= limit * parts:
        async with connection.transaction():
            await connection.execute(_NO_SORT)
            return await connection.fetch(_WHOLE, SHARD, position, until, part, parts), until
    ended = min(until, position + limit * parts * STRETCH)
    rows: Sequence[Mapping[str, Any]] = await connection.fetch(_STRETCH, SHARD, position, ended, part, parts, limit)
    return rows, rows[-1]["position"] if len(rows) == limit else ended


async def notice_death(connection: Connection) -> None:
    """Have the server end a statement of a process that has been ended, where it can find that out."""
    with suppress(REFUSED):
        await connection.execute("SET client_connection_check_interval = '500ms'")


async def hold(connection: Connection, target: Target) -> None:
    """Until the transaction ends nobody takes the builds away. Raises `SupersededError` where somebody has."""
    held = await connection.fetch(_HOLD, as_json(target.versions), SHARD, target.filler)
    if len(held) != len(target.versions):
        raise SupersededError


async def bare(connection: Connection, target: Target, builds: Iterable[Filled]) -> list[Index]:
    """Take the indexes from tables of new builds, all but the small ones; gives them, to be made when there are rows.

    Inside a transaction. How large a table will be is told by the build like it. Raises `SupersededError`.
    """
    await hold(connection, target)
    alike = {
        stored_table(table, build.version).name: None if build.like is None else stored_table(table, build.like).name
        for build in builds
        for table in build.model.tables
    }
    sizes = await _sizes(connection, [name for name in alike.values() if name is not None])
    large = [name for name, other in alike.items() if other is None or sizes[other] >= BARE_BYTES_MIN]
    indexes = [Index(*row) for row in await connection.fetch(_INDEXES, as_json(large))]
    dropped = [
        f"ALTER TABLE {one.table} DROP CONSTRAINT {one.name}" if one.is_key else f"DROP INDEX read.{one.name}"
        for one in indexes
    ]
    if dropped:
        await connection.execute("; ".join(dropped))
    return indexes


async def _sizes(connection: Connection, tables: Iterable[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.fetch(_SIZES, as_json(list(tables)))}


@asynccontextmanager
async def writing(connection: Connection, target: Target) -> AsyncIterator[None]:
    """A transaction for many rows. Raises `SupersededError`.

    Moments go to the database by the number of their microseconds: the driver's own way takes twice as long.
    """
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_microseconds, decoder=_moment, format="tuple"
    )
    try:
        async with connection.transaction():
            await hold(connection, target)
            yield
    finally:
        await connection.reset_type_codec("timestamptz", schema="pg_catalog")


def _microseconds(at: datetime) -> tuple[int]:
    since = at - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds,)


def _moment(number: tuple[int]) -> datetime:
    return _EPOCH + timedelta(microseconds=number[0])


async def make_index(connection: Connection, target: Target, index: Index) -> None:
    """Make one of them. Several connections may make indexes of one table at once. Raises `SupersededError`."""
    async with connection.transaction():
        await hold(connection, target)
        # However long it takes. The other connections are what works side by side.
        await connection.execute(_MAKING)
        await connection.execute(index.definition, timeout=None)


async def complete(
    connection: Connection, target: Target, builds: Sequence[Filled], indexes: Iterable[Index], position: int
) -> None:
    """The builds have all rows up to a position, and the indexes are made: all builds are there, or none.

    Raises `SupersededError` where somebody has taken one away.
    """
    async with connection.transaction():
        named = [{"model": one.model.name, "version": one.version, "fold_hash": one.fold_hash} for one in builds]
        done = await connection.execute(_COMPLETE, as_json(named), SHARD, position, target.filler)
        if done != f"UPDATE {len(builds)}":
            raise SupersededError
        keys = [
            f"ALTER TABLE {one.table} ADD CONSTRAINT {one.name} PRIMARY KEY USING INDEX {one.name}"
            for one in indexes
            if one.is_key
        ]
        if keys:
            await connection.execute("; ".join(keys))
