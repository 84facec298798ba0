import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintwin.twin.schedule import Schedule, Unit, Weekend, off_weekend

DAY = dt.date


def listed(rule: Schedule, first: dt.date, last: dt.date) -> list[str]:
    return [str(day) for day in rule.between(first, last)]


def test_the_31st_comes_back_after_february() -> None:
    """A month end keeps its own day through shorter months, in leap years too."""
    rule = Schedule(Unit.MONTH, DAY(2024, 1, 31))
    assert listed(rule, DAY(2024, 1, 1), DAY(2024, 4, 30)) == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
    ]


@pytest.mark.parametrize(
    ("rule", "saturday", "sunday"),
    [
        (Weekend.NONE, "2025-02-01", "2025-02-02"),
        (Weekend.BEFORE, "2025-01-31", "2025-01-31"),
        (Weekend.AFTER, "2025-02-03", "2025-02-03"),
    ],
)
def test_weekend_rules(rule: Weekend, saturday: str, sunday: str) -> None:
    """Saturday 1 and Sunday 2 February 2025 stay, or move to the Friday before or the Monday after."""
    assert str(off_weekend(DAY(2025, 2, 1), rule)) == saturday
    assert str(off_weekend(DAY(2025, 2, 2), rule)) == sunday


def test_a_moved_booking_does_not_move_the_next() -> None:
    """Only the booking moves off a weekend; the next date is counted from the unmoved one."""
    rule = Schedule(Unit.MONTH, DAY(2025, 1, 1), weekend=Weekend.AFTER)
    assert listed(rule, DAY(2025, 1, 1), DAY(2025, 4, 30)) == [
        "2025-01-01",
        "2025-02-03",
        "2025-03-03",
        "2025-04-01",
    ]


def test_weeks_on_a_weekday() -> None:
    """Every second week on a Friday begins with the first Friday from the start on."""
    rule = Schedule(Unit.WEEK, DAY(2025, 1, 1), every=2, day=5, until=DAY(2025, 2, 10))
    assert listed(rule, DAY(2025, 1, 1), DAY(2025, 12, 31)) == ["2025-01-03", "2025-01-17", "2025-01-31"]


def test_days_from_and_until_are_included() -> None:
    """Every ten days from the 1st until the 21st: three dates, both ends included."""
    rule = Schedule(Unit.DAY, DAY(2025, 1, 1), every=10, until=DAY(2025, 1, 21))
    assert listed(rule, DAY(2024, 1, 1), DAY(2026, 1, 1)) == ["2025-01-01", "2025-01-11", "2025-01-21"]
    assert rule.after(DAY(2025, 1, 21)) is None


def test_a_start_on_a_weekend_is_never_booked_before_it() -> None:
    """With "before" the first date, a Saturday start, goes to the Monday after."""
    rule = Schedule(Unit.MONTH, DAY(2025, 2, 1), weekend=Weekend.BEFORE)
    assert listed(rule, DAY(2025, 1, 1), DAY(2025, 3, 31)) == ["2025-02-03", "2025-02-28"]


@given(
    st.builds(
        Schedule,
        unit=st.sampled_from(Unit),
        starts=st.dates(DAY(2020, 1, 1), DAY(2022, 12, 31)),
        every=st.integers(1, 13),
        day=st.none() | st.integers(1, 7),
        weekend=st.sampled_from(Weekend),
    ),
    st.dates(DAY(2019, 1, 1), DAY(2030, 1, 1)),
)
def test_after_is_the_first_of_between(rule: Schedule, day: dt.date) -> None:
    """Asking for the next date and listing the dates agree, however far ahead the question starts."""
    following = rule.after(day)
    assert following is not None
    assert next(iter(rule.between(day + dt.timedelta(days=1), DAY(2050, 1, 1)))) == following
    everything = [one for one in rule.between(DAY(2018, 1, 1), DAY(2045, 1, 1)) if one > day]
    assert everything[0] == following
