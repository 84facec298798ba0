from hypothesis import given, settings

from fintwin.domain import accounts as rules
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.projections.accounts import ACCOUNT, MODEL
from fintwin.projections.model import fold_all
from tests.projections.histories import histories


@given(histories())
@settings(max_examples=50, deadline=None)
def test_each_row_is_the_state_of_its_account(events: list[Recorded]) -> None:
    """A row says what the rules' own fold over the account's stream says, field by field."""
    rows = fold_all(MODEL, events)
    states: dict[tuple[object, object], rules.AccountState] = {}
    for one in events:
        if one.stream_kind is StreamKind.ACCOUNT:
            key = (one.user_id, one.stream_id)
            states[key] = rules.evolve(states.get(key), one.event, effective_at=one.effective_at)
    found = {(user, key[1]): row.state() for user, of_user in rows.items() for key, row in of_user.items()}
    # Which transactions are reversed is asked of the log; the row does not keep them.
    assert found == {key: _without_reversed(state) for key, state in states.items()}
    assert all(key[0] == ACCOUNT for of_user in rows.values() for key in of_user)


def _without_reversed(state: rules.AccountState) -> rules.AccountState:
    kept = {name: getattr(state, name) for name in state.__struct_fields__ if name != "reversed"}
    return rules.AccountState(**kept)
