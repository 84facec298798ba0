"""The deliverer's side of webhooks: which hooks have something to tell, and what became of each try.

Every function wants the pool of the role `fintwin_publisher`, which sees all hooks. What is written holds only while the lease is
the writer's own and the hook is as it was when the try began; else nothing is written and the answer is False.

    for hook in await due(pool, limit=100):
        events = await told_next(pool, hook, limit=50)
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from fintwin.domain.streams import Recorded
from fintwin.store.connect import Connection, Pool
from fintwin.store.lease import Lease
from fintwin.store.rows import recorded

LEASE: Final = Lease("webhook.lease")
HOOK_CHANNEL: Final = "fintwin_webhook"

_EVENTS: Final = """
    SELECT shard, position, stream_kind, stream_id, version, user_id, type, schema_version, transaction_id, effective_at,
        recorded_at, payload, metadata
    FROM log.event WHERE user_id = $1 AND """
_LED: Final = "EXISTS (SELECT FROM webhook.lease l WHERE l.shard = 0 AND l.epoch = $1)"
_AS_IT_WAS: Final = f"h.user_id = $2 AND h.id = $3 AND h.revision = $4 AND h.state = 'active' AND {_LED}"


class DueHook(msgspec.Struct, frozen=True):
    """A hook with something to tell; ``attempts`` are those of the next event, ``given_up`` letters in a row."""

    user_id: UUID
    id: UUID
    sealed: str
    types: list[str]
    position: int
    revision: int
    attempts: int
    given_up: int


class AskedLetter(msgspec.Struct, frozen=True):
    """A letter that its owner wants to be tried again."""

    user_id: UUID
    hook_id: UUID
    sealed: str
    position: int


class Next(msgspec.Struct, frozen=True):
    """The events that a hook is to be told, oldest first; after them it has everything up to ``through``."""

    events: list[Recorded]
    through: int


async def due(pool: Connection | Pool, *, limit: int, retries_only: bool = False) -> list[DueHook]:
    """Active hooks whose time has come and whose users have events behind them; those first that have waited longest."""
    rows = await pool.fetch(
        """SELECT h.user_id, h.id, h.sealed, h.types, h.position, h.revision, h.attempts, h.given_up FROM webhook.hook h
        WHERE h.state = 'active' AND h.next_attempt_at <= clock_timestamp() AND (h.attempts > 0 OR NOT $2)
            AND EXISTS (SELECT FROM log.event e WHERE e.user_id = h.user_id AND e.position > h.position)
        ORDER BY h.next_attempt_at LIMIT $1""",
        limit, retries_only,
    )  # fmt: skip
    return [DueHook(*row) for row in rows]


async def told_next(pool: Connection | Pool, hook: DueHook, *, limit: int) -> Next:
    """What the hook has not been told yet, as far as its types go."""
    end: int = await pool.fetchval(
        "SELECT coalesce(max(position), 0) FROM log.stream_head WHERE user_id = $1", hook.user_id
    )
    rows = await pool.fetch(
        f"{_EVENTS} position > $2 AND position <= $3 AND type = ANY ($4) ORDER BY position LIMIT $5",
        hook.user_id, hook.position, end, hook.types, limit,
    )  # fmt: skip
    found = [recorded(row) for row in rows]
    return Next(found, found[-1].position if len(found) == limit else max(end, hook.position))


async def event_at(pool: Connection | Pool, user_id: UUID, position: int) -> Recorded | None:
    """One event of a user's."""
    row = await pool.fetchrow(f"{_EVENTS} position = $2", user_id, position)
    return None if row is None else recorded(row)


async def delivered(pool: Connection | Pool, epoch: int, hook: DueHook, position: int) -> bool:
    """An event has been taken: the next one follows."""
    status: str = await pool.execute(
        f"""UPDATE webhook.hook h SET position = $5, attempts = 0, given_up = 0, last_outcome = 'delivered',
            next_attempt_at = clock_timestamp(), last_attempt_at = clock_timestamp(), delivered_at = clock_timestamp()
        WHERE {_AS_IT_WAS}""",  # noqa: S608  our own words
        epoch, hook.user_id, hook.id, hook.revision, position,
    )  # fmt: skip
    return status == "UPDATE 1"


