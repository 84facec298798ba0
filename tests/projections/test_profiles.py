from hypothesis import given, settings

from fintwin.domain import profiles as rules
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.projections.model import fold_all
from fintwin.projections.profiles import MODEL, PROFILE
from tests.projections.histories import histories


@given(histories(steps_max=10))
@settings(max_examples=20, deadline=None)
def test_each_row_is_the_state_of_its_profile(events: list[Recorded]) -> None:
    """A row says what the rules' own fold over the profile stream says, and when the person came."""
    rows = fold_all(MODEL, events)
    states: dict[object, rules.ProfileState] = {}
    first: dict[object, Recorded] = {}
    for one in events:
        if one.stream_kind is StreamKind.PROFILE:
            states[one.user_id] = rules.evolve(states.get(one.user_id), one.event)
            first.setdefault(one.user_id, one)
    assert {user: of_user[PROFILE,].state for user, of_user in rows.items()} == states
    assert all(rows[user][PROFILE,].registered_at == one.recorded_at for user, one in first.items())
