"""Who has agreed that questions go to another company's model, and how many went there today.

await agree(pool, user_id, agreed=True)
await take_question(pool, user_id, today, 50)    # False: none left
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from fintwin.store.connect import Pool


async def agreed_at(pool: Pool, user_id: UUID) -> datetime | None:
    """When the person agreed; None where not, or not any more."""
    found: datetime | None = await pool.fetchval("SELECT assistant.agreed_at($1)", user_id)
    return found


async def agree(pool: Pool, user_id: UUID, *, agreed: bool) -> None:
    """Agree, or take it back. Agreeing again keeps the first time."""
    await pool.execute("SELECT assistant.agree($1, $2)", user_id, agreed)


async def take_question(pool: Pool, user_id: UUID, day: date, questions_max: int) -> bool:
    """Count one question of this day; False where the day's are used up or there is no consent."""
    taken: bool = await pool.fetchval("SELECT assistant.take_question($1, $2, $3)", user_id, day, questions_max)
    return taken
