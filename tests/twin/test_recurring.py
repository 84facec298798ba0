"""What the finder must reach. A flow is right when its payments are.

For the real data `tests.bench.twin_recurring` says what counts.

On made histories a found flow is right when its period is and at least 0.8 of its payments and the hidden flow's
are the same.
"""

import datetime as dt
import time
from uuid import UUID

import pytest

from fintwin.twin.flows import Flow
from fintwin.twin.recurring import Recurring, find_recurring
from fintwin.twin.schedule import Schedule, Unit, Weekend
from tests.bench.twin_recurring import measure
from tests.twin.berka import flows_by_account, needs_berka
from tests.twin.made_histories import ACCOUNT, FIRST, TrueFlow, make_history

SAME_PAYMENTS = 0.8


def flow(number: int, on: dt.date, amount_minor: int, payee: str | None = "payee") -> Flow:
    return Flow(number, UUID(int=number), on, amount_minor, "withdrawal", ACCOUNT, None, payee)


def paid_on(rule: Schedule, until: dt.date, amount_minor: int, first_number: int = 1) -> list[Flow]:
    days = rule.between(FIRST, until)
    return [flow(first_number + number, day, amount_minor) for number, day in enumerate(days)]


@needs_berka
@pytest.mark.parametrize("cut", [dt.date(1993, 9, 30), dt.date(1993, 12, 30)])
def test_standing_orders_of_the_real_data(cut: dt.date) -> None:
    """Recall of standing orders with three executions is at least 0.98, precision at least 0.95."""
    finding = measure(cut)
    assert finding.wanted > 200
    assert finding.recall >= 0.98
    assert finding.precision >= 0.95


@needs_berka
def test_next_date_of_real_standing_orders() -> None:
    """The next payment of a real standing order comes within three days of the date that was named."""
    cut = dt.date(1993, 12, 30)
    near = 0
    total = 0
    for all_flows in flows_by_account().values():
        for found in find_recurring(all_flows, cut).recurring:
            later = [one.on for one in all_flows if one.on > cut and one.payee_ref == found.payee_ref]
            if found.payee_ref is not None and found.next_on is not None and later:
                total += 1
                near += abs((later[0] - found.next_on).days) <= 3
    assert total > 500
    assert near / total >= 0.98


def matched(truth: TrueFlow, found: tuple[Recurring, ...]) -> Recurring | None:
    for one in found:
        ids = set(one.transaction_ids)
        same = len(ids & truth.transaction_ids) >= SAME_PAYMENTS * len(ids | truth.transaction_ids)
        if same and (one.schedule.unit, one.schedule.every) == (truth.unit, truth.every):
            return one
    return None


@pytest.mark.parametrize(
    ("months", "jitter_days"),
    [((25, 36), 0), ((12, 16), 0), ((25, 36), 2)],
    ids=["two to three years", "one year", "up to two days late"],
)
def test_made_histories(months: tuple[int, int], jitter_days: int) -> None:
    """Wobbling, moved, missed, dearer, quarterly, yearly and doubled flows: recall and precision above 0.9."""
    hidden = found = right = near = 0
    for seed in range(1_000, 1_024):
        history = make_history(seed, months, jitter_days)
        result = find_recurring(history.flows, history.as_of)
        hidden += len(history.truth)
        found += len(result.recurring)
        for truth in history.truth:
            match = matched(truth, result.recurring)
            if match is not None:
                right += 1
                near += match.next_on is not None and abs((match.next_on - truth.next_on).days) <= 3
    assert right / hidden >= 0.9
    assert right / found >= 0.9
    assert near / right >= 0.95


def test_nothing_is_lost_and_nothing_twice() -> None:
    """Every payment is behind exactly one found flow or in the everyday remainder."""
    history = make_history(7)
    result = find_recurring(history.flows, history.as_of)
    behind = [number for one in result.recurring for number in one.transaction_ids]
    rest = [one.transaction_id for one in result.everyday]
    assert sorted([*behind, *rest]) == sorted(one.transaction_id for one in history.flows)