async def passed_by(pool: Connection | Pool, epoch: int, hook: DueHook, position: int) -> bool:
    """Nothing more is to be told up to a position."""
    status: str = await pool.execute(
        f"UPDATE webhook.hook h SET position = $5 WHERE {_AS_IT_WAS}",  # noqa: S608
        epoch, hook.user_id, hook.id, hook.revision, position,
    )  # fmt: skip
    return status == "UPDATE 1"


async def failed(pool: Connection | Pool, epoch: int, hook: DueHook, outcome: str, pause_s: float) -> bool:
    """The same event is tried again after a pause."""
    status: str = await pool.execute(
        f"""UPDATE webhook.hook h SET attempts = h.attempts + 1, last_outcome = $5, last_attempt_at = clock_timestamp(),
            next_attempt_at = clock_timestamp() + make_interval(secs => $6::double precision)
        WHERE {_AS_IT_WAS}""",  # noqa: S608
        epoch, hook.user_id, hook.id, hook.revision, outcome, pause_s,
    )  # fmt: skip
    return status == "UPDATE 1"


async def give_up(
    pool: Connection | Pool, epoch: int, hook: DueHook, position: int, outcome: str, *, letters_max: int
) -> bool:
    """Set an event aside as a letter and go on behind it; after ``letters_max`` of them in a row the hook stops."""
    status: str = await pool.execute(
        f"""WITH put_aside AS (
            UPDATE webhook.hook h SET position = $5, attempts = 0, given_up = h.given_up + 1, last_outcome = $6,
                last_attempt_at = clock_timestamp(), next_attempt_at = clock_timestamp(),
                state = CASE WHEN h.given_up + 1 >= $7 THEN 'stopped' ELSE h.state END
            WHERE {_AS_IT_WAS} RETURNING h.user_id, h.id
        )
        INSERT INTO webhook.letter (user_id, hook_id, position, attempts, outcome)
            SELECT p.user_id, p.id, $5, $8, $6 FROM put_aside p
            ON CONFLICT (user_id, hook_id, position) DO UPDATE
                SET attempts = webhook.letter.attempts + excluded.attempts, outcome = excluded.outcome""",  # noqa: S608
        epoch, hook.user_id, hook.id, hook.revision, position, outcome, letters_max, hook.attempts + 1,
    )  # fmt: skip
    return status == "INSERT 0 1"


async def stop(pool: Connection | Pool, epoch: int, hook: DueHook, outcome: str) -> bool:
    """Nothing more is sent until its owner says so; the event stays the next one."""
    status: str = await pool.execute(
        f"""UPDATE webhook.hook h SET state = 'stopped', attempts = 0, last_outcome = $5,
            last_attempt_at = clock_timestamp() WHERE {_AS_IT_WAS}""",  # noqa: S608
        epoch, hook.user_id, hook.id, hook.revision, outcome,
    )  # fmt: skip
    return status == "UPDATE 1"


async def asked_letters(pool: Connection | Pool, *, limit: int) -> list[AskedLetter]:
    """Letters that are wanted again, those first that have waited longest."""
    rows = await pool.fetch(
        """SELECT l.user_id, l.hook_id, h.sealed, l.position FROM webhook.letter l
        JOIN webhook.hook h ON h.user_id = l.user_id AND h.id = l.hook_id
        WHERE l.asked_at IS NOT NULL ORDER BY l.asked_at, l.position LIMIT $1""",
        limit,
    )  # fmt: skip
    return [AskedLetter(*row) for row in rows]


async def letter_delivered(pool: Connection | Pool, epoch: int, letter: AskedLetter) -> None:
    """The letter is no more."""
    await pool.execute(
        f"DELETE FROM webhook.letter t WHERE t.user_id = $2 AND t.hook_id = $3 AND t.position = $4 AND {_LED}",  # noqa: S608
        epoch, letter.user_id, letter.hook_id, letter.position,
    )  # fmt: skip


async def letter_failed(pool: Connection | Pool, epoch: int, letter: AskedLetter, outcome: str) -> None:
    """It stays, until it is wanted again."""
    await pool.execute(
        f"""UPDATE webhook.letter t SET attempts = t.attempts + 1, outcome = $5, asked_at = NULL
        WHERE t.user_id = $2 AND t.hook_id = $3 AND t.position = $4 AND {_LED}""",  # noqa: S608
        epoch, letter.user_id, letter.hook_id, letter.position, outcome,
    )  # fmt: skip
