"""Chance, one month at a time: market shocks and which of the user's own months comes again.

A shock is what a month's growth is multiplied with: 1 leaves the planned growth as it is. Log-normal shocks keep
either the arithmetic mean or the median of the planned growth; historical ones replay real years. The draws of a
month depend on the seed and on the months before it only, never on the horizon, on how work is split or on what is
simulated: a longer run begins with the shorter one, and baseline and scenario meet the same months.

Worked example: a planned 7 % a year whose *mean* is 7 % with a standard deviation of 15 %: ten years of 100,000.00
end at P10/P50/P90 101,401 / 178,475 / 314,131 with mean 196,715. If 7 % were the *median*, P50 would be 196,715.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

from fintwin.twin.history import MarketYear, mixed_growth, price_level, windows
from fintwin.twin.interest import MONTHS_A_YEAR

Floats = NDArray[np.float64]


class Centre(StrEnum):
    """What the planned growth is: the arithmetic mean of the yearly factor, or its median."""

    MEAN = "mean"
    MEDIAN = "median"


class LogNormal(msgspec.Struct, frozen=True):
    """Independent log-normal months around the planned growth; `log_sd` is that of the logarithm of a year."""

    log_sd: float
    centre: Centre


class Historical(msgspec.Struct, frozen=True):
    """Real sequences: `factors[window, month]` is that month's growth; there are as many paths as windows.

    `prices[window, month]` is the price level at the end of each month, today 1. It only serves to show results in
    today's money; whether a path fails is decided once, on the plan's own figures.
    """

    factors: Floats
    prices: Floats
    start_years: tuple[int, ...]


Market = LogNormal | Historical


def log_normal(growth_percent: float, sd_percent: float, centre: Centre) -> LogNormal:
    """Return the shocks of a year whose factor has this mean (or median) and this arithmetic standard deviation.

    With mean `M` and deviation `S` the log variance is `ln(1 + (S/M)^2)`. With median `M` it is `ln x`, where
    `x = (1 + sqrt(1 + 4 (S/M)^2)) / 2` solves `x (x - 1) = (S/M)^2`.
    """
    ratio = (sd_percent / (100 + growth_percent)) ** 2
    spread = 1 + ratio if centre is Centre.MEAN else (1 + math.sqrt(1 + 4 * ratio)) / 2
    return LogNormal(math.sqrt(math.log(spread)), centre)


def geometric_brownian(sd_percent: float) -> LogNormal:
    """Return the shocks of geometric Brownian motion with a yearly volatility, around `exp(drift)` as the mean."""
    return LogNormal(sd_percent / 100, Centre.MEAN)


def closed_form_minor(
    start_minor: int, growth: float, shocks: LogNormal, *, years: float, percent: float | None
) -> int:
    """Return what a single sum without payments comes to: its percentile, or its mean for None.

    `growth` is the planned yearly factor. `S g^t exp(shift t + z s sqrt(t))`, where `shift` is `-s^2 / 2` when `g` is
    the mean and 0 when it is the median.
    """
    variance = shocks.log_sd**2 * years
    planned = start_minor * math.pow(growth, years)
    is_mean = shocks.centre is Centre.MEAN
    if percent is None:
        return round(planned if is_mean else planned * math.exp(variance / 2))
    score = NormalDist().inv_cdf(percent / 100)
    return round(planned * math.exp((-variance / 2 if is_mean else 0.0) + score * math.sqrt(variance)))


def historical(years: Sequence[MarketYear], months: int, stock_share: float, *, real: bool = False) -> Historical:
    """Replay every window of real years that is long enough; a year's growth is spread evenly over its months.

    With `real` growth is what is left after that year's inflation: for plans whose sums are in today's money.
    """
    span = -(-months // MONTHS_A_YEAR)
    prices_yearly = price_level(years)
    growth_yearly = mixed_growth(years, stock_share)
    if real:
        growth_yearly = growth_yearly / prices_yearly
    factors = np.repeat(windows(growth_yearly, span) ** (1 / MONTHS_A_YEAR), MONTHS_A_YEAR, axis=1)[:, :months]
    steps = np.repeat(windows(prices_yearly, span) ** (1 / MONTHS_A_YEAR), MONTHS_A_YEAR, axis=1)[:, :months]
    starts = tuple(year.year for year in years[: len(factors)])
    prices: Floats = np.cumprod(steps, axis=1, dtype=np.float64)
    return Historical(factors, prices, starts)


class Draws:
    """The draws of one run, month after month. Two streams, so that one kind does not shift the other."""

    def __init__(self, seed: int, paths: int, market: Market | None, remembered_months: int) -> None:
        """Set up for `paths` paths; `remembered_months` is how many of the user's own months there are to draw."""
        market_seed, month_seed = np.random.SeedSequence(seed).spawn(2)
        self._market = market
        self._market_stream = np.random.Generator(np.random.SFC64(market_seed))
        self._month_stream = np.random.Generator(np.random.SFC64(month_seed))
        self._paths = paths
        self._remembered = remembered_months
        self._normals = np.empty(paths)
        self._step = 0

    def next_growth(self, planned: Sequence[float]) -> list[Floats]:
        """Return this month's growth of every path, for each planned growth factor."""
        step = self._step
        self._step += 1
        if isinstance(self._market, Historical):
            return [self._market.factors[:, step] for _ in planned]
        shock = self._shock()
        return [factor * shock for factor in planned]

    def _shock(self) -> Floats:
        market = self._market
        if not isinstance(market, LogNormal) or market.log_sd == 0:
            return np.ones(self._paths)
        sd = market.log_sd / math.sqrt(MONTHS_A_YEAR)
        shock = self._normals
        self._market_stream.standard_normal(out=shock)
        shock *= sd
        if market.centre is Centre.MEAN:
            shock -= sd * sd / 2
        return np.exp(shock, out=shock)

    def next_months(self) -> NDArray[np.int64] | None:
        """Return which remembered month comes again on every path, or None where none is remembered."""
        if not self._remembered:
            return None
        return self._month_stream.integers(0, self._remembered, self._paths)
