"""Uploaded files on their way into the ledger, sealed, and the answers that were given for them.

await drafts.keep(pool, user_id, draft_id, account_id, key.seal(...))
draft = await drafts.find(pool, user_id, draft_id)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from fintwin.store.connect import Pool

State = Literal["open", "committing", "committed", "reversed"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One uploaded file; ``sealed`` is the file with its mapping until it is committed, then the answer that was given."""

    id: UUID
    account_id: UUID
    state: State
    booked_after: int | None
    sealed: str


def _draft(row: Mapping[str, Any]) -> Draft:
    return Draft(
        id=row["id"],
        account_id=row["account_id"],
        state=row["state"],
        booked_after=row["booked_after"],
        sealed=row["sealed"],
    )


async def keep(pool: Pool, user_id: UUID, draft_id: UUID, account_id: UUID, sealed: str) -> None:
    """Keep a new draft; old ones that were never booked go."""
    await pool.execute("SELECT draft.keep($1, $2, $3, $4)", user_id, draft_id, account_id, sealed)


async def find(pool: Pool, user_id: UUID, draft_id: UUID) -> Draft | None:
    """One of the user's, or None."""
    row = await pool.fetchrow("SELECT * FROM draft.find($1, $2)", user_id, draft_id)
    return None if row is None else _draft(row)


async def begin_booking(pool: Pool, user_id: UUID, draft_id: UUID) -> Draft | None:
    """The draft, marked as being booked; None where there is none that can be."""
    row = await pool.fetchrow("SELECT * FROM draft.begin_booking($1, $2)", user_id, draft_id)
    return None if row is None else _draft(row)


async def finish(pool: Pool, user_id: UUID, draft_id: UUID, before: State, after: State, sealed: str) -> bool:
    """Move a draft on and keep its answer; whether it was this call that did."""
    found: bool = await pool.fetchval(
        "SELECT draft.finish($1, $2, $3, $4, $5)", user_id, draft_id, before, after, sealed
    )
    return found


async def discard(pool: Pool, user_id: UUID, draft_id: UUID) -> bool:
    """Forget a draft that was never booked; whether there was one."""
    found: bool = await pool.fetchval("SELECT draft.discard($1, $2)", user_id, draft_id)
    return found
