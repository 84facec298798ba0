import datetime as dt
from collections import defaultdict
from uuid import UUID

import pytest

from fintwin.domain.streams import Recorded
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import encode_rows, fold_all
from fintwin.twin.fork import replay
from tests.projector.test_histories import FOLDER, real_events
from tests.twin.made_histories import make_history
from tests.twin.pasts import NOW, SAVINGS, TODAY, USER, Past


def lived() -> Past:
    """Months of ordinary life on two accounts."""
    past = Past(rate="2")
    past.open(SAVINGS, kind="savings")
    past.deposit(50_000_00, dt.date(2021, 12, 31))
    for flow in make_history(3, months=(6, 8)).flows:
        move = past.deposit if flow.amount_minor > 0 else past.withdraw
        move(abs(flow.amount_minor), flow.on, category=flow.category, payee_ref=flow.payee_ref)
    past.transfer(1_000_00, SAVINGS, dt.date(2025, 1, 1))
    return past


def test_a_fork_at_the_end_is_the_read_models_byte_for_byte() -> None:
    """The rows of every read model are those of the fold over the same events."""
    past = lived()
    fork = past.fork()
    for model in READ_MODELS:
        assert encode_rows(model, fork.as_rows(model.name)) == encode_rows(model, fold_all(model, past.events))


def test_a_fork_knows_what_was_known() -> None:
    """At a past time, or up to a position, only the events recorded by then are in it."""
    past = Past()
    past.deposit(100, dt.date(2026, 1, 1))
    early = past.events[-1]
    past.deposit(50, dt.date(2026, 2, 1))
    known = replay(USER, past.events, at=NOW, known_at=dt.datetime(2026, 1, 15, tzinfo=dt.UTC))
    upto = replay(USER, past.events, at=NOW, until=early.position)
    assert known.accounts[USER].balance_minor == upto.accounts[USER].balance_minor == 100
    assert known.today == dt.date(2026, 1, 15)
    assert upto.today == TODAY


def test_running_leaves_the_fork_as_it_was() -> None:
    """States, rows and position of the fork are the same after a run that books hundreds of events on branches."""
    past = lived()
    simulation = past.simulation(24)
    fork = simulation.fork
    before = (
        dict(fork.accounts),
        {name: dict(rows) for name, rows in fork.rows.items()},
        fork.position,
        len(fork.events),
    )
    simulation.line(simulation.scenario_built, fork)
    after = (
        dict(fork.accounts),
        {name: dict(rows) for name, rows in fork.rows.items()},
        fork.position,
        len(fork.events),
    )
    assert after == before


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.exists(), reason="the real transactions are not beside this checkout")
def test_forks_of_the_real_users_are_their_read_models() -> None:
    """For every user of the real data the fork at the log's end has the rows of the read models, byte for byte."""
    events, _ = real_events()
    of_user: dict[UUID, list[Recorded]] = defaultdict(list)
    for event in events:
        of_user[event.user_id].append(event)
    assert len(of_user) > 100
    folded = {model.name: fold_all(model, events) for model in READ_MODELS}
    for user, own in of_user.items():
        fork = replay(user, own, at=NOW)
        for model in READ_MODELS:
            live = {user: folded[model.name].get(user, {})}
            assert encode_rows(model, fork.as_rows(model.name)) == encode_rows(model, live)
