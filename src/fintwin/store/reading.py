"""Reading the read models as one user: one function of the database and one round trip each, never older than asked for.

Every read waits until its read model has reached ``min_position``, or without one the user's own last event, so that nobody
reads a state from before the own last write; after `WAIT_SECONDS` it raises `NotReachedError`, which is a 503 to clients.
``min_position`` 0 takes what is there. What comes back is `Seen`: the value, and the position that it stands for.

    seen = await accounts(pool, user_id)
    seen.position, [account.balance_minor for account in seen.value]
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Generic, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from fintwin.projections import accounts as account_rows
from fintwin.projections import balances, portfolios, profiles, statements
from fintwin.projections.model import Row
from fintwin.store.connect import Connection, Pool
from fintwin.store.projecting import stored_table

WAIT_SECONDS: Final = 2.0
STANDSTILL_SECONDS: Final = 10.0
_PAUSE_SECONDS_MIN: Final = 0.003
_PAUSE_SECONDS_MAX: Final = 0.05
# No projector has ever run on this database, or one is replacing a function at this very moment.
_MISSING: Final = (
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedTableError,
    asyncpg.InternalServerError,
)

T = TypeVar("T")


class NotReachedError(Exception):
    """The read model has not come far enough in time: try again in a moment."""


class Seen(NamedTuple, Generic[T]):
    """A value and the position of the log that it stands for."""

    position: int
    value: T


async def ask(pool: Connection | Pool, sql: str, *arguments: Any) -> list[Any]:
    """Rows of a function of ``queries.sql``, whose first column ``reached`` is NULL until it has come far enough.

    Raises `NotReachedError`.
    """
    return await until_reached(lambda: pool.fetch(sql, *arguments))


async def until_reached(fetch: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
    """What ``fetch`` gives as soon as its first row has ``reached``. Raises `NotReachedError`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    pause = _PAUSE_SECONDS_MIN
    while True:
        try:
            rows = await fetch()
        except _MISSING as error:
            if isinstance(error, asyncpg.InternalServerError) and "cache lookup failed" not in str(error):
                raise
            rows = []
        if rows and rows[0][0] is not None:
            return rows
        if loop.time() + pause > deadline:
            raise NotReachedError
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _PAUSE_SECONDS_MAX)


_ACCOUNT: Final = stored_table(account_rows.MODEL.tables[0], 1)
_PROFILE: Final = stored_table(profiles.MODEL.tables[0], 1)
_STATEMENT: Final = stored_table(statements.MODEL.tables[0], 1)
_HOLDING: Final = stored_table(next(t for t in portfolios.MODEL.tables if t.name == portfolios.HOLDING), 1)


def _seen(rows: list[Any], stored: Any) -> Seen[list[Any]]:
    """Rows of one table after the column ``reached``; the only row of an empty answer has no key."""
    found: list[Row] = [stored.decode(row[1:]) for row in rows if row[1] is not None]
    return Seen(rows[0][0], found)


async def accounts(
    pool: Connection | Pool, user_id: UUID, *, account_id: UUID | None = None, min_position: int | None = None
) -> Seen[list[account_rows.Account]]:
    """The user's accounts in the order of their opening, or the one asked for if it is the user's."""
    return _seen(
        await ask(pool, "SELECT * FROM read.accounts($1, $2, $3)", user_id, min_position, account_id), _ACCOUNT
    )


async def profile(
    pool: Connection | Pool, user_id: UUID, *, min_position: int | None = None
) -> Seen[profiles.Profile | None]:
    """The user's profile."""
    seen = _seen(await ask(pool, "SELECT * FROM read.profile($1, $2)", user_id, min_position), _PROFILE)
    return Seen(seen.position, seen.value[0] if seen.value else None)


async def balance(
    pool: Connection | Pool,
    user_id: UUID,
    account_id: UUID,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    min_position: int | None = None,
) -> Seen[int]:
    """Minor units of an own account over what counted at ``as_of`` and was recorded by ``known_at``; 0 for any other id."""
    counted = balances.Moment.of(as_of) if as_of else None
    known = balances.Moment.of(known_at) if known_at else None
    (row,) = await ask(
        pool,
        "SELECT * FROM read.balance($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        user_id,
        min_position,
        account_id,
        *_days(counted),
        *_days(known),
    )
    return Seen(row["reached"], row["balance_minor"])


def _days(moment: balances.Moment | None) -> tuple[date | None, date | None, datetime | None]:
    """The last day that lies before the moment as a whole, the day that does so only in part, and the moment."""
    if moment is None:
        return None, None, None
    if moment.day_whole:
        return moment.day, None, moment.at
    return moment.day - timedelta(days=1) if moment.day > date.min else date.min, moment.day, moment.at


