"""Rates over time: which interest an account bears on a day, and what it has earned by then.

Between two days the exact balance earns its share of the month; what compounds monthly is added at the month's end of the
run, yearly at every twelfth. Credits are posted at month ends as what rounding the exact balance adds (`interest`). A month
counts from the run's own day to the same day of the next, so money that lay there all the time earns rate / 12 exactly.

>>> rates = Rates({1: Decimal(6)}, [RateChange(1, dt.date(2026, 7, 1), Decimal("1.5"), is_set=False)])
>>> [str(rates.on(1, day).percent) for day in (dt.date(2026, 6, 30), dt.date(2026, 7, 1))]
['6', '7.5']
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

import msgspec

from fintwin.twin.interest import DAYS_A_YEAR, EXACT, MONTHS_A_YEAR, PER_CENT, round_half_up

FEBRUARY_29: Final = (2, 29)
KEPT: Final = Decimal(1).scaleb(-30)
"""Sums of parts of a month are taken to 30 decimals, so that a whole month in parts is a whole month."""


class Mode(StrEnum):
    """How a rate compounds; ``effective`` means that a whole year brings the rate, in twelve equal factors."""

    MONTHLY = "monthly"
    YEARLY = "yearly"
    DAILY = "daily"
    CONTINUOUS = "continuous"
    EFFECTIVE = "effective"


class Rate(msgspec.Struct, frozen=True):
    """A yearly rate and how it compounds."""

    percent: Decimal
    mode: Mode = Mode.MONTHLY

    def month_factor(self) -> float:
        """By which a month grows what lies there."""
        yearly = float(self.percent) / PER_CENT
        match self.mode:
            case Mode.MONTHLY:
                return 1 + yearly / MONTHS_A_YEAR
            case Mode.DAILY:
                return math.pow(1 + yearly / DAYS_A_YEAR, DAYS_A_YEAR / MONTHS_A_YEAR)
            case Mode.CONTINUOUS:
                return math.exp(yearly / MONTHS_A_YEAR)
            case _:
                return math.pow(1 + yearly, 1 / MONTHS_A_YEAR)


NO_RATE: Final = Rate(Decimal(0))


class RateChange(msgspec.Struct, frozen=True):
    """From a day on the rate is set to, or moved by, a percentage."""

    account_id: Any
    on: dt.date
    percent: Decimal
    is_set: bool
    mode: Mode | None = None


class Rates:
    """The rate of every account on every day. Changes of one day hold in the order given."""

    def __init__(self, base: Mapping[Any, Decimal | None], changes: Iterable[RateChange] = ()) -> None:
        """``base``: percent by account, None where the account bears none."""
        self._changes: dict[Any, list[tuple[dt.date, Rate]]] = {}
        self._base = {each: Rate(percent or Decimal(0)) for each, percent in base.items()}
        for change in sorted(changes, key=lambda one: one.on):
            known = self._changes.setdefault(change.account_id, [])
            before = known[-1][1] if known else self._base[change.account_id]
            percent = change.percent if change.is_set else before.percent + change.percent
            known.append((change.on, Rate(percent, change.mode or before.mode)))
        self.rated = frozenset(each for each, rate in self._base.items() if rate.percent) | frozenset(self._changes)
        """Accounts that bear interest, or are told in the run what they bear."""

    def on(self, account_id: Any, day: dt.date) -> Rate:
        """The rate that money earns from a day on."""
        rate = self._base[account_id]
        for since, changed in self._changes.get(account_id, ()):
            if since > day:
                break
            rate = changed
        return rate

    def lowest(self, account_id: Any) -> Decimal:
        """The lowest percentage that an account ever has."""
        return min(
            self._base[account_id].percent, *(rate.percent for _, rate in self._changes.get(account_id, [])), Decimal(0)
        )

    def days(self) -> set[dt.date]:
        """The days on which a rate changes."""
        return {since for known in self._changes.values() for since, _ in known}


class Bearing:
    """One account's interest in a run: exact balance, posted balance, and what is earned but not added yet."""

    __slots__ = ("_exact", "_month_began_with", "_pending", "posted_minor", "since")

    def __init__(self, balance_minor: int, today: dt.date) -> None:
        """A balance without a hidden fraction."""
        self._exact = Decimal(balance_minor)
        self._pending = Decimal(0)
        self._month_began_with = self._exact
        self.posted_minor = balance_minor
        self.since = today

    def moved(self, amount_minor: int) -> None:
        """Take over a payment of whole minor units."""
        with localcontext(EXACT):
            self._exact += amount_minor
        self.posted_minor += amount_minor

    def accrue(self, until: dt.date, rate: Rate, month_days: int) -> None:
        """Earn from where it stands to a day of the same month of ``month_days``. An overdrawn balance bears none."""
        since, self.since = self.since, until
        days = (until - since).days
        if days <= 0 or not rate.percent or self._exact <= 0:
            return
        with localcontext(EXACT):
            yearly = rate.percent / PER_CENT
            part = Fraction(days, month_days)
            match rate.mode:
                case Mode.MONTHLY | Mode.YEARLY:
                    earned = self._exact * yearly * part.numerator / (MONTHS_A_YEAR * part.denominator)
                    self._pending += earned
                case Mode.DAILY:
                    self._exact *= (1 + yearly / DAYS_A_YEAR) ** (days - _leap_days(since, until))
                case Mode.CONTINUOUS:
                    self._exact *= (yearly * part.numerator / (MONTHS_A_YEAR * part.denominator)).exp()
                case Mode.EFFECTIVE:
                    self._exact *= (1 + yearly) ** (Decimal(part.numerator) / (MONTHS_A_YEAR * part.denominator))

    def credit(self, *, month: int, mode: Mode) -> int:
        """End a month of the run (1 is the first): add what compounds, and return what is to be posted, in minor units."""
        if mode is not Mode.YEARLY or month % MONTHS_A_YEAR == 0:
            with localcontext(EXACT):
                self._exact += self._pending.quantize(KEPT)
            self._pending = Decimal(0)
        credit = round_half_up(self._exact) - self.posted_minor
        self.posted_minor += credit
        return credit

    def begin_month(self) -> None:
        """Remember what there is as the month's beginning."""
        self._month_began_with = self._exact

    def grow_beyond(self, factor: float) -> None:
        """Add what a drawn growth brings beyond the planned one, on what the month began with."""
        if self._month_began_with > 0:
            with localcontext(EXACT):
                self._exact += self._month_began_with * Decimal(factor)


def _leap_days(since: dt.date, until: dt.date) -> int:
    """How many 29ths of February lie after one day up to another: a year has 365 periods."""
    count = 0
    for year in range(since.year, until.year + 1):
        if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
            count += since < dt.date(year, *FEBRUARY_29) <= until
    return count
