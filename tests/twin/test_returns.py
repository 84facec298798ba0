import datetime as dt
from decimal import Decimal

import pytest

from fintwin.twin.returns import DatedAmount, Period, time_weighted_percent, xirr_percent


def test_xirr_of_the_reference_row() -> None:
    """The published example over days / 365 is 37.33625 %."""
    rate = xirr_percent(
        [
            DatedAmount(dt.date(2008, 1, 1), -1_000_000),
            DatedAmount(dt.date(2008, 3, 1), 275_000),
            DatedAmount(dt.date(2008, 10, 30), 425_000),
            DatedAmount(dt.date(2009, 2, 15), 325_000),
            DatedAmount(dt.date(2009, 4, 1), 275_000),
        ]
    )
    assert rate == pytest.approx(37.33625, abs=1e-5)


def test_time_weighted_against_money_weighted() -> None:
    """1,000, +50 %, add 1,500, -1/3, ends 2,000: 0 % time-weighted, -14.92 % money-weighted."""
    assert time_weighted_percent([Period(100_000, 150_000), Period(300_000, 200_000)]) == 0
    rate = xirr_percent(
        [
            DatedAmount(dt.date(2021, 1, 1), -100_000),
            DatedAmount(dt.date(2022, 1, 1), -150_000),
            DatedAmount(dt.date(2023, 1, 1), 200_000),
        ]
    )
    assert rate == pytest.approx(-14.92, abs=0.005)


@pytest.mark.parametrize(
    "payments",
    [
        [],
        [DatedAmount(dt.date(2021, 1, 1), -100)],
        [DatedAmount(dt.date(2021, 1, 1), -100), DatedAmount(dt.date(2022, 1, 1), -100)],
        [DatedAmount(dt.date(2021, 1, 1), -100), DatedAmount(dt.date(2021, 1, 1), 100)],
    ],
)
def test_no_rate_where_none_exists(payments: list[DatedAmount]) -> None:
    """Without two days and both signs there is no rate, and None says so."""
    assert xirr_percent(payments) is None


def test_a_period_that_starts_with_nothing_has_no_growth() -> None:
    """Growth from nothing is no number."""
    assert time_weighted_percent([Period(0, 100)]) is None
    assert time_weighted_percent([Period(100, 110), Period(110, 121)]) == Decimal(21)
