"""Goals and reserves: what to put aside, how long money lasts, how many months are covered.

A goal rounds up: with the sum it names the goal is reached, with one cent less it is not. A drawdown counts
the withdrawals that can be made in full. A runway exists only while more goes out than comes in.

Worked example: 50,000.00 in 60 months from 10,000.00 at 4 %, put aside at each month end, takes 570.00
(exactly 569.9942)::

    >>> monthly_sum_minor(5_000_000, 1_000_000, Decimal(4), months=60)
    57000
"""

from decimal import ROUND_CEILING, Decimal, localcontext

import msgspec

from fintwin.twin.interest import EXACT, MONTHS_A_YEAR, annuity_factor, period_rate, round_half_up

LONGEST_DRAWDOWN = 12_000
"""A thousand years of months: money that lasts longer is reported as lasting for ever."""


class Drawdown(msgspec.Struct, frozen=True):
    """How many withdrawals are met in full and what is left for the next one.

    `last_partial_minor` is None where the money lasts for ever.
    """

    full_payments: int | None
    last_partial_minor: int | None


def exact_monthly_sum_minor(
    goal_minor: int, have_minor: int, annual_rate_percent: Decimal, *, months: int, at_start: bool = False
) -> Decimal:
    """Solve `have (1+i)^n + sum * annuity = goal` for the sum, unrounded; below zero if none is needed."""
    with localcontext(EXACT):
        rate = period_rate(annual_rate_percent, MONTHS_A_YEAR)
        missing = goal_minor - have_minor * (1 + rate) ** months
        return missing / annuity_factor(rate, months, at_start=at_start)


def monthly_sum_minor(
    goal_minor: int, have_minor: int, annual_rate_percent: Decimal, *, months: int, at_start: bool = False
) -> int:
    """Return the monthly sum that reaches the goal, rounded up to minor units; 0 where none is needed."""
    exact = exact_monthly_sum_minor(goal_minor, have_minor, annual_rate_percent, months=months, at_start=at_start)
    return max(0, int(exact.to_integral_value(rounding=ROUND_CEILING)))


def drawdown(balance_minor: int, draw_minor: int, annual_rate_percent: Decimal) -> Drawdown:
    """Draw a fixed sum at each month end, after that month's interest, until it cannot be met in full."""
    rate = period_rate(annual_rate_percent, MONTHS_A_YEAR)
    with localcontext(EXACT):
        exact = Decimal(balance_minor)
        for payments in range(LONGEST_DRAWDOWN):
            grown = exact * (1 + rate)
            if grown < draw_minor:
                return Drawdown(payments, round_half_up(grown))
            if grown - draw_minor >= exact:
                return Drawdown(None, None)
            exact = grown - draw_minor
    return Drawdown(None, None)


def emergency_months(liquid_minor: int, essential_monthly_minor: list[int]) -> Decimal | None:
    """Liquid balance by the mean essential spending of a month; None where there is no such spending."""
    total = sum(essential_monthly_minor)
    if total <= 0:
        return None
    with localcontext(EXACT):
        return Decimal(liquid_minor) * len(essential_monthly_minor) / total


def runway_months(balance_minor: int, income_minor: int, spending_minor: int) -> Decimal | None:
    """Balance by net monthly burn; None while income covers spending."""
    burn = spending_minor - income_minor
    if burn <= 0:
        return None
    with localcontext(EXACT):
        return Decimal(balance_minor) / burn


def savings_rate(income_minor: int, spending_minor: int) -> Decimal | None:
    """Return `(income - spending) / income` as a fraction; None without income.

    Own transfers belong in neither sum: money moved between own accounts is not earned and not spent.
    """
    if income_minor <= 0:
        return None
    with localcontext(EXACT):
        return (Decimal(income_minor) - spending_minor) / income_minor
