"""A user's transactions as lists show them, read from the log.

One `StatementRow` is one transaction as its owner sees it: texts still sealed, amounts in minor units. Where the rows come from
is this module's business alone; the API maps them to JSON.

    rows = await transactions(pool, user_id, Wanted(limit=50))
    rows[0].balance_after_minor
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from fintwin.domain import accounts
from fintwin.domain.catalogue import decode
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.store.connect import Connection, Pool
from fintwin.store.rows import StoredEvent, recorded, stored

_TRANSACTIONS = "SELECT * FROM log.transactions($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"


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


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which transactions: None leaves a condition out. ``before`` is a position, ``until`` the log's end to go by."""

    account_id: UUID | None = None
    transaction_id: UUID | None = None
    until: int | None = None
    before: int | None = None
    limit: int = 100
    offset: int = 0
    types: Sequence[str] | None = None
    category: str | None = None
    effective_from: datetime | None = None
    effective_to: datetime | None = None


async def transactions(pool: Connection | Pool, user_id: UUID, wanted: Wanted) -> list[StatementRow]:
    """The user's transactions, newest first in booking order."""
    rows = await pool.fetch(
        _TRANSACTIONS,
        user_id,
        wanted.account_id,
        wanted.transaction_id,
        wanted.until,
        wanted.before,
        wanted.limit,
        wanted.offset,
        wanted.types,
        wanted.category,
        wanted.effective_from,
        wanted.effective_to,
    )
    return [_row(row) for row in rows]


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


async def balance_at(
    pool: Connection | Pool, user_id: UUID, account_id: UUID, as_of: datetime | None, known_at: datetime | None
) -> int | None:
    """Minor units of an own account over what counted at ``as_of`` and was known at ``known_at``; None: no such account."""
    balance: int | None = await pool.fetchval(
        "SELECT log.balance_at($1, $2, $3, $4)", user_id, account_id, as_of, known_at
    )
    return balance


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
