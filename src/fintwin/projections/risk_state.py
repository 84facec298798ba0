"""What the risk fold remembers: of one account, and of the user's money in one currency.

Nothing here grows with the history: windows are fixed numbers of buckets, usual values come from the last weeks and 30-day
periods, counterparties and sources of income are kept in a fixed number of places, and a reason keeps a few transactions.

Times are whole seconds. Buckets, weeks and periods count from the first event (``origin``), not from a calendar, so the
same life in another time zone has the same buckets. Money is in minor units and only ever compared with other amounts of
the same currency, so that all amounts times a hundred is the same risk.

>>> window = EMPTY_WINDOW
>>> for bucket, amount_minor in ((0, 500), (3, 200), (12, 100)):
...     window = push(window, bucket, amount_minor, span=12)
>>> window
(((3, 1, 200), (12, 1, 100)), 2, 300)
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from fintwin.projections.model import Row

HOUR: Final = 3600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
PERIOD: Final = 30 * DAY

PERIODS_KEPT: Final = 6
WEEKS_KEPT: Final = 8
PAYEES_KEPT: Final = 64
INCOMES_KEPT: Final = 8
AMOUNTS_OF_KIND_KEPT: Final = 9
AMOUNTS_OF_PAYEE_KEPT: Final = 5
AMOUNTS_OF_INCOME_KEPT: Final = 5
RECENT_KEPT: Final = 4

Bucket = tuple[int, int, int]
"""Number of the bucket, payments in it, their sum in minor units."""
Window = tuple[tuple[Bucket, ...], int, int]
"""The buckets in a window, oldest first, all their payments and the sum of these in minor units."""
Peaks = tuple[int, int, int, int, int, int]
"""Most payments and largest sum that any hour, any 24 hours and any 7 days had: count and minor units in turn."""

EMPTY_WINDOW: Final[Window] = ((), 0, 0)
NO_PEAKS: Final[Peaks] = (0, 0, 0, 0, 0, 0)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970."""
    since = moment - EPOCH
    return since.days * DAY + since.seconds


class Raised(msgspec.Struct, frozen=True, array_like=True):
    """A reason that an event gave: it holds for a while and then fades."""

    points: int
    observed: int
    threshold: int
    at: int
    evidence: tuple[UUID, ...]


class Fresh(msgspec.Struct, frozen=True, array_like=True):
    """Money from a source that is not known, and how much has gone out since."""

    at: int
    in_minor: int
    out_minor: int
    evidence: tuple[UUID, ...]


class Woken(msgspec.Struct, frozen=True, array_like=True):
    """The account paid again after a long rest, and what it has paid since."""

    at: int
    rested_days: int
    threshold_days: int
    count: int
    sum_minor: int
    balance_minor: int


class AccountRisk(msgspec.Struct, array_like=True):
    """One account. ``hour``, ``day``, ``week`` are its windows, ``peaks`` the most that the present week saw in them.

    ``past`` are the peaks of the weeks before, ``usual`` their medians. ``payments`` counts payments to others, the last of
    them at ``paid_at``; ``longest_rest_days`` is the longest time between two of them.

    Not frozen, so that an event costs one copy and not one for each field; only a fresh copy is ever written to.
    """

    currency: str
    kind: str
    origin: int | None = None
    balance_minor: int = 0
    limit_minor: int = 0
    closed: bool = False
    hour: Window = EMPTY_WINDOW
    day: Window = EMPTY_WINDOW
    week: Window = EMPTY_WINDOW
    week_number: int = 0
    peaks: Peaks = NO_PEAKS
    past: tuple[Peaks, ...] = ()
    usual: Peaks | None = None
    payments: int = 0
    paid_at: int = 0
    longest_rest_days: int = 0
    fresh: Fresh | None = None
    woken: Woken | None = None
    recent: tuple[UUID, ...] = ()
    overdrawn_by: UUID | None = None
    raised: dict[str, Raised] = {}


