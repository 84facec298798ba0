"""What a line comes to: the end, the lowest point, the first breach, what was missing, and the usual measures.

outcome = outcome_of(line, "EUR", selected, essential_minor=[400000] * 12)
outcome.lowest_minor, outcome.lowest_on, outcome.emergency_months
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from fintwin.domain.accounts import AccountState
from fintwin.twin.goals import emergency_months, runway_months, savings_rate
from fintwin.twin.line import Line, NotPaid

LISTED_MAX = 200
LIQUID = frozenset({"checking", "savings", "cash"})
SHOWN = Decimal("0.0001")


class Unpaid(msgspec.Struct, frozen=True):
    """Payments that the rules forbid: how many, how much, how far short at most; the first of them one by one."""

    count: int
    amount_minor: int
    missing_minor: int
    first_on: dt.date | None
    listed: tuple[NotPaid, ...]


class Outcome(msgspec.Struct, frozen=True):
    """One line in figures, over the selected accounts of one currency.

    ``first_breach`` is the first day on which an account is below its limit, ``deepest_minor`` by how much at the worst.
    ``refused`` are payments that a person decides and the rules forbid; ``would_be_refused`` merely happen. Months and rates
    are None where there is nothing to divide by.
    """

    final_minor: int
    lowest_minor: int
    lowest_on: dt.date
    first_breach: dt.date | None
    deepest_minor: int
    refused: Unpaid
    would_be_refused: Unpaid
    income_minor: int
    spending_minor: int
    interest_minor: int
    savings_rate: Decimal | None
    runway_months: Decimal | None
    emergency_months: Decimal | None


def total_series(line: Line, accounts: Collection[UUID], currency: str) -> list[int]:
    """The sum of the accounts of one currency on every day of the axis."""
    series = [line.balances[each] for each in accounts if line.currencies.get(each) == currency]
    return [sum(day) for day in zip(*series, strict=True)] if series else [0] * len(line.axis)


def outcome_of(
    line: Line,
    currency: str,
    selected: Collection[UUID],
    states: dict[UUID, AccountState],
    essential_minor: Sequence[int],
) -> Outcome:
    """The outcome for the selected accounts of one currency; ``states`` are the accounts as the run began."""
    mine = [each for each in selected if line.currencies.get(each) == currency]
    series = total_series(line, mine, currency)
    lowest_on, lowest = min(
        ((day, sum(balances[each] for each in mine)) for day, balances in line.daily.items()),
        key=lambda one: (one[1], one[0]),
    )
    income, spending, interest = flows_minor(line, mine)
    months = max(1, len(line.month_ends) - 1)
    breaches = [line.breaches[each] for each in mine if each in line.breaches]
    liquid = sum(states[each].balance_minor for each in mine if states[each].kind in LIQUID)
    runway = runway_months(series[-1], income // months, spending // months)
    deepest = max((-line.lowest[each][0] - states[each].overdraft_limit_minor for each in mine), default=0)
    return Outcome(
        final_minor=series[-1],
        lowest_minor=lowest,
        lowest_on=lowest_on,
        first_breach=min(breaches, default=None),
        deepest_minor=max(0, deepest),
        refused=unpaid([one for one in line.refused if one.account_id in mine]),
        would_be_refused=unpaid([one for one in line.would_be_refused if one.account_id in mine]),
        income_minor=income,
        spending_minor=spending,
        interest_minor=interest,
        savings_rate=shown(savings_rate(income, spending)),
        runway_months=shown(runway),
        emergency_months=shown(emergency_months(liquid, list(essential_minor))),
    )


def flows_minor(line: Line, accounts: Collection[UUID]) -> tuple[int, int, int]:
    """Income, spending and interest of a line: transfers between own accounts and loans paid out are in neither."""
    income = spending = interest = 0
    for one in line.booked:
        if one.account_id not in accounts or one.to_account is not None or not one.counted:
            continue
        if one.origin.kind == "interest":
            interest += one.amount_minor
        if one.amount_minor > 0:
            income += one.amount_minor
        else:
            spending -= one.amount_minor
    return income, spending, interest


def unpaid(found: Sequence[NotPaid]) -> Unpaid:
    """A summary of payments that the rules forbid."""
    return Unpaid(
        count=len(found),
        amount_minor=sum(one.amount_minor for one in found),
        missing_minor=max((one.missing_minor for one in found), default=0),
        first_on=min((one.on for one in found), default=None),
        listed=tuple(found[:LISTED_MAX]),
    )


def shown(figure: Decimal | None) -> Decimal | None:
    """A ratio with four decimals."""
    return None if figure is None else figure.quantize(SHOWN)