def test_keys_stay_while_the_history_grows() -> None:
    """A flow found in March has the same key in June, so a name or a switch given to it stays."""
    history = make_history(3)
    early = find_recurring(history.flows, history.as_of - dt.timedelta(days=90))
    late = find_recurring(history.flows, history.as_of)
    named = {one.key for one in early.recurring if one.payee_ref in {"landlord", "power", "streams", "phone"}}
    assert len(named) == 5
    assert named <= {one.key for one in late.recurring}


def test_price_rise_is_one_flow_with_the_new_price() -> None:
    """9.99 for a year, then 11.99 twice: one flow, and 11.99 is what comes next."""
    rule = Schedule(Unit.MONTH, FIRST, day=5)
    flows = paid_on(rule, dt.date(2022, 12, 31), -999)
    flows += [flow(90, dt.date(2023, 1, 5), -1_199), flow(91, dt.date(2023, 2, 5), -1_199)]
    (found,) = find_recurring(flows, dt.date(2023, 2, 10)).recurring
    assert (found.amount_minor, len(found.transaction_ids), found.next_on) == (-1_199, 14, dt.date(2023, 3, 5))


def test_weekend_rule_is_found() -> None:
    """Paid on the 1st, or the Monday after a weekend: the schedule says so and uses it for the next date."""
    rule = Schedule(Unit.MONTH, FIRST, day=1, weekend=Weekend.AFTER)
    (found,) = find_recurring(paid_on(rule, dt.date(2022, 12, 31), -5_000), dt.date(2022, 12, 31)).recurring
    assert (found.schedule.day, found.schedule.weekend) == (1, Weekend.AFTER)
    assert found.next_on == dt.date(2023, 1, 2)


def test_month_end_is_found() -> None:
    """Paid on the last day of every month, however long it is."""
    rule = Schedule(Unit.MONTH, FIRST, day=31)
    (found,) = find_recurring(paid_on(rule, dt.date(2022, 8, 31), -5_000), dt.date(2022, 9, 1)).recurring
    assert (found.schedule.day, found.next_on) == (31, dt.date(2022, 9, 30))


def test_two_subscriptions_on_one_day() -> None:
    """Two prices of one payee on the same day are two flows with keys of their own."""
    rule = Schedule(Unit.MONTH, FIRST, day=5)
    until = dt.date(2022, 12, 31)
    flows = paid_on(rule, until, -999) + paid_on(rule, until, -1_599, first_number=50)
    found = find_recurring(flows, until).recurring
    assert sorted(one.amount_minor for one in found) == [-1_599, -999]
    assert len({one.key for one in found}) == 2


def test_two_unpaid_dates_end_a_flow() -> None:
    """After one missed month a flow still goes on, after two it has ended and has no next date."""
    flows = paid_on(Schedule(Unit.MONTH, FIRST, day=5), dt.date(2022, 6, 30), -999)
    (missed_one,) = find_recurring(flows, dt.date(2022, 7, 20)).recurring
    (missed_two,) = find_recurring(flows, dt.date(2022, 8, 20)).recurring
    assert missed_one.next_on == dt.date(2022, 8, 5)
    assert missed_two.next_on is None


def test_own_income_and_spending_are_apart() -> None:
    """Money in and money out with one counterparty are two flows of opposite sign."""
    rule = Schedule(Unit.MONTH, FIRST, day=5)
    until = dt.date(2022, 12, 31)
    flows = paid_on(rule, until, -999) + paid_on(rule, until, 999, first_number=50)
    assert sorted(one.amount_minor for one in find_recurring(flows, until).recurring) == [-999, 999]


def test_time_grows_with_the_number_of_flows() -> None:
    """Eight times the purchases of two busy payees take less than twenty times as long."""

    def seconds(count: int) -> float:
        flows = [
            flow(n, FIRST + dt.timedelta(days=n * 1_500 // count), -(n * 7_919 % 20_000 + 1), f"payee {n % 2}")
            for n in range(1, count + 1)
        ]
        started = time.perf_counter()
        find_recurring(flows, FIRST + dt.timedelta(days=1_500))
        return time.perf_counter() - started

    assert min(seconds(8_000) for _ in range(2)) < 20 * min(seconds(1_000) for _ in range(3))
