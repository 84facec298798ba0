"""Returns: the money-weighted rate of a row of payments, the time-weighted rate of a row of periods.

XIRR is the yearly rate at which all payments, discounted over days / 365, sum to zero; `pyxirr` solves it.
The time-weighted rate chains the growth between payments, so it does not depend on their size.

Worked example: 1,000.00 grows by a half in a year, 1,500.00 is added, then a third is lost: 2,000.00 is left.
The time-weighted return is 0 %, the money-weighted one -14.92 % a year.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, localcontext

import msgspec
import pyxirr

from fintwin.twin.interest import EXACT, PER_CENT


class DatedAmount(msgspec.Struct, frozen=True):
    """A payment seen from the investor: paid in is negative, got out (or still there at the end) positive."""

    on: dt.date
    amount_minor: int


class Period(msgspec.Struct, frozen=True):
    """A stretch without payments: the value after the payment before it, and before the one after."""

    start_minor: int
    end_minor: int


def xirr_percent(payments: Sequence[DatedAmount]) -> float | None:
    """Return the yearly money-weighted rate in percent.

    None where no rate exists or none can be found: fewer than two days, or all payments of one sign.
    """
    signs = {payment.amount_minor > 0 for payment in payments if payment.amount_minor}
    days = {payment.on for payment in payments if payment.amount_minor}
    if len(signs) < 2 or len(days) < 2:  # noqa: PLR2004 - two sides, two days: the equation's own need
        return None
    rate = pyxirr.xirr(
        [payment.on for payment in payments], [payment.amount_minor for payment in payments], silent=True
    )
    return None if rate is None else rate * PER_CENT


def time_weighted_percent(periods: Sequence[Period]) -> Decimal | None:
    """Return the growth of the whole stretch in percent, not per year; None if a period starts with nothing."""
    with localcontext(EXACT):
        growth = Decimal(1)
        for period in periods:
            if period.start_minor <= 0:
                return None
            growth = growth * period.end_minor / period.start_minor
        return (growth - 1) * PER_CENT
