"""Regular or not: the judgement on a track, and the schedule it keeps.

What counts is few gaps, dates near a schedule, amounts near a level that may step (a price rise), and all of it far
from what chance would make of the counterparty's other payments.

Worked example: three payments of 40.00 on the 5th to a payee who gets nothing else are regular. Three of 40.00 about
the 5th, among two hundred purchases of which twenty cost about as much, are not.
"""

import datetime as dt
import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

from fintwin.twin.flows import Flow
from fintwin.twin.schedule import Schedule, Unit, Weekend, in_month, month_number, off_weekend
from fintwin.twin.tracks import LAST_DAY, Period, Step, Track

RECENT = 24
"""A schedule is fitted to so many of the latest payments: a pay day that moved long ago no longer counts."""
SMALL_SPREAD = 0.10
SPREAD_OF_FEW = 0.2
WIDE_SPREAD = 0.35
FEW = 3
MANY = 5
STEADY_DAYS = 1.0
SAME_AMOUNT = 0.02
UNSEEN = 0.25
"""Payments that chance is credited with where none was seen, so that nothing is ever called impossible."""
MOSTLY = 0.8
AMONG_OTHERS = 0.4
SURE = -3.6
"""Log10 of how likely chance may be to make a track of the counterparty's other payments."""


class Fit(msgspec.Struct, frozen=True):
    """A track that was judged regular: its schedule, mean days off it, spread and present level of amounts."""

    track: Track
    schedule: Schedule
    off_days: float
    spread: float
    level_minor: int


def judge(track: Track, group: Sequence[Flow]) -> Fit | None:
    """Return what makes the track regular, or None where it is not."""
    amounts = [step.flow.amount_minor for step in track.steps]
    spread = _spread(amounts)
    share = len(amounts) / len(group)
    if not _is_sure(track, group, 0.0, spread, share):
        return None  # not even on a perfect schedule, which is dearer to look for
    schedule, errors = _scheduled(track)
    off_days = sum(errors) / len(errors)
    if off_days > _most_off_days(track.period) or not _is_sure(track, group, off_days, spread, share):
        return None
    return Fit(track, schedule, off_days, spread, _level_minor(amounts, spread))


def _is_sure(track: Track, group: Sequence[Flow], off_days: float, spread: float, share: float) -> bool:
    if spread > _most_spread(len(track.steps), off_days, share):
        return False
    return _chance_log10(track, group, off_days, spread) <= SURE


def _most_off_days(period: Period) -> float:
    """Return the mean distance from the schedule that still is a rhythm: 1.5 days a month, 4 a year."""
    return min(4.0, 0.4 + 0.037 * period.days)


def _most_spread(count: int, off_days: float, share: float) -> float:
    """Return how far amounts may wander: not at all among other purchases, most for a payee seen on its day only.

    Two payments are a rhythm only where the counterparty has hardly any other.
    """
    if share < AMONG_OTHERS:
        return SAME_AMOUNT if count >= FEW else -1.0
    if share < MOSTLY:
        return SMALL_SPREAD if count > FEW else SAME_AMOUNT if count == FEW else -1.0
    if off_days > STEADY_DAYS:
        return SMALL_SPREAD
    return WIDE_SPREAD if count >= MANY else SPREAD_OF_FEW


def _spread(amounts: Sequence[int]) -> float:
    """Return the mean step (as a logarithm) from one amount to the next.

    From five payments on the two largest steps are left out: a price rise is one, a thirteenth salary two.
    """
    logs = [math.log(abs(amount)) for amount in amounts]
    steps = sorted(abs(later - earlier) for earlier, later in pairwise(logs))
    kept = steps[:-2] if len(amounts) >= MANY else steps
    return sum(kept) / len(kept)


def _level_minor(amounts: Sequence[int], spread: float) -> int:
    """Return the amount to expect next: the new price once paid twice, else the middle of the last six."""
    if spread < SAME_AMOUNT and abs(math.log(amounts[-1] / amounts[-2])) < SAME_AMOUNT:
        return amounts[-1]
    return round(median(amounts[-6:]))


