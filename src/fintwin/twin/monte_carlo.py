"""Many futures at once: baseline and scenario on the same draws, summed up date by date.

A plan arrives as its exact line, whole minor units at each month end, computed event by event elsewhere. What is
drawn is only how far a path leaves that line: a pot's deviation grows with the drawn growth and takes the drawn
months, and the posted balance is the line plus the deviation rounded to minor units. Without chance the deviation is
exactly nought, so every percentile is the line to the cent; that is why money stays exact although the draws do not.

A balance below zero neither earns nor loses: it goes on being moved by the plan, so it shows how much is missing. A
path fails when a watched pot is below its limit at a month end; that is decided once and holds for money of any year.

Worked example: one pot of 100,000.00 with a planned 7 % a year, ten years, `log_normal(7, 15, Centre.MEAN)`: the
median of 10,000 paths lies within three standard errors of 178,475.00.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from fintwin.twin.draws import Draws, Floats, Historical, Market
from fintwin.twin.interest import MONTHS_A_YEAR

PERCENTS = (10, 25, 50, 75, 90)
OPENED = (0, 25, 50, 75, 100)
"""Worst, P25, median, P75 and best path, by what is there in the end."""
FAILED_LISTED = 1_000
LARGEST_MINOR = 2**53
"""Up to here a float holds every minor unit."""

Progress = Callable[[int, int], bool]
"""Called once a simulated year with months done and months in all; returning False cancels the run."""


class Pot(msgspec.Struct, frozen=True):
    """One account of a plan, as its line and what may push it off.

    `line_minor` has a balance for today and for each month end; `growth` is the factor by which the line grew in each
    month (one figure: in all). `market` says that growth is drawn. `residuals_minor` are the user's own months,
    actual less expected, in the same order for every pot. `limit_minor` None: never a failure.
    """

    line_minor: tuple[int, ...]
    growth: float | tuple[float, ...] = 1.0
    market: bool = False
    residuals_minor: tuple[int, ...] = ()
    limit_minor: int | None = 0

    def growth_in(self, month: int) -> float:
        """Return the line's growth factor in a month, 0 being the first."""
        return self.growth if isinstance(self.growth, float) else self.growth[month]


class Decision(msgspec.Struct, frozen=True):
    """A payment that a person decides: each path pays it or, where its money is short, does without and has failed.

    On the line it met `available_minor` and was `paid` or not. `at_end`: after that month's growth, else before it. `to_pot`
    is the own pot that receives it, None for money that leaves. Not `possible`: forbidden whatever is there, so every path
    does without it and has failed.
    """

    pot: int
    to_pot: int | None
    amount_minor: int
    available_minor: int
    paid: bool
    at_end: bool
    possible: bool = True


class Plan(msgspec.Struct, frozen=True):
    """The pots that together are one future. The goal is a total at the end of month `goal_month` (None: the last).

    `decisions` lists, month by month, what is decided in it, empty where nothing is; `today` is what is decided at once.
    """

    pots: tuple[Pot, ...]
    goal_minor: int | None = None
    goal_month: int | None = None
    decisions: tuple[tuple[Decision, ...], ...] = ()
    today: tuple[Decision, ...] = ()


class Share(msgspec.Struct, frozen=True):
    """A probability as a count of paths, with its standard error `sqrt(p (1 - p) / n)`."""

    paths: int
    of: int

    @property
    def probability(self) -> float:
        """The share itself."""
        return self.paths / self.of

    @property
    def standard_error(self) -> float:
        """How far the share may be off by the number of paths alone."""
        return math.sqrt(self.probability * (1 - self.probability) / self.of)


class Outcome(msgspec.Struct, frozen=True):
    """What became of one plan. Rows of percentiles are month ends from today on, columns are `PERCENTS`.

    `first_failures` counts by month how many paths failed there first; the shortfalls are what was missing at the
    worst moment of the failing paths, in the middle and at their 90th percentile. `opened_paths` are the path numbers
    of `OPENED`. `todays_percentiles_minor` exists for historical draws only, where each path has prices of its own.
    """

    percentiles_minor: NDArray[np.int64]
    todays_percentiles_minor: NDArray[np.int64] | None
    failed: Share
    reached_goal: Share | None
    first_failures: tuple[int, ...]
    shortfall_median_minor: int | None
    shortfall_p90_minor: int | None
    final_mean_minor: int
    opened_paths: tuple[int, ...]
    failed_paths: tuple[int, ...] = ()
    """Numbers of the first thousand failing paths; with historical draws a number is a window."""


class OpenedPath(msgspec.Struct, frozen=True):
    """One path to replay: per pot the posted balances from today on, and what the drawn month added each month.

    `growth` is what a pot's balance was multiplied with in each month.
    """

    balances_minor: tuple[tuple[int, ...], ...]
    residuals_minor: tuple[tuple[int, ...], ...]
    growth: tuple[tuple[float, ...], ...] = ()


class TooLargeError(ValueError):
    """A path left the range in which cents are exact; such a plan has to be refused in words."""


