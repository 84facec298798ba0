"""What live streams ask the database: how far the read models are, whose log has grown, and what a user has not been told yet.

A process with thousands of open streams asks `fresh` once for all of them, and only those users who have news are read.

    front = await news.front(pool)
    for user_id in await news.fresh(pool, users, told, front.position): ...
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

import msgspec

from fintwin.projections.notification_rows import Notification
from fintwin.projections.notifications import MODEL as NOTIFICATIONS
from fintwin.projections.statements import MODEL as STATEMENTS
from fintwin.projections.statements import Statement
from fintwin.store.connect import Connection, Pool
from fintwin.store.projecting import stored_table
from fintwin.store.reading import Seen, ask
from fintwin.store.shard import SHARD

CHANNEL: Final = "fintwin_read"
"""The projector says here that the read models have gone on."""

_STATEMENT: Final = stored_table(STATEMENTS.tables[0], 1)
_NOTIFICATION: Final = stored_table(NOTIFICATIONS.tables[0], 1)
_FRONT: Final = """
    SELECT model, position FROM read.checkpoint
    WHERE shard = $1 AND state = 'live' AND fault IS NULL AND model = ANY ($2::text[])
"""


class Front(msgspec.Struct, frozen=True):
    """How far all of these read models are that go on, and which do."""

    position: int
    models: frozenset[str]


async def front(pool: Connection | Pool, models: Sequence[str]) -> Front:
    """The position that every read model asked for has reached; one that has stopped at a fault does not hold the others."""
    rows = await pool.fetch(_FRONT, SHARD, models)
    return Front(min((row["position"] for row in rows), default=0), frozenset(row["model"] for row in rows))


async def fresh(pool: Connection | Pool, user_ids: Collection[UUID], after: int, until: int) -> list[UUID]:
    """Those of the users who have events after the one position and up to the other."""
    found: list[UUID] = await pool.fetchval("SELECT log.news($1, $2, $3)", list(user_ids), after, until)
    return found


async def transactions(
    pool: Connection | Pool, user_id: UUID, *, after: int, until: int, limit: int
) -> Seen[list[Statement]]:
    """The user's transactions after a position and up to another, oldest first. Raises `NotReachedError`."""
    rows = await ask(
        pool, "SELECT * FROM read.statements_after($1, $2, $3, $4, $5)", user_id, until, after, until, limit
    )
    found: list[Statement] = [_STATEMENT.decode(row[1:]) for row in rows if row[1] is not None]  # type: ignore[misc]
    return Seen(rows[0][0], found)


async def notifications(
    pool: Connection | Pool, user_id: UUID, *, after: int, until: int, limit: int
) -> Seen[list[Notification]]:
    """The same for notifications, alerts of risk included."""
    rows = await ask(
        pool, "SELECT * FROM read.notifications_after($1, $2, $3, $4, $5)", user_id, until, after, until, limit
    )
    found: list[Notification] = [_NOTIFICATION.decode(row[1:]) for row in rows if row[1] is not None]  # type: ignore[misc]
    return Seen(rows[0][0], found)
