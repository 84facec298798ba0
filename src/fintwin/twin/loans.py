"""Loans: the instalment, the rows a bank would print, a changed rate, several debts paid off.

The instalment is the annuity formula `P i / (1 - (1+i)^-n)`. A schedule works in whole cents as a bank does:
interest is rounded half up on the balance, the instalment stays, the last payment clears what is left.

Worked example: 300,000.00 over 360 months at 6 % costs 1,798.65 a month; after 60 payments 279,163.14 is left
(279,163.07 without rounding); at 7.5 % from there, spread over the remaining 300 months, 2,062.99::

    >>> instalment_minor(30_000_000, Decimal(6), 360)
    179865
    >>> schedule(30_000_000, Decimal(6), 360)[59].balance_minor
    27916314
"""

from collections.abc import Mapping
from decimal import Decimal, localcontext

import msgspec

from fintwin.twin.interest import EXACT, MONTHS_A_YEAR, period_rate, round_half_up


class LoanRow(msgspec.Struct, frozen=True):
    """One month of a loan, in minor units. `payment_minor` holds interest, principal and anything extra."""

    month: int
    payment_minor: int
    interest_minor: int
    principal_minor: int
    balance_minor: int


def exact_instalment_minor(principal_minor: int | Decimal, annual_rate_percent: Decimal, months: int) -> Decimal:
    """Return the unrounded instalment, in minor units."""
    with localcontext(EXACT):
        rate = period_rate(annual_rate_percent, MONTHS_A_YEAR)
        if rate == 0:
            return Decimal(principal_minor) / months
        return principal_minor * rate / (1 - (1 + rate) ** -months)


def instalment_minor(principal_minor: int | Decimal, annual_rate_percent: Decimal, months: int) -> int:
    """Return the instalment a bank would quote: the formula, rounded half up."""
    return round_half_up(exact_instalment_minor(principal_minor, annual_rate_percent, months))


def exact_balance_minor(principal_minor: int, annual_rate_percent: Decimal, months: int, *, paid: int) -> Decimal:
    """Return what is owed after `paid` unrounded instalments: `P (1+i)^k - A ((1+i)^k - 1) / i`."""
    with localcontext(EXACT):
        rate = period_rate(annual_rate_percent, MONTHS_A_YEAR)
        instalment = exact_instalment_minor(principal_minor, annual_rate_percent, months)
        if rate == 0:
            return principal_minor - instalment * paid
        growth = (1 + rate) ** paid
        return principal_minor * growth - instalment * (growth - 1) / rate


def schedule(
    principal_minor: int,
    annual_rate_percent: Decimal,
    months: int,
    *,
    extra_minor: Mapping[int, int] | None = None,
    extra_each_month_minor: int = 0,
) -> list[LoanRow]:
    """Return the rows of a loan in whole cents.

    `extra_minor` maps a month (1 is the first) to a payment on top; the instalment stays and the loan ends
    earlier. A rounded instalment may leave a few cents: the row of month `months` takes them.
    """
    rate = period_rate(annual_rate_percent, MONTHS_A_YEAR)
    instalment = instalment_minor(principal_minor, annual_rate_percent, months)
    extras = extra_minor or {}
    rows: list[LoanRow] = []
    balance = principal_minor
    for month in range(1, months + 1):
        interest = _interest_minor(balance, rate)
        owed = balance + interest
        wanted = instalment + extra_each_month_minor + extras.get(month, 0)
        payment = owed if month == months else min(owed, wanted)
        balance = owed - payment
        rows.append(LoanRow(month, payment, interest, payment - interest, balance))
        if balance == 0:
            break
    return rows


def reamortised_instalment_minor(balance_minor: int | Decimal, annual_rate_percent: Decimal, months_left: int) -> int:
    """Return the instalment after a change of rate, the end date kept."""
    return instalment_minor(balance_minor, annual_rate_percent, months_left)


def total_interest_minor(rows: list[LoanRow]) -> int:
    """Return what the loan costs over all rows."""
    return sum(row.interest_minor for row in rows)


def _interest_minor(balance_minor: int, rate: Decimal) -> int:
    with localcontext(EXACT):
        return round_half_up(balance_minor * rate)
