"""Portfolios: what a user owns and how it moves.

Per currency there is the net worth (accounts and holdings), the income and spending of each month, and the return on the
holdings. Months go by the day a movement counts. A transfer between own accounts is neither income nor spending; a movement
that takes another back undoes it, in the month of the taking back.

Holdings are bought for quantity times buy price when they are added, and sold at their last price when they are removed. Two
returns follow: the money-weighted one (`money_weighted`, XIRR over the flows, days/365) and the time-weighted one, linked at
each event from the value before it and the value after it. Annualising less than `RETURN_DAYS_MIN` days says nothing, so there
is none.

>>> from datetime import date
>>> flows = [
...     (date(2008, 1, 1), -10_000),
...     (date(2008, 3, 1), 2_750),
...     (date(2008, 10, 30), 4_250),
...     (date(2009, 2, 15), 3_250),
... ]
>>> round(money_weighted([*flows, (date(2009, 4, 1), 2_750)]), 7)
0.3733625
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final
from uuid import UUID

import pyxirr
from msgspec.structs import replace

from fintwin.domain.accounts.events import (
    AccountKind,
    AccountOpened,
    TransferReceived,
    TransferSent,
)
from fintwin.domain.accounts.state import SIGNS
from fintwin.domain.holdings.events import HoldingAdded, HoldingPriced, HoldingRemoved
from fintwin.domain.holdings.state import value_minor
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows, current

ACCOUNT: Final = "portfolio_account"
MONTH: Final = "portfolio_month"
HOLDING: Final = "holding"
FLOW: Final = "holding_flow"
GROWTH: Final = "holding_growth"
RETURN_DAYS_MIN: Final = 30


class PortfolioAccount(Row, frozen=True):
    """An own account and its balance."""

    user_id: UUID
    account_id: UUID
    kind: AccountKind
    currency: str
    balance_minor: int


class Month(Row, frozen=True):
    """Income and spending of one month (``month`` is its first day) in one currency, own transfers left out."""

    user_id: UUID
    currency: str
    month: date
    income_minor: int
    expense_minor: int


class Holding(Row, frozen=True):
    """Something the user holds; prices of one piece in units of the currency."""

    user_id: UUID
    holding_id: UUID
    ticker: str
    company_name: str
    currency: str
    quantity: Decimal
    buy_price: Decimal
    current_price: Decimal
    invested_minor: int
    value_minor: int
    created_at: datetime
    updated_at: datetime
    position: int


class Flow(Row, frozen=True):
    """What was paid into (negative) or taken out of (positive) the holdings of one currency on one day."""

    user_id: UUID
    currency: str
    on: date
    amount_minor: int


class Growth(Row, frozen=True):
    """Value of all holdings of one currency, and by which factor a unit that was in them all the time has grown."""

    user_id: UUID
    currency: str
    value_minor: int
    factor: float
    since: date


def keys(event: Recorded) -> list[Key]:
    """For money the own account, the month and the other account, if it is an own one; for holdings theirs."""
    happened = event.event
    match happened:
        case AccountOpened():
            return []
        case HoldingAdded() | HoldingRemoved() | HoldingPriced():
            return [
                (HOLDING, happened.holding_id),
                (GROWTH, happened.currency),
                (FLOW, happened.currency, event.effective_at.date()),
            ]
    named: list[Key] = [
        (ACCOUNT, event.stream_id),
        (MONTH, happened.currency, event.effective_at.date().replace(day=1)),
    ]
    if isinstance(happened, TransferSent):
        named.append((ACCOUNT, happened.to_account))
    elif isinstance(happened, TransferReceived):
        named.append((ACCOUNT, happened.from_account))
    return named


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """The user's portfolio after more events."""
    changes: dict[Key, Any] = {}
    own = _Money(rows, changes)
    for event in events:
        happened = event.event
        sign = SIGNS.get(type(happened))
        if sign is not None:
            own.move(event, sign * happened.amount_minor)
        elif type(happened) is AccountOpened:
            row = PortfolioAccount(event.user_id, event.stream_id, happened.kind, happened.currency, 0)
            changes[ACCOUNT, event.stream_id] = row
        else:
            _HOLDING_FOLDS[type(happened)](rows, changes, event)
    own.close(events[0].user_id)
    return changes


