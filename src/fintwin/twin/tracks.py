"""Tracks: rows of payments that keep a rhythm, found among the payments of one counterparty.

For each period (a week to a year) the days are laid over each other: payments of one rhythm fall on the same phase
(the same day of the month, the same weekday). Around the busiest phases the payments are sorted into buckets, one a
period, and chained from bucket to bucket by the closest amount. Several chains may run in parallel: two
subscriptions of one payee on one day are two tracks. A track may miss a period now and then.

Worked example: 9.99 on the 5th of every month and purchases of any size in between give one monthly track of phase 5
with all the 9.99 in it; the purchases stay behind.
"""

import datetime as dt
import heapq
import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from fintwin.twin.flows import Flow
from fintwin.twin.schedule import DAYS_A_WEEK, Unit, month_length, month_number

LAST_DAY = 31
HALF_MONTH = 15
LARGEST_STEP = math.log(1.65)
"""How far an amount may be from the one before it: a price rise or a thirteenth salary, not another thing."""
PHASES_TRIED = 3
REPEATED = 3
MOST_CANDIDATES = 12


class Period(msgspec.Struct, frozen=True):
    """A rhythm to look for. `tolerance_days` is how far from its phase a payment may lie."""

    unit: Unit
    every: int
    days: float
    tolerance_days: int
    fewest: int
    misses_in_a_row: int
    weight: float


MONTH_DAYS = 365.25 / 12
PERIODS = (
    Period(Unit.WEEK, 1, 7.0, 1, 4, 2, 1.0),
    Period(Unit.WEEK, 2, 14.0, 2, 4, 1, 0.97),
    Period(Unit.WEEK, 4, 28.0, 2, 4, 1, 0.9),
    Period(Unit.MONTH, 1, MONTH_DAYS, 4, 3, 1, 1.0),
    Period(Unit.MONTH, 2, 2 * MONTH_DAYS, 4, 3, 1, 0.9),
    Period(Unit.MONTH, 3, 3 * MONTH_DAYS, 5, 3, 1, 0.95),
    Period(Unit.MONTH, 6, 6 * MONTH_DAYS, 5, 3, 1, 0.9),
    Period(Unit.MONTH, 12, 12 * MONTH_DAYS, 6, 2, 1, 0.9),
)
"""Weights only settle ties: where two rhythms explain the same payments, the common one is meant."""


class Step(msgspec.Struct, frozen=True):
    """One payment of a track: the running number of its bucket and its days off the phase."""

    bucket: int
    off_days: int
    flow: Flow