def _chance_log10(track: Track, group: Sequence[Flow], off_days: float, spread: float) -> float:
    """Return log10 of a bound on how likely the group's other payments make such a track by chance.

    Chernoff's bound of the binomial tail: each period has a window of a few days, which chance hits with the density
    of other payments of like amount; times the number of phases and of payments that a track could begin with.
    """
    steps = track.steps
    width = max(5 * spread, 0.05)
    levels = sorted({abs(step.flow.amount_minor) for step in steps})
    first, last = steps[0].flow.on, steps[-1].flow.on
    used = {step.flow.transaction_id for step in steps}
    others = sum(
        1
        for flow in group
        if first <= flow.on <= last
        and flow.transaction_id not in used
        and _is_near(abs(flow.amount_minor), levels, width)
    )
    window = 2 * math.ceil(off_days) + 1
    span_days = (last - first).days + track.period.days
    hit = 1 - math.exp(-(others + UNSEEN) / span_days * window)
    share = track.coverage
    if share <= hit:
        return 0.0
    surprise = share * math.log(share / hit)
    if share < 1:
        surprise += (1 - share) * math.log((1 - share) / (1 - hit))
    tried = max(1.0, track.period.days / window) * (len(group) - len(steps) + 1)
    return (math.log(tried) - len(steps) / share * surprise) / math.log(10)


def _is_near(size_minor: int, levels_minor: Sequence[int], width: float) -> bool:
    """Whether an amount is within `width` (as a logarithm) of one of the sorted levels."""
    place = bisect_left(levels_minor, size_minor)
    return any(abs(math.log(size_minor / level)) <= width for level in levels_minor[max(0, place - 1) : place + 1])


def _scheduled(track: Track) -> tuple[Schedule, list[int]]:
    """Return the schedule that lies nearest to the recent payments, and each one's days off it."""
    recent = track.steps[-RECENT:]
    period = track.period
    if period.unit is Unit.WEEK:
        shift = round(median(step.off_days for step in recent))
        starts = dt.date.fromordinal(track.phase + shift + track.steps[0].bucket * round(period.days))
        return Schedule(Unit.WEEK, starts, every=period.every), [abs(step.off_days - shift) for step in recent]
    days = {step.flow.on.day for step in recent}
    tried = {day + off for day in days for off in (-2, -1, 0, 1, 2)} | {track.phase}
    if any((step.flow.on + dt.timedelta(days=1)).day == 1 for step in recent):
        tried.add(LAST_DAY)
    residue = _residue(track)
    best: tuple[int, int, int, Weekend, int] | None = None
    for day in sorted(day for day in tried if 1 <= day <= LAST_DAY):
        for order, rule in enumerate(Weekend):
            off_days = sum(_errors(recent, period, residue, day, rule))
            ranked = (off_days, order, abs(day - track.phase), rule, day)
            if best is None or ranked[:3] < best[:3]:
                best = ranked
    assert best is not None, "a track has at least one payment, so at least one day was tried"
    rule, day = best[3], best[4]
    starts = in_month(track.steps[0].bucket * period.every + residue, day)
    schedule = Schedule(Unit.MONTH, starts, every=period.every, day=day, weekend=rule)
    return schedule, _errors(recent, period, residue, day, rule)


def _residue(track: Track) -> int:
    """Return which of `every` months the track falls on: the phase's month, not the booking's."""
    first = track.steps[0]
    nominal = first.flow.on - dt.timedelta(days=first.off_days)
    return month_number(nominal) % track.period.every


def _errors(steps: Sequence[Step], period: Period, residue: int, day: int, rule: Weekend) -> list[int]:
    return [
        abs((step.flow.on - off_weekend(in_month(step.bucket * period.every + residue, day), rule)).days)
        for step in steps
    ]
