"""Hooks and letters as their owner reaches them: every function wants the pool of the role `fintwin_api` and sets the tenant.

rows = await hooks(pool, user_id, None)
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from fintwin.store.connect import Pool

State = Literal["active", "paused", "stopped"]


class HookRow(msgspec.Struct, frozen=True):
    """One hook as stored; ``sealed`` holds address and secret."""

    id: UUID
    sealed: str
    types: list[str]
    state: State
    position: int
    attempts: int
    next_attempt_at: datetime
    last_attempt_at: datetime | None
    last_outcome: str | None
    delivered_at: datetime | None
    made_at: datetime
    letters: int


class Letter(msgspec.Struct, frozen=True):
    """An event that was given up after so many tries; ``asked_at`` is when it was last wanted again."""

    position: int
    attempts: int
    outcome: str
    given_up_at: datetime
    asked_at: datetime | None


async def delivers(pool: Pool) -> bool | None:
    """Whether somebody delivers at this moment; None where nobody ever has."""
    found: bool | None = await pool.fetchval(
        "SELECT expires_at > clock_timestamp() FROM webhook.lease WHERE shard = 0 AND epoch > 0"
    )
    return found


async def hooks(pool: Pool, user_id: UUID, hook_id: UUID | None) -> list[HookRow]:
    """The user's hooks in the order of their making, or the one asked for."""
    return [HookRow(*row) for row in await pool.fetch("SELECT * FROM webhook.hooks($1, $2)", user_id, hook_id)]


async def add(pool: Pool, user_id: UUID, hook_id: UUID, sealed: str, types: list[str], most: int) -> bool:
    """Keep a new hook; False where the user has as many as there may be."""
    added: bool = await pool.fetchval("SELECT webhook.add($1, $2, $3, $4, $5)", user_id, hook_id, sealed, types, most)
    return added


async def change(
    pool: Pool,
    user_id: UUID,
    hook_id: UUID,
    sealed: str | None,
    types: list[str] | None,
    state: State | None,
    position: int | None,
) -> bool:
    """Change what is not None; False where the user has no such hook."""
    changed: bool = await pool.fetchval(
        "SELECT webhook.change($1, $2, $3, $4, $5, $6)", user_id, hook_id, sealed, types, state, position
    )
    return changed


async def remove(pool: Pool, user_id: UUID, hook_id: UUID) -> bool:
    """Take a hook and its letters away; False where the user has no such hook."""
    removed: bool = await pool.fetchval("SELECT webhook.remove($1, $2)", user_id, hook_id)
    return removed


async def letters(pool: Pool, user_id: UUID, hook_id: UUID, after: int, limit: int) -> list[Letter]:
    """Letters of one hook after a position, oldest first."""
    rows = await pool.fetch("SELECT * FROM webhook.letters($1, $2, $3, $4)", user_id, hook_id, after, limit)
    return [Letter(*row) for row in rows]


async def ask_again(pool: Pool, user_id: UUID, hook_id: UUID, position: int | None) -> int:
    """Have letters tried again; how many."""
    asked: int = await pool.fetchval("SELECT webhook.ask_again($1, $2, $3)", user_id, hook_id, position)
    return asked
