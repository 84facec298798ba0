"""What the risk fold remembers: of one account, and of the user's money in one currency.

Nothing here grows with the history: windows keep at most `TIMES_KEPT` payments, usual values come from the last months,
counterparties and sources of income are kept in a fixed number of places, and a reason keeps a few transactions.

Times are whole seconds. Blocks of weeks and periods of 30 days count from the first event (``origin``), not from a calendar,
so the same life in another time zone is the same. Money is in minor units and only ever compared with other amounts of the
same currency, so that all amounts times a hundred is the same risk.

>>> median((500, 100, 300, 200))
200
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from fintwin.projections.model import Row

HOUR: Final = 3600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
BLOCK: Final = 4 * WEEK
PERIOD: Final = 30 * DAY

PERIODS_KEPT: Final = 6
TIMES_KEPT: Final = 48
PAYEES_KEPT: Final = 64
INCOMES_KEPT: Final = 8
AMOUNTS_OF_KIND_KEPT: Final = 9
AMOUNTS_OF_PAYEE_KEPT: Final = 5
AMOUNTS_OF_INCOME_KEPT: Final = 5
RECENT_KEPT: Final = 4

Peaks = tuple[int, int, int, int, int, int]
"""Most payments and largest sum that any hour, any 24 hours and any 7 days had: count and minor units in turn."""

NO_PEAKS: Final[Peaks] = (0, 0, 0, 0, 0, 0)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970."""
    since = moment - EPOCH
    return since.days * DAY + since.seconds


class Raised(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A reason that an event gave: it holds for a while and then fades."""

    points: int
    observed: int
    threshold: int
    at: int
    evidence: tuple[UUID, ...]


class Fresh(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Money from a source that is not known, and how much has gone out since."""

    at: int
    in_minor: int
    out_minor: int
    evidence: tuple[UUID, ...]


class Woken(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The account paid again after a long rest, and what it has paid since."""

    at: int
    rested_days: int
    threshold_days: int
    count: int
    sum_minor: int
    balance_minor: int


class AccountRisk(msgspec.Struct, array_like=True, gc=False):
    """One account. ``times`` and ``amounts_minor`` are its payments of the last seven days, ``week_minor`` their sum.

    A time is negative where the payment has only a date. ``peaks`` are the most that any hour, day and seven days of the
    present four weeks (the ``block``) saw, ``before`` those of the block before, ``usual`` the higher ones of the two before.
    ``payments`` counts payments to others, the last of them at ``paid_at``; ``longest_rest_days`` is the longest time between
    two of them.

    Not frozen, so that an event costs one copy and not one for each field; only a fresh copy is ever written to. No state
    refers to itself, so none needs the garbage collector.
    """

    currency: str
    kind: str
    origin: int | None = None
    balance_minor: int = 0
    limit_minor: int = 0
    closed: bool = False
    times: tuple[int, ...] = ()
    amounts_minor: tuple[int, ...] = ()
    week_minor: int = 0
    block: int = 0
    peaks: Peaks = NO_PEAKS
    before: Peaks | None = None
    usual: Peaks | None = None
    payments: int = 0
    paid_at: int = 0
    longest_rest_days: int = 0
    fresh: Fresh | None = None
    woken: Woken | None = None
    recent: tuple[UUID, ...] = ()
    overdrawn_by: UUID | None = None
    raised: dict[str, Raised] = {}


class Payee(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A counterparty that was paid: how often, when last, and the last amounts."""

    count: int
    at: int
    amounts_minor: tuple[int, ...]


class Income(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A source of income: how often, when last, the last amounts and the days between them.

    ``usual_minor`` is what the user received in a period from all sources when this one last paid, ``total_minor`` what
    had come in by then, ``transaction_id`` the last payment. Where the gaps are alike, ``rhythm_days`` is the longest of
    them and the next payment is missed from ``missed_at`` on; else both are 0.
    """

    count: int
    at: int
    amounts_minor: tuple[int, ...]
    gaps_days: tuple[int, ...]
    usual_minor: int
    total_minor: int
    transaction_id: UUID
    rhythm_days: int = 0
    missed_at: int = 0


class Period(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Thirty days: income, spending, lowest and highest money at hand, largest payment; in minor units."""

    number: int
    income_minor: int
    spending_minor: int
    low_minor: int
    high_minor: int
    largest_minor: int


class Pot(msgspec.Struct, array_like=True, gc=False):
    """The user's money in one currency, over all accounts but loans, and the present period's part of it.

    ``number`` to ``largest_minor`` are the present period, ``past`` those before. ``spent_minor`` is what the last whole
    periods, ``whole_periods`` of them, cost, ``usual_income_minor`` the mean of what they brought, and
    ``usual_largest_minor`` the median of their largest payments;
    ``often_low`` and ``often_overdrawn`` say whether half of them or more saw the pot (almost) empty or below zero.
    ``total_minor`` is all income ever; ``due`` is when a regular one will be missed (0: there is none).
    ``withdrawals_minor`` and ``transfers_minor`` are the last amounts of each kind of payment.

    Not frozen for the same reason as `AccountRisk`.
    """

    origin: int
    liquid_minor: int = 0
    number: int | None = None
    income_minor: int = 0
    spending_minor: int = 0
    low_minor: int = 0
    high_minor: int = 0
    largest_minor: int = 0
    past: tuple[Period, ...] = ()
    whole_periods: int = 0
    spent_minor: int = 0
    usual_income_minor: int = 0
    usual_largest_minor: int = 0
    often_low: bool = False
    often_overdrawn: bool = False
    total_minor: int = 0
    due: int = 0
    incomes: dict[str, Income] = {}
    payees: dict[str, Payee] = {}
    withdrawals_minor: tuple[int, ...] = ()
    transfers_minor: tuple[int, ...] = ()


class AccountRow(Row, frozen=True, gc=False):
    """What risk remembers of one account after the event at ``position``, and in which band its last alert was."""

    user_id: UUID
    account_id: UUID
    position: int
    updated_at: datetime
    band: int
    state: AccountRisk


class PotRow(Row, frozen=True, gc=False):
    """What risk remembers of a user's money in one currency."""

    user_id: UUID
    currency: str
    state: Pot


def median(values: tuple[int, ...]) -> int:
    """The middle value, the lower one of two: exact, and a hundred times as much for values a hundred times as large."""
    return sorted(values)[(len(values) - 1) // 2]
