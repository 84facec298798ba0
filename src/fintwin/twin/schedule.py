"""Repeating dates: every n days, weeks or months on a day, from, until, moved off weekends.

A monthly date keeps its own day: the 31st is the last day of February and the 31st again in March. A date on
a Saturday or Sunday moves to the business day before or after where the rule says so; only the booking moves,
later dates are counted from the unmoved one. Public holidays are not known here.

Worked example: the 31st of every month, on the business day before, in the first months of 2025::

    >>> rule = Schedule(Unit.MONTH, dt.date(2025, 1, 31), day=31, weekend=Weekend.BEFORE)
    >>> [str(day) for day in rule.between(dt.date(2025, 1, 1), dt.date(2025, 4, 1))]
    ['2025-01-31', '2025-02-28', '2025-03-31']
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import count

import msgspec

from fintwin.twin.interest import MONTHS_A_YEAR

DAYS_A_WEEK = 7
SATURDAY = 5
LONGEST_SHIFT = dt.timedelta(days=2)


class Unit(StrEnum):
    """What `every` counts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Weekend(StrEnum):
    """What happens to a date that falls on a Saturday or Sunday."""

    NONE = "none"
    BEFORE = "before"
    AFTER = "after"


def off_weekend(day: dt.date, rule: Weekend) -> dt.date:
    """Return the business day that a payment due on `day` is booked on."""
    past_friday = day.weekday() - SATURDAY + 1
    if rule is Weekend.NONE or past_friday <= 0:
        return day
    if rule is Weekend.BEFORE:
        return day - dt.timedelta(days=past_friday)
    return day + dt.timedelta(days=LONGEST_SHIFT.days + 1 - past_friday)


def month_number(day: dt.date) -> int:
    """Return a running number of months, so that months can be subtracted."""
    return day.year * MONTHS_A_YEAR + day.month - 1


@lru_cache(maxsize=4096)
def month_length(number: int) -> int:
    """Return how many days a running month has."""
    year, month = divmod(number, MONTHS_A_YEAR)
    return monthrange(year, month + 1)[1]


def in_month(number: int, day: int) -> dt.date:
    """Return the given day of a running month, the last one where the month is shorter."""
    year, month = divmod(number, MONTHS_A_YEAR)
    return dt.date(year, month + 1, min(day, month_length(number)))


class Schedule(msgspec.Struct, frozen=True):
    """A rule for dates, from `starts` on (itself included) to `until` (included; None: without end).

    `day` is the day of the month (31: the last one) or of the week (1 Monday to 7 Sunday); without it the
    day of `starts`. It has no meaning for days.
    """

    unit: Unit
    starts: dt.date
    every: int = 1
    day: int | None = None
    until: dt.date | None = None
    weekend: Weekend = Weekend.NONE

    def nominal(self, number: int) -> dt.date:
        """Return the date number `number` (0 is the first on or after `starts`), before any weekend rule."""
        if self.unit is Unit.MONTH:
            day = self.day or self.starts.day
            first = month_number(self.starts)
            if in_month(first, day) < self.starts:
                first += 1
            return in_month(first + number * self.every, day)
        step = self.every
        first_day = self.starts
        if self.unit is Unit.WEEK:
            step *= DAYS_A_WEEK
            if self.day is not None:
                first_day += dt.timedelta(days=(self.day - self.starts.isoweekday()) % DAYS_A_WEEK)
        return first_day + dt.timedelta(days=number * step)

    def booked(self, number: int) -> dt.date:
        """Return the same date as it is booked; never before `starts`, where "before" would reach back to."""
        nominal = self.nominal(number)
        moved = off_weekend(nominal, self.weekend)
        return off_weekend(nominal, Weekend.AFTER) if moved < self.starts else moved

    def between(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        """Yield the booked dates from `first` to `last`, both included, in order."""
        for number in count(self._number_near(first)):
            nominal = self.nominal(number)
            if (self.until is not None and nominal > self.until) or nominal > last + LONGEST_SHIFT:
                return
            booked = self.booked(number)
            if first <= booked <= last:
                yield booked

    def due_between(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        """Yield the unmoved dates from `first` to `last`: when a payment is due, not when it is booked."""
        for number in count(self._number_near(first)):
            nominal = self.nominal(number)
            if nominal > last or (self.until is not None and nominal > self.until):
                return
            if nominal >= first:
                yield nominal

    def after(self, day: dt.date) -> dt.date | None:
        """Return the first booked date after `day`, or None where the schedule has ended."""
        for number in count(self._number_near(day)):
            if self.until is not None and self.nominal(number) > self.until:
                return None
            if (booked := self.booked(number)) > day:
                return booked
        raise AssertionError  # pragma: no cover - `count` does not end

    def _number_near(self, day: dt.date) -> int:
        """Return a number whose date is surely not after `day`, so that long gaps cost nothing."""
        if self.unit is Unit.MONTH:
            ahead = (month_number(day) - month_number(self.nominal(0))) // self.every
        else:
            days = self.every * (DAYS_A_WEEK if self.unit is Unit.WEEK else 1)
            ahead = (day - self.nominal(0)).days // days
        return max(0, ahead - 1 - LONGEST_SHIFT.days)
