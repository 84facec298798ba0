import datetime as dt
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fintwin.twin.flows import Flow
from fintwin.twin.forecast import PlannedItem, Source, expected_movements, forecast
from fintwin.twin.habits import learn
from fintwin.twin.schedule import Schedule, Unit
from tests.bench.twin_forecast import measure
from tests.twin.berka import needs_berka
from tests.twin.made_histories import ACCOUNT, FIRST, make_history

TODAY = dt.date(2022, 12, 20)


def paid(
    rule: Schedule, amount_minor: int, payee: str | None, first_number: int, category: str | None = None
) -> list[Flow]:
    return [
        Flow(first_number + n, UUID(int=first_number + n), day, amount_minor, "payment", ACCOUNT, category, payee)
        for n, day in enumerate(rule.between(FIRST, TODAY))
    ]


def monthly(day: int) -> Schedule:
    return Schedule(Unit.MONTH, FIRST, day=day)


INCOME = paid(monthly(1), 500_000, "employer", 1)
SPENDING = paid(monthly(15), -400_000, "household", 100)


@needs_berka
def test_nearer_than_staying_and_than_last_month() -> None:
    """Last 90 days hidden: the median error is below both simple forecasts, the band holds 70 to 90 percent."""
    found = measure(dt.date(1993, 12, 30))
    assert found["balances"] > 2_000
    assert found["median_error"] < found["median_error_stays"]
    assert found["median_error"] < found["median_error_as_last_month"]
    assert 0.7 <= found["within_band"] <= 0.9


@needs_berka
@pytest.mark.slow
@pytest.mark.parametrize("cut", [dt.date(1993, 10, 15), dt.date(1993, 11, 15), dt.date(1993, 12, 10)])
def test_other_days_to_hide_from(cut: dt.date) -> None:
    """In the middle of a month, where knowing the dates matters most, the same holds on other cuts."""
    found = measure(cut)
    assert found["median_error"] < found["median_error_stays"]
    assert found["median_error"] < found["median_error_as_last_month"]
    assert 0.7 <= found["within_band"] <= 0.9


def test_a_steady_surplus_is_carried_on_to_the_cent() -> None:
    """18,000, 5,000 in and 4,000 out, all of it found: 30,000 after twelve months and no band."""
    habits = learn(INCOME + SPENDING, TODAY)
    points = forecast(habits, 1_800_000, 12)
    assert (points[-1].on, points[-1].balance_minor) == (dt.date(2023, 12, 20), 3_000_000)
    assert all(point.low_minor == point.balance_minor == point.high_minor for point in points)
    assert (habits.everyday_minor, habits.adjustment_minor, habits.kept_share) == (0, 0, 1)


def test_daily_for_ninety_days_then_month_ends() -> None:
    """The first 90 days are given day by day, later only month ends and the last day."""
    points = forecast(learn(INCOME + SPENDING, TODAY), 0, 6)
    assert [point.on for point in points[:90]] == [TODAY + dt.timedelta(days=n) for n in range(1, 91)]
    assert [str(point.on) for point in points[90:]] == ["2023-03-31", "2023-04-30", "2023-05-31", "2023-06-20"]


def test_plans_and_switched_off_flows() -> None:
    """A plan adds its dates; a found flow that the user switched off is no longer expected."""
    habits = learn(INCOME + SPENDING, TODAY)
    plan = PlannedItem(UUID(int=9), Schedule(Unit.DAY, dt.date(2023, 1, 7), until=dt.date(2023, 1, 7)), -30_000)
    rent = next(one for one in habits.recurring if one.amount_minor < 0)
    listed = expected_movements(habits, [plan], dt.date(2023, 1, 31), switched_off=frozenset({rent.key}))
    assert [(str(one.on), one.amount_minor, one.source) for one in listed] == [
        ("2023-01-01", 500_000, Source.RECURRING),
        ("2023-01-07", -30_000, Source.PLAN),
    ]


