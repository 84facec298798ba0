"""Filling an empty log from a file, as the owner of the tables, in one transaction that is kept or undone as a whole.

async with restoring(url) as connection:
    await put_events(connection, events)
    await put_heads(connection, heads)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fintwin.store.connect import Connection, open_pool
from fintwin.store.rows import StoredEvent
from fintwin.store.shard import SHARD

_TABLES: Final = ("event", "stream_head", "idempotency", "reversal")
HEAD_COLUMNS: Final = (
    "shard", "stream_kind", "stream_id", "user_id", "version", "position", "decided_in", "stream_hash", "currency", "status",
    "balance_minor", "overdraft_limit_minor", "effective_at_last", "facts",
)  # fmt: skip
KEY_COLUMNS: Final = ("user_id", "key", "request", "shard", "transaction_id", "position", "balance_minor")
REVERSAL_COLUMNS: Final = ("user_id", "transaction_id", "shard", "reversed_by", "position")


class NotEmptyError(Exception):
    """There are events already: a log is restored into an empty one only."""


@asynccontextmanager
async def restoring(url: str) -> AsyncIterator[Connection]:
    """The owner's connection inside a transaction; nobody appends or reads meanwhile. Raises `NotEmptyError`.

    ``url`` of an administrator, who may act as the owner. Row level security holds for the owner too, and is taken off the
    tables for the length of the transaction.
    """
    pool = await open_pool(url, size_max=1, name="fintwin restore")
    try:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL ROLE fintwin_owner; SET LOCAL lock_timeout = '5s'")
            for table in _TABLES:
                await connection.execute(f"ALTER TABLE log.{table} NO FORCE ROW LEVEL SECURITY")
            if await connection.fetchval("SELECT EXISTS (SELECT FROM log.event)"):
                raise NotEmptyError
            yield connection
            for table in _TABLES:
                await connection.execute(f"ALTER TABLE log.{table} FORCE ROW LEVEL SECURITY")
    finally:
        await pool.close()


async def put_events(connection: Connection, events: Iterable[StoredEvent]) -> None:
    """Add events as they are."""
    columns = StoredEvent.__struct_fields__
    records = [tuple(getattr(event, name) for name in columns) for event in events]
    await _copy(connection, "event", columns, records)


async def put_heads(connection: Connection, heads: Iterable[Sequence[Any]]) -> None:
    """Add stream heads, in the order of `HEAD_COLUMNS`."""
    await _copy(connection, "stream_head", HEAD_COLUMNS, heads)


async def put_keys(connection: Connection, keys: Iterable[Sequence[Any]]) -> None:
    """Add idempotency keys, in the order of `KEY_COLUMNS`."""
    await _copy(connection, "idempotency", KEY_COLUMNS, keys)


async def put_reversals(connection: Connection, reversals: Iterable[tuple[UUID, UUID, UUID, int]]) -> None:
    """Add reversals: user, transaction, the transaction that reversed it, where that ends."""
    rows = [(user, transaction, SHARD, by, position) for user, transaction, by, position in reversals]
    await _copy(connection, "reversal", REVERSAL_COLUMNS, rows)


async def put_end(connection: Connection, position: int, link: bytes, recorded_at: datetime) -> None:
    """Say where the log ends."""
    await connection.execute(
        "UPDATE log.log_head SET position = $2, hash = $3, recorded_at = $4 WHERE shard = $1",
        SHARD,
        position,
        link,
        recorded_at,
    )


async def _copy(connection: Connection, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> None:
    await connection.copy_records_to_table(table, schema_name="log", columns=list(columns), records=records)
