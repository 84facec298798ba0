import datetime as dt
from uuid import UUID

from fintwin.projections import risk
from fintwin.projections.model import fold_all
from fintwin.projections.risk_levels import score
from fintwin.projections.risk_state import seconds
from fintwin.twin.risk_past import course, month_ends
from tests.twin.made_histories import make_history
from tests.twin.pasts import SAVINGS, USER, Past


def lived(seed: int) -> Past:
    """A good year, booked day by day, that ends in a month which drains the account."""
    past = Past()
    past.open(SAVINGS, kind="savings")
    past.deposit(9_000_00, dt.date(2022, 1, 1))
    flows = make_history(seed, months=(10, 14)).flows
    for flow in flows:
        move = past.deposit if flow.amount_minor > 0 else past.withdraw
        move(abs(flow.amount_minor), flow.on, category=flow.category, payee_ref=flow.payee_ref)
    past.transfer(past.states[USER].balance_minor * 19 // 20, SAVINGS, flows[-1].on)
    past.withdraw(past.states[SAVINGS].balance_minor * 19 // 20, flows[-1].on, account=SAVINGS)
    return past


def live(past: Past, account_id: UUID, on: dt.date) -> int:
    """What the live score said at the last moment of a day, folded from all that was recorded by then."""
    end = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(), dt.UTC)
    concerned = [one for one in past.events if isinstance(one.event, risk.MODEL.events) and one.recorded_at < end]
    rows = fold_all(risk.MODEL, concerned)[USER]
    account = rows[risk.ACCOUNT, account_id]
    pot = rows.get((risk.POT, account.state.currency))
    return score(account.state, None if pot is None else pot.state, seconds(end) - 1).score


def test_where_all_was_booked_in_time_the_course_is_what_the_live_score_said() -> None:
    """At every month's end, for every account, of three lives; and the drained month shows."""
    for seed in (3, 7, 11):
        past = lived(seed)
        ends = month_ends(past.events[-1].effective_at.date() + dt.timedelta(days=40), 18)
        for account_id in (USER, SAVINGS):
            told = course(past.events, account_id, ends)
            assert told == [(day, live(past, account_id, day)) for day, _ in told]
            assert max(points for _, points in told) > 0


def test_a_past_that_was_booked_late_has_the_same_course() -> None:
    """Two years imported in one go, newest first, give the course that they have day by day."""
    past = lived(5)
    ends = month_ends(past.events[-1].effective_at.date() + dt.timedelta(days=40), 18)
    opening, rest = past.events[:3], past.events[3:]
    assert course([*opening, *rest[::-1]], SAVINGS, ends) == course(past.events, SAVINGS, ends)


def test_before_the_first_movement_there_is_no_score() -> None:
    """An account that is open and empty has no course; one that was just used begins with the next month's end."""
    past = Past()
    past.open(SAVINGS, kind="savings")
    past.deposit(10_00, dt.date(2026, 1, 5))
    ends = month_ends(dt.date(2026, 3, 15), 4)
    assert [day for day, _ in course(past.events, USER, ends)] == [dt.date(2026, 1, 31), dt.date(2026, 2, 28)]
    assert course(past.events, SAVINGS, ends) == []
