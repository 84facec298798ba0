from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintwin.twin.interest import (
    Accrual,
    Compounding,
    annuity_future_value_minor,
    balances_minor,
    future_value_minor,
    period_rate,
    real_rate_percent,
    round_half_up,
    todays_money_minor,
)


@pytest.mark.parametrize(("rate", "expected"), [("6", 10_616_778), ("7.5", 10_776_326)])
def test_plus_one_and_a_half_is_percentage_points(rate: str, expected: int) -> None:
    """100,000 a year long at 6 % and at 6 + 1.5 = 7.5 %, monthly: 106,167.78 and 107,763.26."""
    assert future_value_minor(10_000_000, Decimal(rate), years=1, compounding=Compounding.MONTHLY) == expected
    assert balances_minor(10_000_000, [0] * 12, Decimal(rate))[-1] == expected


@pytest.mark.parametrize(
    ("compounding", "expected"),
    [
        (Compounding.YEARLY, 1_628_895),
        (Compounding.MONTHLY, 1_647_009),
        (Compounding.DAILY, 1_648_665),
        (Compounding.CONTINUOUS, 1_648_721),
    ],
)
def test_compounding_by_closed_form(compounding: Compounding, expected: int) -> None:
    """10,000 at 5 % for ten years, by how often interest is credited."""
    assert future_value_minor(1_000_000, Decimal(5), years=10, compounding=compounding) == expected


def test_daily_credits_meet_the_closed_form() -> None:
    """3,650 posted daily credits end at the same cent as the formula: the exact balance is carried."""
    accrual = Accrual.opened(1_000_000)
    posted = 1_000_000
    for _ in range(3_650):
        accrual, credit_minor = accrual.credited(period_rate(Decimal(5), 365))
        posted += credit_minor
    assert posted == accrual.posted_minor == 1_648_665


@pytest.mark.parametrize(("at_start", "expected"), [(False, 23_102_045), (True, 23_217_555)])
def test_annuity(at_start: bool, expected: int) -> None:
    """500 a month at 6 % for 20 years: 231,020.45 at month end, 232,175.55 at month start."""
    assert annuity_future_value_minor(50_000, Decimal(6), months=240, at_start=at_start) == expected


def test_annuity_step_by_step() -> None:
    """The engine's own month steps reach the closed form of an annuity to the cent."""
    assert balances_minor(0, [50_000] * 240, Decimal(6))[-1] == 23_102_045


def test_fisher() -> None:
    """7 % nominal at 3 % inflation is 3.8835 % real."""
    assert round(real_rate_percent(Decimal(7), Decimal(3)), 4) == Decimal("3.8835")


def test_todays_money() -> None:
    """What one year of 3 % inflation raises to 103.00 is worth 100.00 today."""
    assert todays_money_minor(10_300, Decimal(3), months=12) == 10_000


def test_withdrawal_now_and_what_it_costs() -> None:
    """40,000 out of 100,000 at 6 %: 63,700.67 after a year, 42,467.11 less, of it 2,467.11 lost growth."""
    kept = balances_minor(10_000_000, [0] * 12, Decimal(6))[-1]
    drawn = balances_minor(6_000_000, [0] * 12, Decimal(6))[-1]
    assert (drawn, drawn - kept, drawn - kept + 4_000_000) == (6_370_067, -4_246_711, -246_711)


def test_two_effects_do_not_add_up() -> None:
    """Withdrawing and a higher rate together end at 64,657.96: the interaction is -638.19."""
    kept = balances_minor(10_000_000, [0] * 12, Decimal(6))[-1]
    drawn = balances_minor(6_000_000, [0] * 12, Decimal(6))[-1] - kept
    dearer = balances_minor(10_000_000, [0] * 12, Decimal("7.5"))[-1] - kept
    both = balances_minor(6_000_000, [0] * 12, Decimal("7.5"))[-1]
    assert (both, both - kept - drawn - dearer) == (6_465_796, -63_819)


def test_lost_income_goes_below_zero_in_month_five() -> None:
    """18,000, 5,000 in and 4,000 out: six months without income end at -6,000, twelve at 0; else 30,000."""
    moves = [-400_000] * 6 + [100_000] * 6
    ends = balances_minor(1_800_000, moves, Decimal(0))
    assert ends[1:7] == [1_400_000, 1_000_000, 600_000, 200_000, -200_000, -600_000]
    assert next(month for month, end in enumerate(ends) if end < 0) == 5
    assert ends[-1] == 0
    assert balances_minor(1_800_000, [100_000] * 12, Decimal(0))[-1] == 3_000_000


@pytest.mark.parametrize(("exact", "expected"), [("0.5", 1), ("1.5", 2), ("2.4", 2), ("-0.5", -1)])
def test_ties_round_away_from_zero(exact: str, expected: int) -> None:
    """Half a cent is rounded up in size, never to even."""
    assert round_half_up(Decimal(exact)) == expected


def test_an_overdraft_bears_no_interest() -> None:
    """A balance below zero gets no credit and no charge."""
    assert Accrual.opened(-100_000).credited(Decimal("0.01")) == (Accrual.opened(-100_000), 0)


@given(st.integers(0, 10**13), st.decimals(0, 30, places=2), st.integers(1, 60))
def test_posted_is_always_the_rounded_exact_balance(balance_minor: int, rate: Decimal, months: int) -> None:
    """After any number of credits the posted balance is the exact one rounded half up."""
    accrual = Accrual.opened(balance_minor)
    for _ in range(months):
        accrual, _ = accrual.credited(period_rate(rate, 12))
    assert accrual.posted_minor == round_half_up(accrual.exact_minor)
