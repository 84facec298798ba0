"""The auditor's side of the database: everything may be read, nothing is written, and no snapshot is held for long.

The log never changes behind a position that has been read, so long ways through it are pages of ``position > cursor``. What
does change, heads and read models, is read for a stretch of users in one statement or one short transaction.

    end = await log_end(connection)
    rows = await page(connection, after=0, until=end.position, limit=5000)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from fintwin.store.connect import Connection, open_pool
from fintwin.store.shard import SHARD

Row = Any
"""A row, by name and by place."""

UNDEFINED: Final = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)
"""A table was dropped while it was being asked for: look again at which ones there are."""

FIRST_USER: Final = UUID(int=0)
LAST_USER: Final = UUID(int=2**128 - 1)

_END: Final = """
    SELECT l.position, l.hash, l.recorded_at, e.position AS last_position, e.hash AS last_hash, e.recorded_at AS last_recorded_at
    FROM log.log_head l
    LEFT JOIN LATERAL (SELECT * FROM log.event WHERE shard = l.shard ORDER BY shard, position DESC LIMIT 1) e ON true
    WHERE l.shard = $1
"""
_BY_USER: Final = """
    SELECT * FROM log.event
    WHERE (user_id, position) > ($1, $2) AND user_id <= $3 AND position <= $4 AND shard = $5
    ORDER BY user_id, position LIMIT $6
"""
_RANGES: Final = """
    SELECT (array_agg(user_id ORDER BY user_id DESC))[1] AS last_user, sum(events)::bigint AS events FROM (
        SELECT user_id, events, (sum(events) OVER (ORDER BY user_id) - 1)::bigint / $1::bigint AS part FROM (
            SELECT user_id, sum(version) AS events FROM log.stream_head
            WHERE shard = $2 GROUP BY user_id
        ) AS users
    ) AS parts GROUP BY part ORDER BY last_user
"""
# By the events and by the heads: one of the two may have been tampered with.
_SINCE: Final = """
    SELECT user_id, sum(events)::bigint AS events FROM (
        SELECT user_id, count(*) AS events FROM log.event WHERE shard = $1 AND position > $2 GROUP BY user_id
        UNION ALL SELECT user_id, 0 FROM log.stream_head WHERE shard = $1 AND position > $2
    ) AS users GROUP BY user_id ORDER BY user_id
"""
# As superuser, somebody may have written what no append writes: rows of a shard or a user that there is not.
_STRAYS: Final = """
    SELECT 'event' AS what, 'shard ' || e.shard || ', position ' || e.position AS detail
        FROM (SELECT shard, position FROM log.event WHERE shard > $1 OR shard < $1 LIMIT 1) e
    UNION ALL SELECT 'head', 'stream ' || h.stream_id
        FROM (SELECT stream_id FROM log.stream_head WHERE shard <> $1 LIMIT 1) h
    UNION ALL SELECT 'log head', 'shard ' || l.shard FROM log.log_head l WHERE l.shard <> $1
    UNION ALL SELECT 'key', 'shard ' || k.shard FROM (SELECT shard FROM log.idempotency WHERE shard <> $1 LIMIT 1) k
    UNION ALL SELECT 'reversal', 'shard ' || r.shard FROM (SELECT shard FROM log.reversal WHERE shard <> $1 LIMIT 1) r
"""
_KEYS: Final = """
    SELECT user_id, transaction_id, position, balance_minor FROM log.idempotency
    WHERE user_id > $1 AND user_id <= $2 AND shard = $3
"""
_REVERSALS: Final = """
    SELECT user_id, transaction_id, reversed_by, position FROM log.reversal
    WHERE user_id > $1 AND user_id <= $2 AND shard = $3
