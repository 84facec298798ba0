"""What was booked late, in the twin: it counts on its own day, in a changed past as in what is learnt."""

import datetime as dt
import random

from msgspec.structs import replace

from fintwin.twin.counterfactual import changed_past
from fintwin.twin.recurring import find_recurring
from fintwin.twin.scenario import Omit
from tests.twin.made_histories import make_history
from tests.twin.pasts import Past


def march(day: int) -> dt.date:
    return dt.date(2026, 3, day)


def test_a_late_payment_is_held_against_the_days_it_was_booked_into() -> None:
    """Without the 50.00 of the 2nd, 60.00 for the 3rd are 50.00 more than were there on the 5th, whatever came on the 10th."""
    past = Past()
    past.deposit(100_00, march(1))
    gift = past.deposit(50_00, march(2))
    past.withdraw(90_00, march(5))
    past.deposit(200_00, march(10))
    late = past.withdraw(60_00, march(3))
    assert changed_past(past.fork(), []).consequences == ()
    changed = changed_past(past.fork(), [(1, Omit(transaction_id=gift))])
    (refused,) = changed.consequences
    assert (refused.transaction_id, refused.code, refused.missing_minor) == (late, "insufficient_funds", 50_00)
    assert "10.00 EUR that were available on 2026-03-05" in refused.detail


def test_recurring_flows_do_not_hang_on_the_order_of_booking() -> None:
    """The same payments booked in any other order are the same recurring flows."""
    for seed in range(1_000, 1_004):
        history = make_history(seed)
        booked = list(history.flows)
        random.Random(seed).shuffle(booked)
        late = [replace(flow, position=number) for number, flow in enumerate(booked, 1)]
        found, again = find_recurring(history.flows, history.as_of), find_recurring(late, history.as_of)
        assert {(one.schedule, one.next_on, frozenset(one.transaction_ids)) for one in found.recurring} == {
            (one.schedule, one.next_on, frozenset(one.transaction_ids)) for one in again.recurring
        }
