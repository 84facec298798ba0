"""What the twin reads: a user's own log, by the role that can do nothing but SELECT.

A reader who has seen the log up to a position asks for what came after, and with the same look-up learns whether what it has
seen is still what the log says: the event at that position comes along, and its hash covers everything before.

    events, tip = await history(connection, user_id)
    more = await since(connection, user_id, tip)       # None: that tip is not of this log
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from fintwin.domain.streams import Recorded
from fintwin.store.connect import Connection, Pool
from fintwin.store.rows import recorded

PAGE = 2_000
_EVENTS = "SELECT * FROM log.events($1, $2, $3)"


class Tip(NamedTuple):
    """The last event that was read: its position, and the shard's hash there."""

    position: int
    hash: str


NO_TIP = Tip(0, "")


async def history(
    connection: Connection | Pool, user_id: UUID, *, until: int | None = None
) -> tuple[list[Recorded], Tip]:
    """All of a user's events, oldest first, or those up to a position; page by page, so no snapshot is held."""
    return await _pages(connection, user_id, NO_TIP, until)


async def after(connection: Connection | Pool, user_id: UUID, position: int) -> list[Recorded]:
    """A user's events behind a position, oldest first."""
    found, _ = await _pages(connection, user_id, Tip(position, ""), None)
    return found


async def since(connection: Connection | Pool, user_id: UUID, tip: Tip) -> tuple[list[Recorded], Tip] | None:
    """What came after a tip; None where the log has another event there."""
    rows = await connection.fetch(_EVENTS, user_id, tip.position - 1, PAGE)
    if not rows or rows[0]["position"] != tip.position or rows[0]["hash"].hex() != tip.hash:
        return None
    found = [recorded(row) for row in rows[1:]]
    last = Tip(rows[-1]["position"], rows[-1]["hash"].hex())
    if len(rows) < PAGE:
        return found, last
    more, end = await _pages(connection, user_id, last, None)
    return found + more, end


async def _pages(
    connection: Connection | Pool, user_id: UUID, tip: Tip, until: int | None
) -> tuple[list[Recorded], Tip]:
    found: list[Recorded] = []
    while True:
        rows = await connection.fetch(_EVENTS, user_id, tip.position, PAGE)
        kept = [row for row in rows if until is None or row["position"] <= until]
        found += [recorded(row) for row in kept]
        if kept:
            tip = Tip(kept[-1]["position"], kept[-1]["hash"].hex())
        if len(kept) < PAGE:
            return found, tip