class Track(msgspec.Struct, frozen=True):
    """Payments in one rhythm, in order; `phase` is the day of the month or the day number within the weeks."""

    period: Period
    phase: int
    steps: tuple[Step, ...]

    @property
    def coverage(self) -> float:
        """The share of periods between the first and the last payment that have one."""
        return len(self.steps) / (self.steps[-1].bucket - self.steps[0].bucket + 1)

    @property
    def score(self) -> float:
        """Payments explained, fewer where dates or amounts wander."""
        steps = self.steps
        centre = sorted(step.off_days for step in steps)[len(steps) // 2]
        off = sum(abs(step.off_days - centre) for step in steps) / len(steps)
        jumps = sum(
            abs(math.log(later.flow.amount_minor / earlier.flow.amount_minor)) for earlier, later in pairwise(steps)
        )
        steadiness = 1 / (1 + off / 3 + 2 * jumps / len(steps))
        return len(steps) * self.coverage * steadiness * self.period.weight


def _month_bucket(day: dt.date, phase: int) -> tuple[int, int]:
    """Return the running month whose phase day lies nearest, and the days off it."""
    number = month_number(day)
    off = day.day - min(phase, month_length(number))
    if off > HALF_MONTH:
        return number + 1, day.day - month_length(number) - min(phase, month_length(number + 1))
    if off < -HALF_MONTH:
        before = month_length(number - 1)
        return number - 1, day.day + before - min(phase, before)
    return number, off


def _steps(flows: Sequence[Flow], period: Period, phase: int, residue: int) -> list[Step]:
    """Return the payments near the phase, each with its bucket."""
    found = []
    if period.unit is Unit.MONTH:
        for flow in flows:
            number, off = _month_bucket(flow.on, phase)
            if abs(off) <= period.tolerance_days and number % period.every == residue:
                found.append(Step(number // period.every, off, flow))
        return found
    days = DAYS_A_WEEK * period.every
    for flow in flows:
        since = flow.on.toordinal() - phase
        off = (since + days // 2) % days - days // 2
        if abs(off) <= period.tolerance_days:
            found.append(Step((since - off) // days, off, flow))
    return found


def _busy_phases(flows: Sequence[Flow], period: Period) -> list[tuple[int, int]]:
    """Return the (residue, phase) pairs with the most payments on and next to them, busiest first.

    An amount that comes again counts more: rent keeps its amount, shopping does not.
    """
    times = Counter(flow.amount_minor for flow in flows)
    counts: dict[tuple[int, int], float] = defaultdict(float)
    for flow in flows:
        weight = min(times[flow.amount_minor], REPEATED)
        if period.unit is Unit.MONTH:
            number = month_number(flow.on)
            counts[number % period.every, flow.on.day] += weight
            if flow.on.day == month_length(number) < LAST_DAY:
                counts[number % period.every, LAST_DAY] += weight
        else:
            counts[0, flow.on.toordinal() % (DAYS_A_WEEK * period.every)] += weight
    wide = 2 if period.tolerance_days > 1 else 1
    smooth = {
        (residue, phase): sum(
            counts.get((residue, phase + off), 0) * (1 - abs(off) / (wide + 2)) for off in range(-wide, wide + 1)
        )
        for residue, phase in counts
    }
    ranked = sorted(smooth, key=lambda key: (-smooth[key], key))
    return [key for key in ranked[:PHASES_TRIED] if smooth[key] >= period.fewest / 2]


def _chains(steps: Sequence[Step], period: Period) -> list[list[Step]]:
    """Chain payments from bucket to bucket, the closest amounts first; a bucket gives a chain one payment."""
    buckets: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        buckets[step.bucket].append(step)
    done: list[list[Step]] = []
    growing: list[list[Step]] = []
    for number in sorted(buckets):
        alive: list[list[Step]] = []
        for chain in growing:
            reach = number - chain[-1].bucket - 1 <= period.misses_in_a_row
            (alive if reach else done).append(chain)
        pairs = _nearest_pairs(alive, buckets[number])
        used_chains: set[int] = set()
        used_steps: set[int] = set()
        for _, _, chain_number, step_number in pairs:
            if chain_number not in used_chains and step_number not in used_steps:
                alive[chain_number].append(buckets[number][step_number])
                used_chains.add(chain_number)
                used_steps.add(step_number)
        fresh = [[step] for n, step in enumerate(buckets[number]) if n not in used_steps]
        growing = alive + fresh
    return done + growing


def _nearest_pairs(chains: Sequence[Sequence[Step]], steps: Sequence[Step]) -> list[tuple[float, int, int, int]]:
    """Return (distance, days off, chain, step) of the amounts next to each chain's last two, nearest first.

    The last two, so that one odd payment breaks no chain; only the neighbours in a sorted list, so that a busy
    counterparty costs no more than a quiet one.
    """
    by_size = sorted((abs(step.flow.amount_minor), number) for number, step in enumerate(steps))
    pairs = set()
    for chain_number, chain in enumerate(chains):
        for one in chain[-2:]:
            size = abs(one.flow.amount_minor)
            place = bisect_left(by_size, (size, 0))
            for other, number in by_size[max(0, place - 1) : place + 2]:
                distance = abs(math.log(other / size))
                if distance <= LARGEST_STEP:
                    pairs.add((distance, abs(steps[number].off_days), chain_number, number))
    return sorted(pairs)


def best_tracks(flows: Sequence[Flow], least_coverage: float) -> list[Track]:
    """Return the candidate tracks of payments of one sign, best first; they may share payments."""
    candidates = []
    for period in PERIODS:
        if len(flows) < period.fewest:
            continue
        for residue, phase in _busy_phases(flows, period):
            for chain in _chains(_steps(flows, period, phase, residue), period):
                track = Track(period, phase, tuple(chain))
                if len(chain) >= period.fewest and track.coverage >= least_coverage:
                    candidates.append(track)
    return heapq.nlargest(MOST_CANDIDATES, candidates, key=lambda track: track.score)
