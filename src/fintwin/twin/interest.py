"""Interest: exact balances, posted credits, compounding, annuities, today's money.

The exact balance is carried unrounded as a decimal. Each credit is what rounding that balance half up adds to
the balance posted so far, so cents never drift: after any number of periods the posted balance is the rounded
exact one. Periods are always 12 or 365 a year: a month is rate / 12, a day rate / 365.

Worked example: 100,000.00 at 6 % for twelve months::

    >>> future_value_minor(10_000_000, Decimal(6), years=1, compounding=Compounding.MONTHLY)
    10616778

A change of "+1.5" is percentage points: 6 % becomes 7.5 % and the same year ends at 107,763.26.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum

import msgspec

EXACT = Context(prec=50)
"""The arithmetic of every exact balance: 50 digits, whatever the calling thread has set."""

PER_CENT = 100
MONTHS_A_YEAR = 12
DAYS_A_YEAR = 365


class Compounding(StrEnum):
    """How often a year interest is credited."""

    YEARLY = "yearly"
    MONTHLY = "monthly"
    DAILY = "daily"
    CONTINUOUS = "continuous"


PERIODS_A_YEAR = {
    Compounding.YEARLY: 1,
    Compounding.MONTHLY: MONTHS_A_YEAR,
    Compounding.DAILY: DAYS_A_YEAR,
}


def round_half_up(exact: Decimal) -> int:
    """Whole minor units; a tie goes away from zero, as banks round both a credit and a debit."""
    return int(exact.to_integral_value(rounding=ROUND_HALF_UP))


def period_rate(annual_rate_percent: Decimal, periods_a_year: int) -> Decimal:
    """Return the rate of one period as a fraction: 6 % in 12 periods is 0.005."""
    with localcontext(EXACT):
        return annual_rate_percent / PER_CENT / periods_a_year


class Accrual(msgspec.Struct, frozen=True):
    """A balance that bears interest: what it is exactly, and what has been posted of it.

    Both in minor units. `moved` books a payment, `credited` one period's interest.
    """

    exact_minor: Decimal
    posted_minor: int

    @classmethod
    def opened(cls, balance_minor: int) -> "Accrual":
        """Start from a posted balance without a hidden fraction."""
        return cls(Decimal(balance_minor), balance_minor)

    def moved(self, amount_minor: int) -> "Accrual":
        """Book a signed payment of whole minor units."""
        with localcontext(EXACT):
            return Accrual(self.exact_minor + amount_minor, self.posted_minor + amount_minor)

    def credited(self, rate: Decimal) -> "tuple[Accrual, int]":
        """Add one period's interest and return the credit to post, in minor units.

        An overdrawn balance bears none: what an overdraft costs is not known here, and is listed as an
        assumption of the run instead of being guessed.
        """
        if self.exact_minor <= 0:
            return self, 0
        with localcontext(EXACT):
            exact = self.exact_minor * (1 + rate)
        posted = round_half_up(exact)
        return Accrual(exact, posted), posted - self.posted_minor


def future_value_minor(
    balance_minor: int, annual_rate_percent: Decimal, *, years: int, compounding: Compounding
) -> int:
    """Return `P (1 + r/m)^(m t)`, or `P e^(r t)` when continuous, rounded half up."""
    with localcontext(EXACT):
        if compounding is Compounding.CONTINUOUS:
            growth = (annual_rate_percent / PER_CENT * years).exp()
        else:
            periods = PERIODS_A_YEAR[compounding]
            growth = (1 + period_rate(annual_rate_percent, periods)) ** (periods * years)
        return round_half_up(balance_minor * growth)


def annuity_factor(rate: Decimal, payments: int, *, at_start: bool = False) -> Decimal:
    """Return what paying 1 each period is worth at the end: `((1+i)^n - 1) / i`, `(1+i)` times that at start."""
    with localcontext(EXACT):
        if rate == 0:
            return Decimal(payments)
        at_end = ((1 + rate) ** payments - 1) / rate
        return at_end * (1 + rate) if at_start else at_end


def annuity_future_value_minor(
    payment_minor: int, annual_rate_percent: Decimal, *, months: int, at_start: bool = False
) -> int:
    """Return what a monthly payment has grown to after `months`, rounded half up."""
    with localcontext(EXACT):
        rate = period_rate(annual_rate_percent, MONTHS_A_YEAR)
        return round_half_up(payment_minor * annuity_factor(rate, months, at_start=at_start))


def balances_minor(opening_minor: int, moves_minor: Iterable[int], annual_rate_percent: Decimal) -> list[int]:
    """Return the posted balance at each month end: interest on what lay there, then that month's payments.

    The first entry is the opening balance, so the list is one longer than `moves_minor`.
    """
    rate = period_rate(annual_rate_percent, MONTHS_A_YEAR)
    accrual = Accrual.opened(opening_minor)
    posted = [opening_minor]
    for amount_minor in moves_minor:
        accrual, _ = accrual.credited(rate)
        accrual = accrual.moved(amount_minor)
        posted.append(accrual.posted_minor)
    return posted


def real_rate_percent(nominal_percent: Decimal, inflation_percent: Decimal) -> Decimal:
    """Fisher: `(1 + nominal) / (1 + inflation) - 1`, in percent and unrounded."""
    with localcontext(EXACT):
        return ((PER_CENT + nominal_percent) / (PER_CENT + inflation_percent) - 1) * PER_CENT


def todays_money_minor(amount_minor: int, inflation_percent: Decimal, *, months: int) -> int:
    """Deflate an amount `months` ahead by a yearly inflation rate: `A / (1 + inflation)^(months / 12)`."""
    with localcontext(EXACT):
        growth = (1 + inflation_percent / PER_CENT) ** (Decimal(months) / MONTHS_A_YEAR)
        return round_half_up(amount_minor / growth)