def nearest_rank(percent: int, count: int) -> int:
    """Return the index of a percentile in `count` sorted values: the smallest that `percent` do not exceed."""
    return max(0, -(-percent * count // 100) - 1)


class _Run:
    """A plan in motion: the deviations of its pots and what has been noted on the way."""

    def __init__(self, plan: Plan, paths: int) -> None:
        self.plan = plan
        self.paths = paths
        self.deviations = [np.zeros(paths) for _ in plan.pots]
        self.residuals = [np.asarray(pot.residuals_minor, dtype=np.float64) for pot in plan.pots]
        self.posted = [np.full(paths, float(pot.line_minor[0])) for pot in plan.pots]
        self.percentiles: list[Floats] = []
        self.todays: list[Floats] = []
        self.failed = np.zeros(paths, dtype=np.bool_)
        self.deepest = np.zeros(paths)
        self.first_failures: list[int] = []
        self.at_goal: Floats | None = None
        self.total = self.posted[0]
        self.short: Floats | None = None
        self.stuck = False
        self.ranks = [nearest_rank(percent, paths) for percent in PERCENTS]
        self._decide(plan.today, at_end=False)

    def note(self, month: int, prices: Floats | None) -> None:
        """Sum up the month end that has been posted."""
        total = self.posted[0] if len(self.posted) == 1 else np.sum(self.posted, axis=0)
        ordered = np.sort(total)
        if max(-ordered[0], ordered[-1]) >= LARGEST_MINOR:
            raise TooLargeError("Amounts grow beyond the range in which single cents can be told apart.")
        self.percentiles.append(ordered[self.ranks])
        if prices is not None:
            self.todays.append(np.sort(np.rint(total / prices))[self.ranks])
        self.total = total
        self._note_failures()
        last = len(self.plan.pots[0].line_minor) - 1
        if month == (last if self.plan.goal_month is None else self.plan.goal_month):
            self.at_goal = total

    def _note_failures(self) -> None:
        missing, self.short = self.short, None
        stuck, self.stuck = self.stuck, False
        for pot, posted in zip(self.plan.pots, self.posted, strict=True):
            if pot.limit_minor is not None and posted.min() < pot.limit_minor:
                part = np.maximum(pot.limit_minor - posted, 0)
                missing = part if missing is None else missing + part
        if missing is None and not stuck:
            self.first_failures.append(0)
            return
        if missing is None:
            missing = np.zeros(self.paths)
        fresh = ((missing > 0) | stuck) & ~self.failed
        self.first_failures.append(int(np.count_nonzero(fresh)))
        self.failed |= fresh
        np.maximum(self.deepest, missing, out=self.deepest)

    def move(self, month: int, growths: Sequence[Floats | None], months_drawn: NDArray[np.int64] | None) -> None:
        """Carry every pot through one month (0 is the first)."""
        decisions = self.plan.decisions[month] if self.plan.decisions else ()
        self._decide(decisions, at_end=False)
        for number, pot in enumerate(self.plan.pots):
            planned, drawn = pot.growth_in(month), growths[number]
            deviation = self.deviations[number]
            if drawn is not None or planned != 1:
                _grow(deviation, pot.line_minor[month], planned, planned if drawn is None else drawn)
            if months_drawn is not None and len(self.residuals[number]):
                deviation += self.residuals[number][months_drawn]
        self._decide(decisions, at_end=True)
        for number, pot in enumerate(self.plan.pots):
            posted = np.rint(self.deviations[number])
            posted += pot.line_minor[month + 1]
            self.posted[number] = posted

    def _decide(self, decisions: Sequence[Decision], *, at_end: bool) -> None:
        """Pay or refuse on every path; the deviation takes over where a path does not do what the line did."""
        for one in decisions:
            if one.at_end != at_end:
                continue
            if not one.possible:
                self.stuck = True
                continue
            met = np.rint(self.deviations[one.pot])
            met += one.available_minor
            refused = met < one.amount_minor
            differs = np.where(refused, one.amount_minor if one.paid else 0, 0 if one.paid else -one.amount_minor)
            self.deviations[one.pot] += differs
            if one.to_pot is not None:
                self.deviations[one.to_pot] -= differs
            if refused.any():
                part = np.where(refused, one.amount_minor - np.maximum(met, 0), 0.0)
                self.short = part if self.short is None else self.short + part

    def outcome(self) -> Outcome:
        """Put together what was noted."""
        order = np.argsort(self.total, kind="stable")
        missing = np.sort(self.deepest[self.failed])
        count = len(missing)
        goal = self.plan.goal_minor
        reached = None
        if goal is not None and self.at_goal is not None:
            reached = Share(int(np.count_nonzero(self.at_goal >= goal)), self.paths)
        return Outcome(
            percentiles_minor=np.array(self.percentiles).astype(np.int64),
            todays_percentiles_minor=np.array(self.todays).astype(np.int64) if self.todays else None,
            failed=Share(count, self.paths),
            reached_goal=reached,
            first_failures=tuple(self.first_failures),
            shortfall_median_minor=int(missing[nearest_rank(50, count)]) if count else None,
            shortfall_p90_minor=int(missing[nearest_rank(90, count)]) if count else None,
            final_mean_minor=round(math.fsum(self.total.tolist()) / self.paths),
            opened_paths=tuple(int(order[nearest_rank(percent, self.paths)]) for percent in OPENED),
            failed_paths=tuple(int(path) for path in np.flatnonzero(self.failed)[:FAILED_LISTED]),
        )


def _grow(deviation: Floats, line_minor: int, planned: float, drawn: float | Floats) -> None:
    """Turn a deviation into that of the grown balance: `(line + deviation) * drawn - line * planned`."""
    deviation += line_minor
    if deviation.min() < 0:
        drawn = np.where(deviation < 0, 1.0, drawn)
    deviation *= drawn
    deviation -= line_minor * planned if line_minor >= 0 else line_minor


def simulate(
    plans: Sequence[Plan], *, seed: int, paths: int, market: Market | None, progress: Progress | None = None
) -> list[Outcome] | None:
    """Run the plans side by side on the same draws; None where `progress` cancelled.

    With historical draws there are as many paths as windows, and `paths` has to be that number. The answer depends
    on the seed, the plans and nothing else: not on the process, the number of threads or the time.
    """
    runs = [_Run(plan, paths) for plan in plans]
    months = _months(plans)
    prices = market.prices if isinstance(market, Historical) else None
    for run in runs:
        run.note(0, None if prices is None else np.ones(paths))
    for month, growths, drawn in _draw(plans, seed, paths, market):
        for run, growth in zip(runs, growths, strict=True):
            run.move(month, growth, drawn)
            run.note(month + 1, None if prices is None else prices[:, month])
        is_year_end = (month + 1) % MONTHS_A_YEAR == 0 or month + 1 == months
        if is_year_end and progress is not None and not progress(month + 1, months):
            return None
    return [run.outcome() for run in runs]


def open_paths(plan: Plan, wanted: Sequence[int], *, seed: int, paths: int, market: Market | None) -> list[OpenedPath]:
    """Draw again and return single paths in full, with the same cents as in the run they come from."""
    chosen = np.asarray(wanted, dtype=np.intp)
    run = _Run(plan, len(chosen))
    balances = [[posted] for posted in run.posted]
    residuals: list[list[Floats]] = [[] for _ in plan.pots]
    factors: list[list[Floats]] = [[] for _ in plan.pots]
    for month, growths, drawn in _draw([plan], seed, paths, market):
        picked = None if drawn is None else drawn[chosen]
        run.move(month, [None if growth is None else growth[chosen] for growth in growths[0]], picked)
        for number, remembered in enumerate(run.residuals):
            balances[number].append(run.posted[number])
            growth, planned = growths[0][number], plan.pots[number].growth_in(month)
            factors[number].append(np.full(len(chosen), planned) if growth is None else growth[chosen])
            has_own = picked is not None and len(remembered) > 0
            residuals[number].append(remembered[picked] if has_own else np.zeros(len(chosen)))
    return [
        OpenedPath(
            tuple(tuple(int(month_end[path]) for month_end in pot) for pot in balances),
            tuple(tuple(int(month[path]) for month in pot) for pot in residuals),
            tuple(tuple(float(month[path]) for month in pot) for pot in factors),
        )
        for path in range(len(chosen))
    ]


def _months(plans: Sequence[Plan]) -> int:
    """Return how many months all lines run; a caller's mistake in their shape is said at once."""
    lengths = {len(pot.line_minor) for plan in plans for pot in plan.pots}
    remembered = {len(pot.residuals_minor) for plan in plans for pot in plan.pots} - {0}
    if len(lengths) != 1 or len(remembered) > 1 or not all(plan.pots for plan in plans):
        raise ValueError("Every plan needs pots, all lines one length, all remembered months one number.")
    return lengths.pop() - 1


def _draw(
    plans: Sequence[Plan], seed: int, paths: int, market: Market | None
) -> Iterator[tuple[int, list[list[Floats | None]], NDArray[np.int64] | None]]:
    """Yield for each month the drawn growth of every pot of every plan (None: as planned), and the drawn month."""
    months = _months(plans)
    if isinstance(market, Historical) and market.factors.shape != (paths, months):
        message = f"The history has {market.factors.shape} windows and months, the run {(paths, months)}."
        raise ValueError(message)
    remembered = max(len(pot.residuals_minor) for plan in plans for pot in plan.pots)
    draws = Draws(seed, paths, market, remembered)
    some_drawn = market is not None and any(pot.market for plan in plans for pot in plan.pots)
    for month in range(months):
        planned = sorted({pot.growth_in(month) for plan in plans for pot in plan.pots if pot.market})
        drawn = dict(zip(planned, draws.next_growth(planned), strict=True)) if some_drawn else {}
        growths = [[drawn.get(pot.growth_in(month)) if pot.market else None for pot in plan.pots] for plan in plans]
        yield month, growths, draws.next_months()
