from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fintwin.twin.goals import (
    Drawdown,
    drawdown,
    emergency_months,
    exact_monthly_sum_minor,
    monthly_sum_minor,
    runway_months,
    savings_rate,
)
from fintwin.twin.interest import balances_minor


def test_monthly_sum_for_a_goal() -> None:
    """50,000 in 60 months from 10,000 at 4 %: exactly 569.9942, rounded up to 570.00."""
    assert round(exact_monthly_sum_minor(5_000_000, 1_000_000, Decimal(4), months=60) / 100, 4) == Decimal("569.9942")
    assert monthly_sum_minor(5_000_000, 1_000_000, Decimal(4), months=60) == 57_000


def test_a_goal_already_reached_needs_nothing() -> None:
    """Where growth alone reaches the goal the monthly sum is 0, not negative."""
    assert monthly_sum_minor(1_000_000, 1_000_000, Decimal(4), months=12) == 0


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(1, 120))
def test_the_sum_reaches_the_goal_and_a_cent_less_does_not(goal: int, have: int, months: int) -> None:
    """The rounded-up sum reaches the goal; one cent a month less misses it (posted balances are rounded)."""
    monthly = monthly_sum_minor(goal, have, Decimal(3), months=months)
    assert balances_minor(have, [monthly] * months, Decimal(3))[-1] >= goal - 1
    if monthly > 0:
        assert balances_minor(have, [monthly - 1] * months, Decimal(3))[-1] <= goal


def test_drawdown_counts_full_payments() -> None:
    """100,000 at 6 %, 1,000 at month end: 138 in full, the 139th is partial."""
    counted = drawdown(10_000_000, 100_000, Decimal(6))
    assert counted.full_payments == 138
    assert counted.last_partial_minor is not None
    assert 0 < counted.last_partial_minor < 100_000


def test_interest_that_covers_the_draw_lasts_for_ever() -> None:
    """500 a month from 100,000 at 6 % is exactly the interest."""
    assert drawdown(10_000_000, 50_000, Decimal(6)) == Drawdown(None, None)


def test_reserves() -> None:
    """18,000 with 4,000 of essential spending covers 4.5 months; runway exists only while burning."""
    assert emergency_months(1_800_000, [390_000, 410_000]) == Decimal("4.5")
    assert emergency_months(1_800_000, [0]) is None
    assert runway_months(1_800_000, 0, 400_000) == Decimal("4.5")
    assert runway_months(1_800_000, 500_000, 400_000) is None


def test_savings_rate() -> None:
    """5,000 in, 4,000 out: a fifth is saved; without income there is no rate."""
    assert savings_rate(500_000, 400_000) == Decimal("0.2")
    assert savings_rate(0, 100) is None