class _Money:
    """Balances and months of one user while movements are folded."""

    __slots__ = ("_balances", "_changes", "_month", "_months", "_present", "_rows", "_when")

    def __init__(self, rows: UserRows, changes: dict[Key, Any]) -> None:
        self._rows = rows
        self._changes = changes
        self._balances: dict[UUID, int] = {}
        self._months: dict[tuple[str, int, int], list[int]] = {}
        self._present: UUID | None = None
        self._when: tuple[str, int, int] | None = None
        self._month = [0, 0]

    def move(self, event: Recorded, moved_minor: int) -> None:
        happened, balances, account_id = event.event, self._balances, self._present
        # Comparing ids is cheaper than looking one up, and a run seldom changes accounts.
        if account_id is None or event.stream_id != account_id:
            account_id = self._present = event.stream_id
            if account_id not in balances:
                balances[account_id] = self._account(account_id).balance_minor
        balances[account_id] += moved_minor
        kind = type(happened)
        if kind is TransferSent or kind is TransferReceived:
            other = happened.to_account if kind is TransferSent else happened.from_account
            if current(self._rows, self._changes, (ACCOUNT, other)) is not None:
                return
        effective_at = event.effective_at
        when = (happened.currency, effective_at.year, effective_at.month)
        if when != self._when:
            self._when, self._month = when, self._of_month(when)
        month = self._month
        income = moved_minor > 0
        if happened.reverses is not None:
            month[1 if income else 0] -= abs(moved_minor)
        else:
            month[0 if income else 1] += abs(moved_minor)

    def _of_month(self, when: tuple[str, int, int]) -> list[int]:
        """Income and spending of a month, as the run has left them."""
        month = self._months.get(when)
        if month is None:
            before: Month | None = self._rows.get((MONTH, when[0], date(when[1], when[2], 1)))
            month = self._months[when] = [0, 0] if before is None else [before.income_minor, before.expense_minor]
        return month

    def _account(self, account_id: UUID) -> PortfolioAccount:
        row: PortfolioAccount | None = current(self._rows, self._changes, (ACCOUNT, account_id))
        assert row is not None, f"money on an account that is not open: {account_id}"
        return row

    def close(self, user_id: UUID) -> None:
        """Write what has been found into the changes."""
        changes = self._changes
        for account_id, balance_minor in self._balances.items():
            row = self._account(account_id)
            changes[ACCOUNT, account_id] = PortfolioAccount(user_id, account_id, row.kind, row.currency, balance_minor)
        for (currency, year, number), (income_minor, expense_minor) in self._months.items():
            first = date(year, number, 1)
            changes[MONTH, currency, first] = Month(user_id, currency, first, income_minor, expense_minor)


def _add(rows: UserRows, changes: dict[Key, Any], event: Recorded) -> None:
    added: HoldingAdded = event.event
    invested_minor = value_minor(added.quantity, added.buy_price, added.currency)
    worth_minor = value_minor(added.quantity, added.current_price, added.currency)
    changes[HOLDING, added.holding_id] = Holding(
        event.user_id,
        added.holding_id,
        added.ticker,
        added.company_name,
        added.currency,
        added.quantity,
        added.buy_price,
        added.current_price,
        invested_minor,
        worth_minor,
        event.recorded_at,
        event.recorded_at,
        event.position,
    )
    _pay(rows, changes, event, added.currency, -invested_minor)
    _grow(rows, changes, event, added.currency, flow_minor=invested_minor, gain_minor=worth_minor - invested_minor)


def _price(rows: UserRows, changes: dict[Key, Any], event: Recorded) -> None:
    priced: HoldingPriced = event.event
    holding: Holding = current(rows, changes, (HOLDING, priced.holding_id))
    worth_minor = value_minor(holding.quantity, priced.current_price, holding.currency)
    changes[HOLDING, priced.holding_id] = replace(
        holding, current_price=priced.current_price, value_minor=worth_minor, updated_at=event.recorded_at
    )
    gain_minor = worth_minor - holding.value_minor
    _grow(rows, changes, event, holding.currency, flow_minor=0, gain_minor=gain_minor)


