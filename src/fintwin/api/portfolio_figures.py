"""The figures of a portfolio as people see them; all of them exact, rates apart.

>>> percent_of(Decimal("2.50"), Decimal(20))
Decimal('12.50')
>>> percent_of(Decimal(1), Decimal(0))
Decimal('0')
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from uuid import UUID

import msgspec

from fintwin.api.money import out
from fintwin.domain.holdings import HoldingAdded, value_minor
from fintwin.projections import portfolios
from fintwin.store.reading import Portfolio

MONTHS: Final = 12
"""The savings rate is that of so many months, the running one included."""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Something the user holds; values in `currency`, rounded half up."""

    id: UUID
    account_id: UUID
    ticker: str
    company_name: str
    quantity: Decimal
    buy_price: Decimal
    current_price: Decimal
    current_value: Decimal
    invested_value: Decimal
    gain_loss: Decimal
    gain_loss_pct: Decimal
    created_at: datetime
    updated_at: datetime
    currency: str


class Performer(msgspec.Struct, frozen=True):
    """A holding and its gain in percent of what was paid."""

    ticker: str
    gain_loss_pct: Decimal


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The holdings of one currency together."""

    currency: str | None
    total_portfolio_value: Decimal
    total_invested: Decimal
    total_gain_loss: Decimal
    total_return_pct: Decimal


class Summary(Totals, frozen=True, kw_only=True):
    """Sums of the holdings in `currency`; count and performers over all of them."""

    total_holdings: int
    best_performer: Performer | None
    worst_performer: Performer | None
    by_currency: list[Totals]


class Sum(msgspec.Struct, frozen=True):
    """An amount in its currency."""

    currency: str
    amount: Decimal


class AccountWorth(msgspec.Struct, frozen=True):
    """The balance of one account."""

    account_id: UUID
    kind: str
    currency: str
    balance: Decimal


class MonthFlow(msgspec.Struct, frozen=True):
    """Income and spending of one month (its first day), own transfers left out."""

    month: date
    currency: str
    income: Decimal
    expense: Decimal


class DayTotal(msgspec.Struct, frozen=True):
    """What all accounts of one currency held together at the end of a day, UTC."""

    on: date
    total: Decimal


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The line of one currency: the total before `first`, then one entry for each day on which something moved."""

    currency: str
    first: date
    opening: Decimal
    days: list[DayTotal]


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Wealth and its movement. Rates are fractions a year, of `currency` only; null where there is nothing to tell."""

    net_worth: list[Sum]
    by_account: list[AccountWorth]
    cash_flow: list[MonthFlow]
    currency: str | None
    savings_rate: float | None
    xirr: float | None
    twr: float | None


def percent_of(part: Decimal, whole: Decimal) -> Decimal:
    """Percent with two decimals, rounded half up; 0 of nothing."""
    return (part * 100 / whole).quantize(Decimal("0.01"), ROUND_HALF_UP) if whole else Decimal(0)


def of_row(row: portfolios.Holding) -> Holding:
    """A holding of the read model."""
    return Holding(
        id=row.holding_id,
        account_id=row.user_id,
        ticker=row.ticker,
        company_name=row.company_name,
        quantity=row.quantity,
        buy_price=row.buy_price,
        current_price=row.current_price,
        created_at=row.created_at,
        updated_at=row.updated_at,
        currency=row.currency,
        **_values(row.value_minor, row.invested_minor, row.currency),
    )


def of_event(user_id: UUID, added: HoldingAdded, price: Decimal, created_at: datetime, updated_at: datetime) -> Holding:
    """The same from what was recorded."""
    worth_minor = value_minor(added.quantity, price, added.currency)
    invested_minor = value_minor(added.quantity, added.buy_price, added.currency)
    return Holding(
        id=added.holding_id,
        account_id=user_id,
        ticker=added.ticker,
        company_name=added.company_name,
        quantity=added.quantity,
        buy_price=added.buy_price,
        current_price=price,
        created_at=created_at,
        updated_at=updated_at,
        currency=added.currency,
        **_values(worth_minor, invested_minor, added.currency),
    )


def summary(held: list[Holding], main_currency: str | None) -> Summary:
    """The summary of these holdings, led by the main account's currency or else the most frequent one."""
    by_currency: defaultdict[str, list[Holding]] = defaultdict(list)
    for one in held:
        by_currency[one.currency].append(one)
    totals = [_totals(currency, by_currency[currency]) for currency in sorted(by_currency)]
    lead = main_currency
    if held and lead not in by_currency:
        lead = max(sorted(by_currency), key=lambda currency: len(by_currency[currency]))
    leading = next((one for one in totals if one.currency == lead), _totals(lead, ()))
    ranked = sorted(held, key=lambda one: one.gain_loss_pct)
    return Summary(
        **{name: getattr(leading, name) for name in Totals.__struct_fields__},
        total_holdings=len(held),
        best_performer=_performer(ranked[-1]) if ranked else None,
        worst_performer=_performer(ranked[0]) if ranked else None,
        by_currency=totals,
    )


