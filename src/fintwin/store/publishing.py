"""The publisher's side of the database: the log in order, the lease, and how far the Redis stream has come.

The stream itself tells best what is in it; what is kept here is for people (`status`), for a stream that was lost (from where on
it has to be filled again) and for audits (what has to be there).

    epoch = await LEASE.take(pool, "host:1234", 3.0)
    rows = await log_after(pool, position, 2_000)
    await advance(pool, epoch, position=rows[-1]["position"], recorded_at=rows[-1]["recorded_at"], fault=None)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from fintwin.store.connect import Connection, Pool
from fintwin.store.lease import Lease
from fintwin.store.shard import SHARD

LEASE: Final = Lease("publish.stream", reset="fault = NULL")

Row = Any
"""A row of ``log.event``, its fields in the order of the table."""

_EVENTS: Final = """
    SELECT shard, position, stream_kind, stream_id, version, user_id, type, schema_version, transaction_id, effective_at,
        recorded_at, payload, metadata, digest, stream_hash, hash
    FROM log.event WHERE shard = $1 AND """
_AFTER: Final = f"{_EVENTS} position > $2 ORDER BY position LIMIT $3"
_AT: Final = f"{_EVENTS} position = ANY ($2)"


class Progress(NamedTuple):
    """What is known of the stream: the last position put in, and up to where it may have been cut off."""

    position: int
    trimmed_position: int


class PublishingStatus(NamedTuple):
    """How far the stream is behind the log. ``led``: a publisher is at work; ``fault``: why it does not go on."""

    position: int
    trimmed_position: int
    lag: int
    lag_s: float
    led: bool
    fault: str | None

    @property
    def healthy(self) -> bool:
        """Whether somebody is at work and can go on."""
        return self.led and self.fault is None


async def page_after(connection: Connection | Pool, position: int, limit: int) -> Sequence[Row]:
    """Everybody's events after a position, as many as asked for: for whoever has missed some in the stream."""
    rows: list[Row] = await connection.fetch(_AFTER, SHARD, position, limit)
    return rows


async def log_after(connection: Connection | Pool, position: int, limit: int) -> Sequence[Row]:
    """Rows of the log after a position, cut where a transaction ends; ``limit`` is more than one transaction holds."""
    rows = await page_after(connection, position, limit)
    if len(rows) < limit:
        return rows  # an append commits whole transactions, so the end of the log is the end of one
    end = len(rows)
    while end and rows[end - 1]["transaction_id"] == rows[-1]["transaction_id"]:
        end -= 1
    assert end, f"a transaction of more than {limit} events"
    return rows[:end]


async def events_at(connection: Connection | Pool, positions: Sequence[int]) -> Sequence[Row]:
    """The events at these positions, as far as there are any, in whatever order."""
    rows: list[Row] = await connection.fetch(_AT, SHARD, positions)
    return rows


async def hash_at(connection: Connection | Pool, position: int) -> bytes | None:
    """The shard's hash at a position, or None where the log has no such event."""
    found: bytes | None = await connection.fetchval(
        "SELECT hash FROM log.event WHERE shard = $1 AND position = $2", SHARD, position
    )
    return found


async def log_position(connection: Connection | Pool) -> int:
    """The last position of the log."""
    position: int = await connection.fetchval("SELECT position FROM log.log_head WHERE shard = $1", SHARD)
    return position


async def progress(connection: Connection | Pool) -> Progress:
    """What was last noted."""
    row = await connection.fetchrow("SELECT position, trimmed_position FROM publish.stream WHERE shard = $1", SHARD)
    assert row is not None, "the migration makes the row"
    return Progress(*row)


async def advance(
    connection: Connection | Pool, epoch: int, *, position: int, recorded_at: datetime | None, fault: str | None
) -> bool:
    """Note up to where the stream has come, or why it does not; False where the lease is somebody else's."""
    done: str = await connection.execute(
        """UPDATE publish.stream SET position = $3, recorded_at = coalesce($4, recorded_at), fault = $5,
            advanced_at = clock_timestamp()
        WHERE shard = $1 AND epoch = $2""",
        SHARD, epoch, position, recorded_at, fault,
    )  # fmt: skip
    return done == "UPDATE 1"


async def allow_trimming(connection: Connection | Pool, epoch: int, up_to: int) -> bool:
    """Note, before it is done, that events up to a position are taken out of the stream; False without the lease."""
    done: str = await connection.execute(
        """UPDATE publish.stream SET trimmed_position = greatest(trimmed_position, $3)
        WHERE shard = $1 AND epoch = $2""",
        SHARD, epoch, up_to,
    )  # fmt: skip
    return done == "UPDATE 1"


async def status(connection: Connection | Pool) -> PublishingStatus | None:
    """How far the stream is; None where nothing was ever published."""
    row = await connection.fetchrow("SELECT * FROM publish.status()")
    return None if row is None else PublishingStatus(*row)