def test_no_spending_is_invented_for_an_account_without_any() -> None:
    """Three months of income alone: nothing is known to be spent, so nothing is expected to be."""
    habits = learn(INCOME[-3:], TODAY)
    assert habits.everyday_minor == 0
    assert forecast(habits, 0, 3)[-1].balance_minor == 1_500_000


def test_spending_is_never_put_far_above_what_was_seen() -> None:
    """A young account that once spent 120.00 of 5,000.00 in a month is not expected to spend over 180.00."""
    bought = [(dt.date(2022, 10, 3), -8_000), (dt.date(2022, 11, 8), -10_000), (dt.date(2022, 11, 27), -2_000)]
    shopping = [Flow(n, UUID(int=n), day, amount, "card", ACCOUNT) for n, (day, amount) in enumerate(bought, 900)]
    habits = learn([*INCOME[-4:], *shopping], TODAY)
    assert [one.amount_minor for one in habits.recurring] == [500_000]
    assert -18_000 <= habits.everyday_minor < 0


def test_flows_that_a_rate_replaces_are_left_out() -> None:
    """Found interest is not projected where the scenario's rate pays it."""
    interest = paid(monthly(28), 1_234, None, 500, category="interest")
    habits = learn(INCOME + interest, TODAY, leave_out={"interest"})
    assert [one.amount_minor for one in habits.recurring] == [500_000]
    assert len(learn(INCOME + interest, TODAY).recurring) == 2


def test_a_bonus_is_spent_within_a_month() -> None:
    """Half a salary on top in December: taken to be spent, as far as the account spends on everyday things."""
    shopping = [
        Flow(n, UUID(int=n), FIRST + dt.timedelta(days=n % 355), -20_000 - 37 * (n % 11), "card", ACCOUNT, "food")
        for n in range(1_000, 1_300, 2)
    ]
    bonus = Flow(900, UUID(int=900), dt.date(2022, 12, 1), 750_000, "payment", ACCOUNT, None, "employer")
    usual = learn([*INCOME, *shopping], TODAY)
    rich = learn([*(one for one in INCOME if one.on < bonus.on), bonus, *shopping], TODAY)
    assert (usual.unusual_minor, rich.unusual_minor) == (0, 250_000)


def test_adjustment_and_categories_add_up() -> None:
    """What is expected of a month is the mean of its categories and the adjustment, to the cent."""
    history = make_history(11)
    habits = learn(history.flows, history.as_of)
    assert set(habits.by_category_minor) >= {"groceries", "cash"}
    assert sum(habits.by_category_minor.values()) + habits.adjustment_minor == habits.everyday_minor
    assert sum(habits.residuals_minor) == pytest.approx(0, abs=len(habits.residuals_minor))


@given(st.integers(0, 10_000), st.integers(1, 24), st.integers(-(10**9), 10**9))
@settings(deadline=None, max_examples=15)
def test_points_are_the_sum_of_the_movements(seed: int, months: int, balance_minor: int) -> None:
    """The last point is the balance plus every movement that was listed, to the cent."""
    history = make_history(seed)
    habits = learn(history.flows, history.as_of)
    points = forecast(habits, balance_minor, months)
    listed = expected_movements(habits, [], points[-1].on)
    assert points[-1].balance_minor == balance_minor + sum(one.amount_minor for one in listed)
    assert all(one.on > history.as_of for one in listed)
    assert all(point.low_minor <= point.balance_minor <= point.high_minor for point in points)


def test_learning_sees_nothing_of_the_future() -> None:
    """Flows after the day of the forecast change nothing."""
    history = make_history(5)
    cut = history.as_of - dt.timedelta(days=90)
    assert learn(history.flows, cut) == learn([one for one in history.flows if one.on <= cut], cut)


def test_an_empty_history_has_no_habits() -> None:
    """An account without flows stays where it is, without a band."""
    points = forecast(learn([], TODAY), 12_345, 1)
    assert {(point.low_minor, point.balance_minor, point.high_minor) for point in points} == {(12_345,) * 3}
