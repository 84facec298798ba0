"""Reading the log as one user: each call is one function of the database and one round trip.

The function sets the tenant for its own transaction, and row level security lets through that user's rows only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from fintwin.domain.streams import Recorded, StreamKey
from fintwin.store.connect import Connection, Pool
from fintwin.store.rows import Head, StoredEvent, head, recorded, stored


async def events(connection: Connection | Pool, user_id: UUID, after: int = 0, limit: int = 1000) -> list[Recorded]:
    """The user's events after a position, oldest first."""
    rows = await connection.fetch("SELECT * FROM log.events($1, $2, $3)", user_id, after, limit)
    return [recorded(row) for row in rows]


async def stored_events(
    connection: Connection | Pool, user_id: UUID, after: int = 0, limit: int = 1000
) -> list[StoredEvent]:
    """The user's events after a position as they lie in the log, hashes and all."""
    rows = await connection.fetch("SELECT * FROM log.events($1, $2, $3)", user_id, after, limit)
    return [stored(row) for row in rows]


async def history(connection: Connection | Pool, user_id: UUID, page: int = 2000) -> AsyncIterator[Recorded]:
    """All events of a user, oldest first, page by page: no snapshot is held."""
    after = 0
    while True:
        found = await events(connection, user_id, after, page)
        for one in found:
            yield one
        if len(found) < page:
            return
        after = found[-1].position


async def transaction(connection: Connection | Pool, user_id: UUID, transaction_id: UUID) -> list[Recorded]:
    """The user's own events of one transaction, in order; empty where there is none."""
    rows = await connection.fetch("SELECT * FROM log.transaction_events($1, $2)", user_id, transaction_id)
    return [recorded(row) for row in rows]


async def heads(connection: Connection | Pool, user_id: UUID) -> list[Head]:
    """The heads of all streams of the user."""
    return [head(row) for row in await connection.fetch("SELECT * FROM log.heads($1)", user_id)]


async def one_head(connection: Connection | Pool, user_id: UUID, stream: StreamKey) -> Head | None:
    """One head of the user's own, or None."""
    row = await connection.fetchrow("SELECT * FROM log.head($1, $2, $3)", user_id, stream.kind, stream.id)
    return None if row is None else head(row)


async def reversals(connection: Connection | Pool, user_id: UUID, transaction_ids: list[UUID]) -> dict[UUID, UUID]:
    """Which of these transactions the user has taken back, and by which transaction."""
    rows = await connection.fetch("SELECT * FROM log.reversals($1, $2)", user_id, transaction_ids)
    return {row["transaction_id"]: row["reversed_by"] for row in rows}


async def is_reused(connection: Connection | Pool, user_id: UUID, asked: dict[bytes, bytes]) -> bool:
    """Whether one of these keys of the user's stood for another request; both are fingerprints, request by key."""
    found: bool = await connection.fetchval("SELECT log.reused($1, $2, $3)", user_id, list(asked), list(asked.values()))
    return found


async def account_moves(
    connection: Connection | Pool, user_id: UUID, account_id: UUID, after: int = 0, limit: int = 20_000
) -> list[tuple[int, datetime, int]]:
    """What moved on an own account after a version: version, when it counts, signed minor units (0 where no money moved)."""
    rows = await connection.fetch("SELECT * FROM log.account_moves($1, $2, $3, $4)", user_id, account_id, after, limit)
    return [(row["version"], row["effective_at"], row["delta_minor"]) for row in rows]


async def standing_moves(connection: Connection | Pool, user_id: UUID, account_id: UUID) -> list[tuple[datetime, int]]:
    """What moved on an own account by the moment it counts, in that order, without reversals and what they took back."""
    rows = await connection.fetch("SELECT * FROM log.standing_moves($1, $2)", user_id, account_id)
    return [(row["effective_at"], row["delta_minor"]) for row in rows]
