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
    Deposited,
    TransferReceived,
    TransferSent,
    Withdrawn,
)
from fintwin.domain.accounts.state import delta_minor
from fintwin.domain.holdings.events import HoldingAdded, HoldingPriced, HoldingRemoved
from fintwin.domain.holdings.state import value_minor
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows

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


def fold(rows: UserRows, event: Recorded) -> Changes:
    """The user's portfolio after one more event."""
    return _FOLDS[type(event.event)](rows, event)


def _opened(_rows: UserRows, event: Recorded) -> Changes:
    opened: AccountOpened = event.event
    row = PortfolioAccount(event.user_id, event.stream_id, opened.kind, opened.currency, 0)
    return {(ACCOUNT, event.stream_id): row}


def _moved(rows: UserRows, event: Recorded) -> Changes:
    happened = event.event
    moved_minor = delta_minor(happened)
    account_key = (ACCOUNT, event.stream_id)
    account: PortfolioAccount = rows[account_key]
    changes: dict[Key, Any] = {
        account_key: PortfolioAccount(
            account.user_id, account.account_id, account.kind, account.currency, account.balance_minor + moved_minor
        )
    }
    other = happened.to_account if isinstance(happened, TransferSent) else getattr(happened, "from_account", None)
    if other is not None and (ACCOUNT, other) in rows:
        return changes
    income_minor, expense_minor = (moved_minor, 0) if moved_minor > 0 else (0, -moved_minor)
    if happened.reverses is not None:
        income_minor, expense_minor = -expense_minor, -income_minor
    month = event.effective_at.date().replace(day=1)
    key = (MONTH, happened.currency, month)
    before: Month | None = rows.get(key)
    if before is not None:
        income_minor += before.income_minor
        expense_minor += before.expense_minor
    changes[key] = Month(event.user_id, happened.currency, month, income_minor, expense_minor)
    return changes


def _added(rows: UserRows, event: Recorded) -> Changes:
    added: HoldingAdded = event.event
    invested_minor = value_minor(added.quantity, added.buy_price, added.currency)
    worth_minor = value_minor(added.quantity, added.current_price, added.currency)
    holding = Holding(
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
    return {
        (HOLDING, added.holding_id): holding,
        **_paid(rows, event, added.currency, -invested_minor),
        **_grown(rows, event, added.currency, flow_minor=invested_minor, gain_minor=worth_minor - invested_minor),
    }


def _priced(rows: UserRows, event: Recorded) -> Changes:
    priced: HoldingPriced = event.event
    holding: Holding = rows[HOLDING, priced.holding_id]
    worth_minor = value_minor(holding.quantity, priced.current_price, holding.currency)
    changed = replace(
        holding, current_price=priced.current_price, value_minor=worth_minor, updated_at=event.recorded_at
    )
    gain_minor = worth_minor - holding.value_minor
    return {
        (HOLDING, priced.holding_id): changed,
        **_grown(rows, event, holding.currency, flow_minor=0, gain_minor=gain_minor),
    }


def _removed(rows: UserRows, event: Recorded) -> Changes:
    holding: Holding = rows[HOLDING, event.event.holding_id]
    return {
        (HOLDING, holding.holding_id): None,
        **_paid(rows, event, holding.currency, holding.value_minor),
        **_grown(rows, event, holding.currency, flow_minor=-holding.value_minor, gain_minor=0),
    }


def _paid(rows: UserRows, event: Recorded, currency: str, amount_minor: int) -> Changes:
    on = event.effective_at.date()
    before: Flow | None = rows.get((FLOW, currency, on))
    total_minor = amount_minor + (0 if before is None else before.amount_minor)
    return {(FLOW, currency, on): Flow(event.user_id, currency, on, total_minor)}


def _grown(rows: UserRows, event: Recorded, currency: str, *, flow_minor: int, gain_minor: int) -> Changes:
    """The flow first, then the change of value: a return is what the value after the flow has become."""
    before: Growth | None = rows.get((GROWTH, currency))
    held_minor, factor, since = (0, 1.0, event.effective_at.date()) if before is None else _parts(before)
    base_minor = held_minor + flow_minor
    if base_minor > 0 and base_minor + gain_minor > 0:
        factor *= (base_minor + gain_minor) / base_minor
    row = Growth(event.user_id, currency, base_minor + gain_minor, factor, min(since, event.effective_at.date()))
    return {(GROWTH, currency): row}


def _parts(row: Growth) -> tuple[int, float, date]:
    return row.value_minor, row.factor, row.since


_FOLDS: Final[dict[type, Callable[[UserRows, Recorded], Changes]]] = {
    AccountOpened: _opened,
    Deposited: _moved,
    Withdrawn: _moved,
    TransferSent: _moved,
    TransferReceived: _moved,
    HoldingAdded: _added,
    HoldingPriced: _priced,
    HoldingRemoved: _removed,
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
    events=tuple(_FOLDS),
    keys=keys,
    fold=fold,
)
