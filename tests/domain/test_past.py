"""What counted when: the lowest balance since a moment, against adding it up by hand."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fintwin.domain.accounts import Past

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
days = st.integers(0, 9).map(lambda day: BEGIN + timedelta(days=day))
moves = st.lists(st.tuples(days, st.integers(-50, 50)), max_size=25)


def by_hand(booked: list[tuple[datetime, int]], since: datetime) -> int:
    """The lowest of the balances at the end of each moment from ``since`` on."""
    return min(sum(delta for at, delta in booked if at <= moment) for moment in [since, *(a for a, _ in booked)]
               if moment >= since)  # fmt: skip


@given(booked=moves, since=days)
def test_the_lowest_balance_is_that_of_adding_up(booked: list[tuple[datetime, int]], since: datetime) -> None:
    """Whatever the order of booking: the figure is right, and so is the day it is told for."""
    past = Past()
    for at, delta_minor in booked:
        past = past.moved(at, delta_minor)
    lowest = past.lowest(since, sum(delta for _, delta in booked))
    assert lowest.balance_minor == by_hand(booked, since)
    assert lowest.at >= since
    assert sum(delta for at, delta in booked if at <= lowest.at) == lowest.balance_minor
    assert past == Past(booked)


@given(booked=moves, one=st.tuples(days, st.integers(-50, 50)), other=st.tuples(days, st.integers(-50, 50)))
def test_a_past_never_changes(
    booked: list[tuple[datetime, int]], one: tuple[datetime, int], other: tuple[datetime, int]
) -> None:
    """Two futures of one past know nothing of each other, and the past nothing of them."""
    past = Past(booked)
    before = list(past)
    first, second = past.moved(*one), past.moved(*other)
    assert list(past) == before
    assert first == Past([*booked, one])
    assert second == Past([*booked, other])
