from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from fintwin.domain.accounts import delta_minor
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.projections.balances import MODEL, Moment, balance_minor
from fintwin.projections.model import fold_all
from tests.projections.histories import BEGIN, histories

moments = st.one_of(
    st.none(),
    st.builds(lambda minutes: BEGIN + timedelta(minutes=minutes), st.integers(-30_000, 200_000)),
    st.builds(
        lambda days: BEGIN.replace(hour=23, minute=59, second=59, microsecond=999_999) + timedelta(days=days),
        st.integers(-20, 150),
    ),
)


@given(histories(), moments, moments)
@settings(max_examples=100, deadline=None)
def test_a_balance_at_any_moment_is_the_sum_of_what_counted_and_was_known(
    events: list[Recorded], as_of: datetime | None, known_at: datetime | None
) -> None:
    """Cells and the events of days cut in two give what adding up every event by hand gives, on both clocks."""
    rows = fold_all(MODEL, events)
    counted, known = (Moment.of(at) if at else None for at in (as_of, known_at))
    for account, user in {(one.stream_id, one.user_id) for one in events if one.stream_kind is StreamKind.ACCOUNT}:
        own = [one for one in events if (one.stream_kind, one.stream_id) == (StreamKind.ACCOUNT, account)]
        by_hand = sum(
            delta_minor(one.event)
            for one in own
            if (as_of is None or one.effective_at <= as_of) and (known_at is None or one.recorded_at <= known_at)
        )
        cells = [row for key, row in rows.get(user, {}).items() if key[1] == account]
        assert balance_minor(cells, own, as_of=counted, known_at=known) == by_hand


@given(histories())
@settings(max_examples=20, deadline=None)
def test_cells_grow_with_days_and_tell_where_their_events_lie(events: list[Recorded]) -> None:
    """There is one cell per account and pair of days, and its events lie between its first and its last position."""
    rows = fold_all(MODEL, events)
    money = [one for one in events if delta_minor(one.event)]
    days = {(one.stream_id, one.effective_at.date(), one.recorded_at.date()) for one in money}
    assert sum(map(len, rows.values())) == len(days)
    for one in money:
        cell = rows[one.user_id]["balance_cell", one.stream_id, one.effective_at.date(), one.recorded_at.date()]
        assert cell.first_position <= one.position <= cell.last_position
