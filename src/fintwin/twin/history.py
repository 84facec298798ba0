"""History: what a withdrawal plan would have met in every real stretch of years.

Conventions of the Trinity study (Cooley, Hubbard, Walz 1998): yearly steps, rebalanced yearly, grow, then
withdraw at the year's end; every withdrawal, the first included, is raised by inflation, that of the same
year. A window succeeds when money is left after the last withdrawal. There are N - H + 1 windows; none wraps.

Worked example: 60 % stocks and 40 % bonds, 30 years, 4 % of the starting sum: of the 67 windows from 1928 to
2023 65 succeed::

    >>> count = trinity(shipped_market().years_between(1928, 2023), years=30, stock_share=0.6, draw_rate=0.04)
    >>> count.successes, count.windows
    (65, 67)

The file ships with its label. `FINTWIN_MARKET_DATA` names a replacement with the same columns; whoever reads
that file hands its text to `parse_market`. All figures are shares of the starting sum: no money is involved.
"""

import csv
import io
from collections.abc import Sequence
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

SHIPPED_LABEL = "US large-company stocks (S&P 500 total return), compiled by A. Damodaran"
COLUMNS = ("year", "stocks", "bonds", "bills", "inflation")


class MarketYear(msgspec.Struct, frozen=True):
    """Total returns and inflation of one calendar year, as fractions (0.07 is 7 %)."""

    year: int
    stocks: float
    bonds: float
    bills: float
    inflation: float


class Market(msgspec.Struct, frozen=True):
    """Consecutive years and the label that every answer built on them must carry."""

    label: str
    years: tuple[MarketYear, ...]

    def years_between(self, first: int, last: int) -> tuple[MarketYear, ...]:
        """Return the years from `first` to `last`, both included."""
        return tuple(year for year in self.years if first <= year.year <= last)


class WindowCount(msgspec.Struct, frozen=True):
    """How many windows there were, how many succeeded, and the first years of those that did not."""

    windows: int
    successes: int
    failed_starts: tuple[int, ...]


class SustainableRate(msgspec.Struct, frozen=True):
    """The share that could be drawn in one window so that exactly nothing was left."""

    start_year: int
    rate: float


def parse_market(text: str, label: str) -> Market:
    """Read a market file: a header with `year,stocks,bonds,bills,inflation`, then one row a year.

    Raises `ValueError` in words a user can act on: missing columns, no number, a gap in the years.
    """
    rows = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        message = f"The market file lacks the columns: {', '.join(missing)}."
        raise ValueError(message)
    years: list[MarketYear] = []
    for line, row in enumerate(rows, start=2):
        try:
            year = MarketYear(int(row["year"]), *(float(row[name]) for name in COLUMNS[1:]))
        except (TypeError, ValueError) as error:
            message = f"Line {line} of the market file holds something that is no number."
            raise ValueError(message) from error
        if not all(-1 < rate < np.inf for rate in (year.stocks, year.bonds, year.bills, year.inflation)):
            message = f"Line {line} of the market file holds a return of -100 % or below, or no finite number."
            raise ValueError(message)
        if years and year.year != years[-1].year + 1:
            message = f"The market file jumps from {years[-1].year} to {year.year}; years must follow each other."
            raise ValueError(message)
        years.append(year)
    if not years:
        message = "The market file holds no year."
        raise ValueError(message)
    return Market(label, tuple(years))


def shipped_market() -> Market:
    """Return the market file that comes with the package, with its label."""
    text = files("fintwin.twin").joinpath("market", "us_annual_returns.csv").read_text(encoding="utf-8")
    return parse_market(text, SHIPPED_LABEL)


def windows(values: Sequence[float] | NDArray[np.float64], years: int) -> NDArray[np.float64]:
    """Return every run of `years` values, shape (N - years + 1, years); no window wraps round."""
    array = np.asarray(values, dtype=np.float64)
    if not 1 <= years <= len(array):
        message = f"{years} years do not fit into a history of {len(array)}."
        raise ValueError(message)
    return np.lib.stride_tricks.sliding_window_view(array, years)


def mixed_growth(years: Sequence[MarketYear], stock_share: float, bill_share: float = 0.0) -> NDArray[np.float64]:
    """Return each year's growth factor of a mix rebalanced yearly; what the other two leave is in bonds."""
    bond_share = 1 - stock_share - bill_share
    return np.array(
        [1 + stock_share * year.stocks + bill_share * year.bills + bond_share * year.bonds for year in years]
    )


def price_level(years: Sequence[MarketYear]) -> NDArray[np.float64]:
    """Return each year's inflation factor."""
    return np.array([1 + year.inflation for year in years])


def trinity(history: Sequence[MarketYear], *, years: int, stock_share: float, draw_rate: float) -> WindowCount:
    """Count the windows in which drawing `draw_rate` of the start, kept at its buying power, lasted."""
    growth = windows(mixed_growth(history, stock_share), years)
    draws = draw_rate * np.cumprod(windows(price_level(history), years), axis=1)
    left = np.ones(len(growth))
    alive = np.ones(len(growth), dtype=np.bool_)
    for step in range(years):
        left = left * growth[:, step] - draws[:, step]
        alive &= left >= 0
    failed = tuple(history[int(index)].year for index in np.flatnonzero(~alive))
    return WindowCount(len(alive), len(alive) - len(failed), failed)


def sustainable_rates(history: Sequence[MarketYear], *, years: int, stock_share: float) -> list[SustainableRate]:
    """Return, for each window in order, the highest rate it would have borne.

    In closed form: the final product of growth divided by the sum of each year's price level times the growth
    after that year.
    """
    growth = windows(mixed_growth(history, stock_share), years)
    prices = np.cumprod(windows(price_level(history), years), axis=1)
    total = np.cumprod(growth, axis=1)
    rates = 1 / np.sum(prices / total, axis=1)
    return [SustainableRate(history[index].year, float(rate)) for index, rate in enumerate(rates)]
