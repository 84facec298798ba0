"""Reading what the read models make of the log: risk, notifications, personas, kept simulations.

As in `reading`: one function of the database and one round trip each, never older than the user's own last event (or than
``min_position``), else `NotReachedError`. Scores are worked out here, at the moment of reading, because windows pass and
reasons fade without any event.

    seen = await risk(pool, user_id, now=now)
    seen.value[0].score.score, [reason.code for reason in seen.value[0].score.reasons]
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.projections import personas, simulations
from fintwin.projections.notification_rows import Notification, Type
from fintwin.projections.notifications import MODEL as NOTIFICATIONS
from fintwin.projections.risk_levels import Score, score
from fintwin.projections.risk_state import AccountRisk, Pot, seconds
from fintwin.store.connect import Connection, Pool
from fintwin.store.projecting import stored_table
from fintwin.store.reading import Seen, ask

_ACCOUNT: Final = msgspec.json.Decoder(AccountRisk)
_POT: Final = msgspec.json.Decoder(Pot)
_SAVINGS: Final = msgspec.json.Decoder(personas.Savings)
_NOTIFICATION: Final = stored_table(NOTIFICATIONS.tables[0], 1)
_SIMULATION: Final = stored_table(simulations.MODEL.tables[0], 1)


class Risk(msgspec.Struct, frozen=True):
    """The risk of an account at the moment of reading; figures that are money are in ``currency``."""

    account_id: UUID
    currency: str
    updated_at: datetime
    score: Score


async def risk(
    pool: Connection | Pool,
    user_id: UUID,
    *,
    now: datetime,
    account_id: UUID | None = None,
    min_position: int | None = None,
) -> Seen[list[Risk]]:
    """The risk of the user's accounts, or of the one asked for if it is the user's."""
    rows = await ask(pool, "SELECT * FROM read.risk($1, $2, $3)", user_id, min_position, account_id)
    found = []
    for row in rows:
        if row["account_id"] is not None:
            state = _ACCOUNT.decode(row["state"])
            pot = None if row["pot"] is None else _POT.decode(row["pot"])
            found.append(Risk(row["account_id"], state.currency, row["updated_at"], score(state, pot, seconds(now))))
    return Seen(rows[0][0], found)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which notifications; None leaves a condition out, ``before`` is a position."""

    account_id: UUID | None = None
    type: Type | None = None
    unread_only: bool = False
    before: int | None = None
    limit: int = 200


async def notifications(
    pool: Connection | Pool, user_id: UUID, wanted: Wanted, *, min_position: int | None = None
) -> Seen[list[Notification]]:
    """The user's notifications, newest first; `projections.notifications_text` puts them into words."""
    rows = await ask(
        pool, "SELECT * FROM read.notifications($1, $2, $3, $4, $5, $6, $7)",
        user_id, min_position, wanted.account_id, wanted.type, wanted.unread_only, wanted.before, wanted.limit,
    )  # fmt: skip
    return _seen(rows, _NOTIFICATION)


async def notification(
    pool: Connection | Pool, user_id: UUID, notification_id: UUID, *, min_position: int | None = None
) -> Seen[Notification | None]:
    """One of the user's notifications."""
    rows = await ask(pool, "SELECT * FROM read.notification($1, $2, $3)", user_id, min_position, notification_id)
    seen = _seen(rows, _NOTIFICATION)
    return Seen(seen.position, seen.value[0] if seen.value else None)


class Count(msgspec.Struct, frozen=True):
    """How many notifications there are."""

    total: int
    unread: int


async def notification_count(
    pool: Connection | Pool, user_id: UUID, account_id: UUID | None = None, *, min_position: int | None = None
) -> Seen[Count]:
    """How many notifications the user has, or one of the user's accounts."""
    (row,) = await ask(pool, "SELECT * FROM read.notification_count($1, $2, $3)", user_id, min_position, account_id)
    return Seen(row["reached"], Count(row["total"], row["unread"]))


async def persona(
    pool: Connection | Pool, user_id: UUID, *, now: datetime, min_position: int | None = None
) -> Seen[tuple[personas.Persona, personas.PersonaScore] | None]:
    """What the user told and the persona's score; None before the profile is complete."""
    (row,) = await ask(pool, "SELECT * FROM read.persona($1, $2)", user_id, min_position)
    if row["user_id"] is None:
        return Seen(row["reached"], None)
    told = personas.Persona(row["user_id"], row["goal"], row["appetite"], row["currency"])
    money = None
    if row["money"] is not None:
        money = personas.PersonaMoney(told.user_id, told.currency, _SAVINGS.decode(row["money"]))
    return Seen(row["reached"], (told, personas.persona_score(told, money, now)))


async def kept_simulations(
    pool: Connection | Pool,
    user_id: UUID,
    *,
    account_id: UUID | None = None,
    source: str | None = None,
    before: int | None = None,
    limit: int = 10,
    min_position: int | None = None,
) -> Seen[list[simulations.Simulation]]:
    """The runs that the user kept, newest first."""
    rows = await ask(
        pool, "SELECT * FROM read.simulations($1, $2, $3, $4, $5, $6)",
        user_id, min_position, account_id, source, before, limit,
    )  # fmt: skip
    return _seen(rows, _SIMULATION)


async def kept_simulation(
    pool: Connection | Pool, user_id: UUID, simulation_id: UUID, *, min_position: int | None = None
) -> Seen[simulations.Simulation | None]:
    """One of the runs that the user kept."""
    rows = await ask(pool, "SELECT * FROM read.simulation($1, $2, $3)", user_id, min_position, simulation_id)
    seen = _seen(rows, _SIMULATION)
    return Seen(seen.position, seen.value[0] if seen.value else None)


async def kept_simulation_count(
    pool: Connection | Pool, user_id: UUID, account_id: UUID | None = None, *, min_position: int | None = None
) -> Seen[int]:
    """How many runs the user kept, or kept for one account."""
    (row,) = await ask(pool, "SELECT * FROM read.simulation_count($1, $2, $3)", user_id, min_position, account_id)
    return Seen(row["reached"], row["kept"])


def _seen(rows: list[Any], stored: Any) -> Seen[list[Any]]:
    """Rows of one table after the column ``reached``; the only row of an empty answer has no key."""
    return Seen(rows[0][0], [stored.decode(row[1:]) for row in rows if row[1] is not None])
