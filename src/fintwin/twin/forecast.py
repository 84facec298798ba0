"""Forecast: one account's balance, daily for 90 days and then at month ends, if its habits go on.

Found flows come on their dates, plans on theirs, everyday money at its monthly pace with the shape of its month. All
sums are whole minor units: the pace is rounded once per day on the running sum, so nothing drifts. The 10 to 90 band
comes from the account's own months: what they strayed from their mean, growing with the root of the time ahead.

Worked example: 18,000.00 on the account, 5,000.00 in on the 1st and 4,000.00 out on the 15th, nothing else:
30,000.00 after twelve months and no band, because no month ever strayed.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

import msgspec

from fintwin.twin.habits import Habits, month_before
from fintwin.twin.schedule import Schedule, in_month, month_number
from fintwin.twin.tracks import LAST_DAY, MONTH_DAYS

DAILY_DAYS = 90
SPENT_WITHIN_DAYS = 30


class Source(StrEnum):
    """Why a movement is expected."""

    RECURRING = "recurring"
    PLAN = "plan"
    EVERYDAY = "everyday"


class PlannedItem(msgspec.Struct, frozen=True):
    """A plan of the user: a signed amount on the dates of a schedule."""

    plan_id: UUID
    schedule: Schedule
    amount_minor: int
    category: str | None = None


class Expected(msgspec.Struct, frozen=True):
    """One expected movement; `source_id` is the found flow's key or the plan's id, None for everyday money."""

    on: dt.date
    amount_minor: int
    source: Source
    source_id: UUID | None
    category: str | None


class Point(msgspec.Struct, frozen=True):
    """The balance at the end of a day and the band that should hold it four times out of five."""

    on: dt.date
    balance_minor: int
    low_minor: int
    high_minor: int


def expected_movements(
    habits: Habits,
    plans: Sequence[PlannedItem],
    until: dt.date,
    *,
    switched_off: frozenset[UUID] = frozenset(),
    everyday_on: Sequence[dt.date] | None = None,
) -> list[Expected]:
    """List what is expected after `habits.as_of` up to `until`, in order of date.

    `switched_off` are keys of found flows that the user has ended or switched off. `everyday_on`: the days on which
    everyday money is listed, in order, each with what came since the one before; without it every day.
    """
    tomorrow = habits.as_of + dt.timedelta(days=1)
    listed: list[Expected] = []
    for one in habits.recurring:
        if one.next_on is None or one.key in switched_off:
            continue
        dates = list(one.schedule.between(max(tomorrow, one.next_on), until))
        if one.next_on == habits.as_of:
            dates.insert(0, tomorrow)  # a payment overdue today comes tomorrow
        listed.extend(
            Expected(max(day, tomorrow), one.amount_minor, Source.RECURRING, one.key, one.category) for day in dates
        )
    for plan in plans:
        listed.extend(
            Expected(day, plan.amount_minor, Source.PLAN, plan.plan_id, plan.category)
            for day in plan.schedule.between(tomorrow, until)
        )
    if everyday_on is None:
        everyday_on = [tomorrow + dt.timedelta(days=days) for days in range((until - tomorrow).days + 1)]
    listed.extend(_everyday(habits, everyday_on))
    return sorted(listed, key=lambda one: (one.on, one.source, str(one.source_id)))


def _everyday(habits: Habits, listed_on: Iterable[dt.date]) -> Iterable[Expected]:
    """Yield the everyday money of each of these days as the step of its running sum."""
    so_far = 0
    for day in listed_on:
        upto = _everyday_upto_minor(habits, day)
        if upto != so_far:
            yield Expected(day, upto - so_far, Source.EVERYDAY, None, None)
        so_far = upto


def _everyday_upto_minor(habits: Habits, day: dt.date) -> int:
    months = month_number(day) - month_number(habits.as_of)
    if month_before(habits.as_of, -months) > day:
        months -= 1
    mark = month_before(habits.as_of, -months)
    passed = (day - mark).days
    length = (month_before(habits.as_of, -months - 1) - mark).days
    pace = habits.everyday_minor * (months + Fraction(passed, length))
    ahead = min((day - habits.as_of).days, SPENT_WITHIN_DAYS)
    unusual = Fraction(habits.unusual_minor * ahead, SPENT_WITHIN_DAYS)
    return round(pace - unusual) + habits.shape_minor[min(passed, LAST_DAY)]


def forecast(
    habits: Habits,
    balance_minor: int,
    months: int,
    *,
    plans: Sequence[PlannedItem] = (),
    switched_off: frozenset[UUID] = frozenset(),
) -> list[Point]:
    """Return the expected balance of every day of the first 90 and of every month end after that."""
    last = month_before(habits.as_of, -months)
    moved: dict[dt.date, int] = defaultdict(int)
    for one in expected_movements(habits, plans, last, switched_off=switched_off):
        moved[one.on] += one.amount_minor
    points = []
    balance = balance_minor
    for days in range(1, (last - habits.as_of).days + 1):
        day = habits.as_of + dt.timedelta(days=days)
        balance += moved[day]
        if days <= DAILY_DAYS or day == last or day == in_month(month_number(day), LAST_DAY):
            width = band_minor(habits, days)
            points.append(Point(day, balance, balance - width, balance + width))
    return points


def band_minor(habits: Habits, days: int) -> int:
    """Return half the width of the 10 to 90 band so many days ahead: a month's, growing with the root of time."""
    return round(habits.spread_minor * math.sqrt(days / MONTH_DAYS))
