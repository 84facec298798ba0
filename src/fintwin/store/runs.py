"""Runs of the twin that are followed, where every process of the service can see them: progress, a wish to stop, the outcome.

await runs.begin(pool, user_id, run_id, most=2)          # "begun", "exists" or "too_many"
await runs.tell(pool, user_id, run_id, 12, 360)          # True: somebody has cancelled it
await runs.end(pool, user_id, run_id, outcome_bytes)
found = await runs.find(pool, user_id, run_id)
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from fintwin.store.connect import Pool

Begun = Literal["begun", "exists", "too_many"]


class FollowedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run; ``outcome`` None while it is under way, or where it ended with its process."""

    months_done: int
    months_in_all: int
    is_under_way: bool
    outcome: bytes | None


async def begin(pool: Pool, user_id: UUID, run_id: UUID, *, most: int) -> Begun:
    """Take a run down as begun, if the user has fewer than ``most`` under way; what is an hour old goes."""
    await pool.execute("SELECT work.sweep()")
    answer: Begun = await pool.fetchval("SELECT work.begin_run($1, $2, $3)", user_id, run_id, most)
    return answer


async def tell(pool: Pool, user_id: UUID, run_id: UUID, months_done: int, months_in_all: int) -> bool:
    """Say how far a run is; whether somebody has cancelled it."""
    cancelled: bool = await pool.fetchval(
        "SELECT work.tell_run($1, $2, $3, $4)", user_id, run_id, months_done, months_in_all
    )
    return cancelled


async def end(pool: Pool, user_id: UUID, run_id: UUID, outcome: bytes | None) -> None:
    """Keep what came of a run for an hour; None: forget the run."""
    await pool.execute("SELECT work.end_run($1, $2, $3)", user_id, run_id, outcome)


async def find(pool: Pool, user_id: UUID, run_id: UUID) -> FollowedRun | None:
    """One run of the user's, or None."""
    row = await pool.fetchrow("SELECT * FROM work.find_run($1, $2)", user_id, run_id)
    if row is None:
        return None
    return FollowedRun(
        months_done=row["months_done"],
        months_in_all=row["months_in_all"],
        is_under_way=row["under_way"],
        outcome=row["outcome"],
    )


async def cancel(pool: Pool, user_id: UUID, run_id: UUID) -> bool:
    """Ask for a run to be stopped; whether it is under way."""
    found: bool = await pool.fetchval("SELECT work.cancel_run($1, $2)", user_id, run_id)
    return found