"""


class LogEnd(NamedTuple):
    """What the head of the log says, and the last event that there is (None in an empty log), seen at one moment."""

    position: int
    hash: bytes
    recorded_at: datetime
    last_position: int | None
    last_hash: bytes | None
    last_recorded_at: datetime | None


class Users(NamedTuple):
    """A stretch of users by id: after the first, up to the second. ``events``: about how many events it holds."""

    after: UUID
    until: UUID
    events: int


class Live(NamedTuple):
    """A live build of a read model, and its rows of some users by table; ``rows`` None: it was not asked for."""

    model: str
    version: int
    position: int
    fault: str | None
    rows: dict[str, Sequence[Sequence[Any]]]


@asynccontextmanager
async def auditing(url: str) -> AsyncIterator[Connection]:
    """A connection of the auditor's, which can only read."""
    pool = await open_pool(url, size_max=1, name="fintwin audit")
    try:
        async with pool.acquire() as connection:
            yield connection
    finally:
        await pool.close()


async def log_end(connection: Connection) -> LogEnd:
    """Where the log ends."""
    row = await connection.fetchrow(_END, SHARD)
    assert row is not None, "the migration makes the head of the log"
    return LogEnd(*row)


async def page(connection: Connection, after: int, until: int, limit: int) -> Sequence[Row]:
    """Whole events in order of positions."""
    rows: Sequence[Row] = await connection.fetch(
        "SELECT * FROM log.event WHERE shard = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4",
        SHARD,
        after,
        until,
        limit,
    )
    return rows


async def event_at(connection: Connection, position: int) -> Row | None:
    """The event at a position, or None."""
    row: Row | None = await connection.fetchrow(
        "SELECT * FROM log.event WHERE shard = $1 AND position = $2", SHARD, position
    )
    return row


async def page_by_user(
    connection: Connection, after: tuple[UUID, int], until_user: UUID, until: int, limit: int
) -> Sequence[Row]:
    """Whole events in order of users and positions."""
    rows: Sequence[Row] = await connection.fetch(_BY_USER, *after, until_user, until, SHARD, limit)
    return rows


async def stream_page(
    connection: Connection, user_id: UUID, stream: tuple[int, UUID], after: int, limit: int
) -> Sequence[Row]:
    """Whole events of one stream after a version, in order."""
    rows: Sequence[Row] = await connection.fetch(
        """SELECT * FROM log.event WHERE user_id = $1 AND stream_kind = $2 AND stream_id = $3 AND version > $4
            AND shard = $5 ORDER BY version LIMIT $6""",
        user_id, *stream, after, SHARD, limit,
    )  # fmt: skip
    return rows


async def owner_of(connection: Connection, kind: int, stream_id: UUID) -> UUID | None:
    """Whose a stream is, or None where there is none."""
    owner: UUID | None = await connection.fetchval(
        "SELECT user_id FROM log.stream_head WHERE shard = $1 AND stream_kind = $2 AND stream_id = $3",
        SHARD,
        kind,
        stream_id,
    )
    return owner


async def streams_of(connection: Connection, user_id: UUID) -> Sequence[tuple[int, UUID]]:
    """Kind and id of each stream of a user."""
    rows = await connection.fetch(
        "SELECT stream_kind, stream_id FROM log.stream_head WHERE user_id = $1 AND shard = $2 ORDER BY 1, 2",
        user_id,
        SHARD,
    )
    return [(row[0], row[1]) for row in rows]


async def account_page(
    connection: Connection, after: UUID, limit: int, user_id: UUID | None = None
) -> list[tuple[UUID, UUID]]:
    """Accounts in the order of their ids, after one of them: (account, owner); of all users or of one."""
    rows = await connection.fetch(
        "SELECT stream_id, user_id FROM log.stream_head WHERE shard = $1 AND stream_kind = 1 AND stream_id > $2 "
        "AND ($3::uuid IS NULL OR user_id = $3) ORDER BY shard, stream_kind, stream_id LIMIT $4",
        SHARD, after, user_id, limit,
    )  # fmt: skip
    return [(row["stream_id"], row["user_id"]) for row in rows]


async def strays(connection: Connection) -> Sequence[Row]:
    """Rows that belong to no log that this version keeps."""
    rows: Sequence[Row] = await connection.fetch(_STRAYS, SHARD)
    return rows