async def daily_movements(
    pool: Connection | Pool,
    user_id: UUID,
    account_id: UUID,
    *,
    first: date | None = None,
    last: date | None = None,
    min_position: int | None = None,
) -> Seen[list[tuple[date, int, int]]]:
    """Per day that it counts, oldest first: (day, money in, money out) of an own account, in minor units."""
    rows = await ask(
        pool, "SELECT * FROM read.daily_movements($1, $2, $3, $4, $5)", user_id, min_position, account_id, first, last
    )
    return Seen(rows[0][0], [(row[1], row[2], row[3]) for row in rows if row[1] is not None])


async def daily_totals(
    pool: Connection | Pool, user_id: UUID, first: date, *, min_position: int | None = None
) -> Seen[list[tuple[str, date, int]]]:
    """(currency, day, minor units) of all own accounts together at the end of each day of which something counts.

    From ``first`` on; what counted before is the total of the day before ``first``. By currency, oldest first.
    """
    rows = await ask(pool, "SELECT * FROM read.daily_totals($1, $2, $3)", user_id, min_position, first)
    return Seen(rows[0][0], [(row[1], row[2], row[3]) for row in rows if row[1] is not None])


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which transactions; None leaves a condition out.

    ``before`` is a position; ``account_id`` one own account; days and times are effective ones, ``effective_to`` excluded;
    ``amount_min`` and ``amount_max`` are decimal amounts in whatever currency.
    """

    account_id: UUID | None = None
    before: int | None = None
    offset: int = 0
    limit: int = 100
    types: Sequence[str] | None = None
    category: str | None = None
    effective_from: datetime | None = None
    effective_to: datetime | None = None
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None


async def transactions(
    pool: Connection | Pool, user_id: UUID, wanted: Filter, *, min_position: int | None = None
) -> Seen[list[statements.Statement]]:
    """The user's transactions, or those of one own account, newest first in booking order."""
    arguments = [
        user_id, min_position, wanted.before, wanted.offset, wanted.limit, wanted.types, wanted.category,
        wanted.effective_from, wanted.effective_to, wanted.amount_min, wanted.amount_max,
    ]  # fmt: skip
    if wanted.account_id is None:
        sql = "SELECT * FROM read.statements($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    else:
        sql = "SELECT * FROM read.account_statements($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        arguments.append(wanted.account_id)
    return _seen(await ask(pool, sql, *arguments), _STATEMENT)


async def transaction(
    pool: Connection | Pool, user_id: UUID, transaction_id: UUID, *, min_position: int | None = None
) -> Seen[statements.Statement | None]:
    """One transaction of the user's."""
    rows = await ask(pool, "SELECT * FROM read.statement($1, $2, $3)", user_id, min_position, transaction_id)
    seen = _seen(rows, _STATEMENT)
    return Seen(seen.position, seen.value[0] if seen.value else None)


async def holdings(
    pool: Connection | Pool, user_id: UUID, *, min_position: int | None = None
) -> Seen[list[portfolios.Holding]]:
    """The user's holdings, newest first."""
    return _seen(await ask(pool, "SELECT * FROM read.holdings($1, $2)", user_id, min_position), _HOLDING)


class Portfolio(msgspec.Struct, frozen=True):
    """The parts of a portfolio but the holdings themselves; `projections.portfolios` makes the figures of them."""

    accounts: list[portfolios.PortfolioAccount]
    months: list[portfolios.Month]
    flows: list[portfolios.Flow]
    growth: list[portfolios.Growth]


_PORTFOLIO: Final = tuple(
    msgspec.json.Decoder(list[row])  # type: ignore[valid-type]
    for row in (portfolios.PortfolioAccount, portfolios.Month, portfolios.Flow, portfolios.Growth)
)


async def portfolio(
    pool: Connection | Pool, user_id: UUID, *, first_month: date | None = None, min_position: int | None = None
) -> Seen[Portfolio]:
    """What the user owns and how it moves, months from ``first_month`` on."""
    (row,) = await ask(pool, "SELECT * FROM read.portfolio($1, $2, $3)", user_id, min_position, first_month)
    parts = [decoder.decode(part) for decoder, part in zip(_PORTFOLIO, row[1:], strict=True)]
    return Seen(row[0], Portfolio(*parts))


class ModelStatus(msgspec.Struct, frozen=True):
    """How far a live read model is.

    ``lag`` counts the events it lacks, for ``lag_s`` at most; ``idle_s`` passed since it advanced, ``quiet_s`` since the log
    did; ``led`` tells whether a projector is at work at all.
    """

    model: str
    version: int
    position: int
    lag: int
    lag_s: float
    idle_s: float
    quiet_s: float
    led: bool
    fault: str | None
    fault_position: int | None

    @property
    def healthy(self) -> bool:
        """Whether it goes on: behind is no illness, standing still with work to do is."""
        stands_still = self.idle_s > STANDSTILL_SECONDS and self.quiet_s > STANDSTILL_SECONDS
        return self.fault is None and (self.lag == 0 or (self.led and not stands_still))


async def status(pool: Connection | Pool) -> list[ModelStatus]:
    """All live read models."""
    rows = await pool.fetch("SELECT * FROM read.status()")
    return [ModelStatus(*row) for row in rows]