def overview(portfolio: Portfolio, currency: str | None, today: date) -> Overview:
    """The overview of a portfolio."""
    worth_minor: defaultdict[str, int] = defaultdict(int)
    for account in portfolio.accounts:
        worth_minor[account.currency] += account.balance_minor
    for growth in portfolio.growth:
        worth_minor[growth.currency] += growth.value_minor
    own = next((one for one in portfolio.growth if one.currency == currency), None)
    flows = [one for one in portfolio.flows if one.currency == currency]
    first = date(today.year - 1, today.month, 1)
    months = [one for one in portfolio.months if one.currency == currency and one.month > first]
    return Overview(
        net_worth=[Sum(each, out(worth_minor[each], each)) for each in sorted(worth_minor)],
        by_account=[
            AccountWorth(one.account_id, one.kind, one.currency, out(one.balance_minor, one.currency))
            for one in portfolio.accounts
        ],
        cash_flow=[
            MonthFlow(
                one.month, one.currency, out(one.income_minor, one.currency), out(one.expense_minor, one.currency)
            )
            for one in sorted(portfolio.months, key=lambda one: (one.month, one.currency))
        ],
        currency=currency,
        savings_rate=portfolios.savings_rate(months),
        xirr=portfolios.holdings_money_weighted(flows, own.value_minor, today) if own else None,
        twr=portfolios.time_weighted(own, today) if own else None,
    )


def histories(totals: Iterable[tuple[str, date, int]], first: date) -> list[History]:
    """The lines of daily totals, which come by currency and oldest first; a day before ``first`` is what was there before."""
    opening: dict[str, Decimal] = {}
    days: defaultdict[str, list[DayTotal]] = defaultdict(list)
    for currency, on, total_minor in totals:
        shown = days[currency]
        if on < first:
            opening[currency] = out(total_minor, currency)
        else:
            shown.append(DayTotal(on, out(total_minor, currency)))
    return [
        History(currency=one, first=first, opening=opening.get(one, out(0, one)), days=shown)
        for one, shown in days.items()
    ]


def _values(worth_minor: int, invested_minor: int, currency: str) -> dict[str, Decimal]:
    worth, invested = out(worth_minor, currency), out(invested_minor, currency)
    return {
        "current_value": worth,
        "invested_value": invested,
        "gain_loss": worth - invested,
        "gain_loss_pct": percent_of(worth - invested, invested),
    }


def _totals(currency: str | None, held: Iterable[Holding]) -> Totals:
    listed = list(held)
    value = sum((one.current_value for one in listed), Decimal(0))
    invested = sum((one.invested_value for one in listed), Decimal(0))
    return Totals(
        currency=currency,
        total_portfolio_value=value,
        total_invested=invested,
        total_gain_loss=value - invested,
        total_return_pct=percent_of(value - invested, invested),
    )


def _performer(holding: Holding) -> Performer:
    return Performer(holding.ticker, holding.gain_loss_pct)