class Payee(msgspec.Struct, frozen=True, array_like=True):
    """A counterparty that was paid: how often, when last, and the last amounts."""

    count: int
    at: int
    amounts_minor: tuple[int, ...]


class Income(msgspec.Struct, frozen=True, array_like=True):
    """A source of income: how often, when last, the last amounts and the days between them.

    ``usual_minor`` is what the user received in a period from all sources when this one last paid, ``total_minor`` what
    had come in by then, ``transaction_id`` the last payment.
    """

    count: int
    at: int
    amounts_minor: tuple[int, ...]
    gaps_days: tuple[int, ...]
    usual_minor: int
    total_minor: int
    transaction_id: UUID


class Period(msgspec.Struct, frozen=True, array_like=True):
    """Thirty days: income, spending, lowest and highest money at hand, largest payment; in minor units."""

    number: int
    income_minor: int
    spending_minor: int
    low_minor: int
    high_minor: int
    largest_minor: int


class Pot(msgspec.Struct, array_like=True):
    """The user's money in one currency, over all accounts but loans, and the present period's part of it.

    ``number`` to ``largest_minor`` are the present period, ``past`` those before. ``spent_minor`` is what the last whole
    periods, ``whole_periods`` of them, cost, and ``usual_largest_minor`` the median of their largest payments;
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
    usual_largest_minor: int = 0
    often_low: bool = False
    often_overdrawn: bool = False
    total_minor: int = 0
    due: int = 0
    incomes: dict[str, Income] = {}
    payees: dict[str, Payee] = {}
    withdrawals_minor: tuple[int, ...] = ()
    transfers_minor: tuple[int, ...] = ()


class AccountRow(Row, frozen=True):
    """What risk remembers of one account after the event at ``position``."""

    user_id: UUID
    account_id: UUID
    position: int
    updated_at: datetime
    state: AccountRisk


class PotRow(Row, frozen=True):
    """What risk remembers of a user's money in one currency."""

    user_id: UUID
    currency: str
    state: Pot


_State = TypeVar("_State", bound=msgspec.Struct)


def copied(state: _State) -> _State:
    """A copy that may be written to; what lies in its fields is shared and never changed."""
    return state.__copy__()  # type: ignore[attr-defined, no-any-return]


def push(window: Window, bucket: int, amount_minor: int, span: int) -> Window:
    """The window of ``span`` buckets after one more payment; one from before the window is left out."""
    ring, count, total_minor = window
    oldest = bucket - span
    if not ring or ring[-1][0] <= oldest:
        return ((bucket, 1, amount_minor),), 1, amount_minor
    newest = ring[-1]
    if bucket < newest[0]:
        return _push_late(window, bucket, amount_minor, span)
    while ring[0][0] <= oldest:
        count -= ring[0][1]
        total_minor -= ring[0][2]
        ring = ring[1:]
    if newest[0] == bucket:
        ring = (*ring[:-1], (bucket, newest[1] + 1, newest[2] + amount_minor))
    else:
        ring = (*ring, (bucket, 1, amount_minor))
    return ring, count + 1, total_minor + amount_minor


def _push_late(window: Window, bucket: int, amount_minor: int, span: int) -> Window:
    ring, count, total_minor = window
    if bucket <= ring[-1][0] - span:
        return window
    buckets = {number: (payments, sum_minor) for number, payments, sum_minor in ring}
    payments, sum_minor = buckets.get(bucket, (0, 0))
    buckets[bucket] = (payments + 1, sum_minor + amount_minor)
    merged = tuple((number, *buckets[number]) for number in sorted(buckets))
    return (merged, count + 1, total_minor + amount_minor)


def median(values: tuple[int, ...]) -> int:
    """The middle value, the lower one of two: exact, and a hundred times as much for values a hundred times as large."""
    return sorted(values)[(len(values) - 1) // 2]