def _remove(rows: UserRows, changes: dict[Key, Any], event: Recorded) -> None:
    holding: Holding = current(rows, changes, (HOLDING, event.event.holding_id))
    changes[HOLDING, holding.holding_id] = None
    _pay(rows, changes, event, holding.currency, holding.value_minor)
    _grow(rows, changes, event, holding.currency, flow_minor=-holding.value_minor, gain_minor=0)


def _pay(rows: UserRows, changes: dict[Key, Any], event: Recorded, currency: str, amount_minor: int) -> None:
    on = event.effective_at.date()
    before: Flow | None = current(rows, changes, (FLOW, currency, on))
    total_minor = amount_minor + (0 if before is None else before.amount_minor)
    changes[FLOW, currency, on] = Flow(event.user_id, currency, on, total_minor)


def _grow(
    rows: UserRows, changes: dict[Key, Any], event: Recorded, currency: str, *, flow_minor: int, gain_minor: int
) -> None:
    """The flow first, then the change of value: a return is what the value after the flow has become."""
    before: Growth | None = current(rows, changes, (GROWTH, currency))
    held_minor, factor, since = (0, 1.0, event.effective_at.date()) if before is None else _parts(before)
    base_minor = held_minor + flow_minor
    if base_minor > 0 and base_minor + gain_minor > 0:
        factor *= (base_minor + gain_minor) / base_minor
    changes[GROWTH, currency] = Growth(
        event.user_id, currency, base_minor + gain_minor, factor, min(since, event.effective_at.date())
    )


def _parts(row: Growth) -> tuple[int, float, date]:
    return row.value_minor, row.factor, row.since


_HOLDING_FOLDS: Final[dict[type, Callable[[UserRows, dict[Key, Any], Recorded], None]]] = {
    HoldingAdded: _add,
    HoldingPriced: _price,
    HoldingRemoved: _remove,
}


def savings_rate(months: Iterable[Month]) -> float | None:
    """(income - spending) / income over these months of one currency; None without income."""
    listed = list(months)
    income_minor = sum(month.income_minor for month in listed)
    expense_minor = sum(month.expense_minor for month in listed)
    return None if income_minor <= 0 else 1 - expense_minor / income_minor


def money_weighted(flows: Sequence[tuple[date, int]]) -> float | None:
    """XIRR of dated flows in minor units: the yearly rate (days/365) at which they are worth nothing; None where none is."""
    if len(flows) < 2 or (max(flows)[0] - min(flows)[0]).days < RETURN_DAYS_MIN:  # noqa: PLR2004  in and out
        return None
    rate: float | None = pyxirr.xirr([on for on, _ in flows], [amount for _, amount in flows], silent=True)
    return rate if rate is not None and isfinite(rate) else None


def holdings_money_weighted(flows: Iterable[Flow], value_minor: int, today: date) -> float | None:
    """The money-weighted yearly return on holdings of one currency that are worth this much today."""
    dated = [(flow.on, flow.amount_minor) for flow in flows]
    return money_weighted([*dated, (today, value_minor)])


def time_weighted(growth: Growth, today: date) -> float | None:
    """The time-weighted yearly return on holdings of one currency."""
    days = (today - growth.since).days
    if days < RETURN_DAYS_MIN:
        return None
    rate: float = growth.factor ** (365 / days) - 1
    return rate if isfinite(rate) else None


MODEL: Final = ReadModel(
    name="portfolios",
    version=1,
    tables=(
        Table(ACCOUNT, PortfolioAccount, key_fields=2),
        Table(MONTH, Month, key_fields=3),
        Table(HOLDING, Holding, key_fields=2),
        Table(FLOW, Flow, key_fields=3),
        Table(GROWTH, Growth, key_fields=2),
    ),
    events=(AccountOpened, *SIGNS, *_HOLDING_FOLDS),
    keys=keys,
    fold=fold,
)