async def user_ranges(connection: Connection, events: int) -> list[Users]:
    """All users in stretches of about so many events.

    The stretches leave no id out, so that events of a user without any head are met as well.
    """
    found = []
    last = FIRST_USER
    rows = await connection.fetch(_RANGES, events, SHARD)
    for number, row in enumerate(rows, 1):
        until = LAST_USER if number == len(rows) else row["last_user"]
        found.append(Users(last, until, row["events"]))
        last = until
    return found or [Users(FIRST_USER, LAST_USER, 0)]


async def users_since(connection: Connection, position: int) -> list[Users]:
    """Each user with an event after a position, a stretch of one."""
    rows = await connection.fetch(_SINCE, SHARD, position)
    return [Users(UUID(int=row["user_id"].int - 1), row["user_id"], row["events"]) for row in rows]


async def heads(connection: Connection, users: Users) -> tuple[int, Sequence[Row]]:
    """The heads of these users, and the position of the log that they belong to: both of one moment."""
    rows = await connection.fetch(
        """SELECT l.position AS log_position, h.* FROM log.log_head l
            LEFT JOIN log.stream_head h ON h.shard = l.shard AND h.user_id > $1 AND h.user_id <= $2
            WHERE l.shard = $3""",
        users.after, users.until, SHARD,
    )  # fmt: skip
    return rows[0]["log_position"], [row for row in rows if row["stream_id"] is not None]


async def idempotency_rows(connection: Connection, users: Users) -> Sequence[Row]:
    """What the keys of these users stand for."""
    rows: Sequence[Row] = await connection.fetch(_KEYS, users.after, users.until, SHARD)
    return rows


async def idempotency_page(connection: Connection, after: tuple[UUID, bytes], until: int, limit: int) -> Sequence[Row]:
    """Whole rows of keys in order of users and keys, of transactions up to a position."""
    rows: Sequence[Row] = await connection.fetch(
        """SELECT user_id, key, request, shard, transaction_id, position, balance_minor FROM log.idempotency
        WHERE (user_id, key) > ($1, $2) AND position <= $3 AND shard = $4 ORDER BY user_id, key LIMIT $5""",
        *after, until, SHARD, limit,
    )  # fmt: skip
    return rows


async def reversal_rows(connection: Connection, users: Users) -> Sequence[Row]:
    """Which transactions of these users were taken back, and by which."""
    rows: Sequence[Row] = await connection.fetch(_REVERSALS, users.after, users.until, SHARD)
    return rows


async def stands_at(connection: Connection, position: int, transaction_id: UUID) -> bool:
    """Whether the event at a position is of a transaction."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM log.event WHERE shard = $1 AND position = $2 AND transaction_id = $3)",
        SHARD,
        position,
        transaction_id,
    )
    return found


async def live_rows(
    connection: Connection, users: Users, tables: Mapping[str, Sequence[tuple[str, str]]]
) -> list[Live]:
    """The live builds of these models with their rows of these users, seen at one moment.

    ``tables``: by model, each table's name and its columns as SQL.
    """
    async with _snapshot(connection):
        builds = await connection.fetch(
            "SELECT model, version, position, fault FROM read.checkpoint WHERE state = 'live' AND shard = $1", SHARD
        )
        return [
            Live(
                build["model"],
                build["version"],
                build["position"],
                build["fault"],
                {
                    name: await connection.fetch(
                        f"SELECT {columns} FROM read.{name}_v{build['version']} "  # noqa: S608  names of our own structs
                        "WHERE user_id > $1 AND user_id <= $2",
                        users.after,
                        users.until,
                    )
                    for name, columns in tables.get(build["model"], ())
                },
            )
            for build in builds
        ]


@asynccontextmanager
async def _snapshot(connection: Connection) -> AsyncIterator[None]:
    if connection.is_in_transaction():  # the caller's own
        yield
        return
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        yield
