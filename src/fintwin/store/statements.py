"""What the API asks the log itself: one transaction as it stood, one stream, whom an account can be paid by.

Lists come from the read models (`store.reading`). These reads are for answers that must be the same whenever they are given, and
so are made from events up to a position.

    row = await transaction_at(pool, user_id, transaction_id, position)
    row.balance_after_minor
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from fintwin.domain import accounts
from fintwin.domain.catalogue import decode
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.store.connect import Connection, Pool
from fintwin.store.rows import StoredEvent, recorded, stored


class StatementRow(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction of one account; ``note`` is sealed for ``note_stream``, the counterparty for ``stream_id``."""

    position: int
    transaction_id: UUID
    stream_id: UUID
    event: accounts.MoneyEvent
    recorded_at: datetime
    effective_at: datetime
    balance_after_minor: int
    reversed_by: UUID | None = None
    category: str | None = None
    note: str | None = None
    note_stream: UUID


async def transaction_at(
    pool: Connection | Pool, user_id: UUID, transaction_id: UUID, position: int
) -> StatementRow | None:
    """One of the user's transactions as it stood at a position of the log; None where there is none."""
    row = await pool.fetchrow("SELECT * FROM log.transaction_at($1, $2, $3)", user_id, transaction_id, position)
    return None if row is None else _row(row)


def _row(row: Any) -> StatementRow:
    event = decode(row["type"], row["schema_version"], row["payload"])
    return StatementRow(
        position=row["position"],
        transaction_id=row["transaction_id"],
        stream_id=row["stream_id"],
        event=event,
        recorded_at=row["recorded_at"],
        effective_at=row["effective_at"],
        balance_after_minor=row["balance_after"],
        reversed_by=row["reversed_by"],
        category=row["category"] if row["categorised"] else getattr(event, "category", None),
        note=row["note"] if row["noted"] else getattr(event, "note", None),
        note_stream=row["note_stream"] if row["noted"] else row["stream_id"],
    )


async def receivable(pool: Connection | Pool, account_id: UUID) -> str | None:
    """The currency that an account, anybody's, takes payments in; None where it takes none."""
    currency: str | None = await pool.fetchval("SELECT log.receivable($1)", account_id)
    return currency


async def stream_events(
    pool: Connection | Pool, user_id: UUID, kind: StreamKind, stream_id: UUID, after: int = 0, limit: int = 5000
) -> list[Recorded]:
    """Events of one own stream after a version, oldest first."""
    rows = await pool.fetch(
        "SELECT * FROM log.stream_events($1, $2, $3, $4, $5)", user_id, kind, stream_id, after, limit
    )
    return [recorded(row) for row in rows]


async def stored_transaction(pool: Connection | Pool, user_id: UUID, transaction_id: UUID) -> list[StoredEvent]:
    """The user's own events of one transaction as they lie in the log."""
    rows = await pool.fetch("SELECT * FROM log.transaction_events($1, $2)", user_id, transaction_id)
    return [stored(row) for row in rows]
