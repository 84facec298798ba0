from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from time import perf_counter
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.sample import lived_in
from fintwin.ledger.sample.booking import SampleRefusedError
from fintwin.ledger.sample.habits import PER_EURO_THOUSANDTHS
from fintwin.ledger.sample.life import Move, last_salary_minor, life
from fintwin.twin.flows import Flow
from fintwin.twin.recurring import find_recurring
from fintwin.twin.schedule import Unit
from tests.conftest import Database
from tests.importing.files import open_desk
from tests.support.log_check import problems_of

TODAY = date(2026, 3, 18)


def changes(move: Move) -> list[tuple[str, int]]:
    """What a movement does to which account."""
    own = move.amount_minor if move.kind == "deposit" else -move.amount_minor
    return [(move.account, own)] + ([] if move.to is None else [(move.to, move.amount_minor)])


def flows_of(moves: list[Move]) -> list[Flow]:
    """The movements of the main account, as the twin sees them."""
    return [
        Flow(
            position=number,
            transaction_id=UUID(int=number),
            on=move.at.date(),
            amount_minor=dict(changes(move))["main"],
            kind=move.kind,
            account_id=UUID(int=1),
            category=move.category,
            payee_ref=move.payee or move.note,
            own_transfer=move.to is not None,
        )
        for number, move in enumerate(moves, 1)
        if "main" in dict(changes(move))
    ]


@given(
    st.integers(0, 2**32),
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.sampled_from(["EUR", *PER_EURO_THOUSANDTHS]),
)
@settings(max_examples=40, deadline=None)
def test_every_life_can_be_lived(seed: int, today: date, currency: str) -> None:
    """Moments ascend and end yesterday, amounts are positive, and no account is ever below zero."""
    moves = life(seed, today, currency)
    assert moves[-1].at.date() < today
    assert all(before.at <= after.at for before, after in pairwise(moves))
    balances: Counter[str] = Counter()
    for move in moves:
        assert move.amount_minor > 0
        for account, change in changes(move):
            balances[account] += change
        assert balances[move.account] >= 0
    assert 1_600 < len(moves) < 2_400


def test_a_seed_is_a_life() -> None:
    """The same seed gives the same movements, another one others."""
    assert life(7, TODAY, "EUR") == life(7, TODAY, "EUR")
    assert life(7, TODAY, "EUR") != life(8, TODAY, "EUR")


def test_a_life_stays_the_same_for_good() -> None:
    """What a seed once gave, it gives in every version of Python: pictures and examples may rely on it."""
    moves = life(7, TODAY, "EUR")
    assert (len(moves), sum(move.amount_minor for move in moves)) == (1_924, 16_875_404)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_twin_finds_what_the_person_pays_regularly(seed: int) -> None:
    """Salary, rent, subscriptions, the quarterly bill and the yearly insurance, with their rhythms."""
    found = {
        (one.payee_ref, one.schedule.unit, one.schedule.every): one.amount_minor
        for one in find_recurring(flows_of(life(seed, TODAY, "EUR")), TODAY).recurring
    }
    names = {name for name, _, _ in found}
    for name in ("Landlord", "Music streaming", "Internet provider", "Regional Energy", "Put aside"):
        assert (name, Unit.MONTH, 1) in found
    assert found["Employer payroll", Unit.MONTH, 1] == last_salary_minor(TODAY, "EUR")
    assert ("City Waterworks", Unit.MONTH, 3) in found
    assert {"Employer payroll", "Household insurer", "Liability insurer"} <= {
        name for name, unit, every in found if (unit, every) == (Unit.MONTH, 12)
    }
    assert names.isdisjoint({"Noodle bar", "Grocery store", "Concert hall", "Appliance store"})


async def test_a_life_is_booked_for_a_user_who_is_marked(database: Database) -> None:
    """Profile, three accounts and every movement are in the log, in order and sealed; doing it again adds nothing."""
    async with open_desk(database) as desk:
        ledger, identity = desk.services.ledger, desk.services.identity
        user = await identity.enter("demo", None, full_name="Sample person", sample=True)
        today = datetime.now(UTC).date()
        began = perf_counter()
        count = await lived_in(ledger, user, seed=7, today=today, currency="JPY")
        assert perf_counter() - began < 30
        assert count == len(life(7, today, "JPY"))
        events = await desk.events(user)
        position = await desk.position()
        await lived_in(ledger, user, seed=7, today=today, currency="JPY")
        assert await desk.position() == position
        key = await ledger.user_key(user)
    assert events[0].type == "UserRegistered"
    assert events[0].event.sample
    opened = [one for one in events if one.type == "AccountOpened"]
    assert [(one.event.kind, one.event.currency, one.stream_id == user) for one in opened] == [
        ("checking", "JPY", True), ("savings", "JPY", False), ("cash", "JPY", False),
    ]  # fmt: skip
    rent = next(one for one in events if one.type == "Withdrawn" and one.event.category == "rent")
    stream = StreamKey(StreamKind.ACCOUNT, user)
    assert key.open(rent.event.counterparty.name, stream, "counterparty.name") == "Landlord"
    assert rent.metadata == {"source": "sample"}
    assert sum(1 for one in events if one.type == "Deposited" and one.event.category == "salary") == 24
    assert await problems_of(database) == []


async def test_a_user_with_a_life_gets_no_other(database: Database) -> None:
    """A second life of another seed would contradict the first: refused, and nothing is booked."""
    async with open_desk(database) as desk:
        ledger, identity = desk.services.ledger, desk.services.identity
        user = await identity.enter("demo", None, sample=True)
        today = datetime.now(UTC).date()
        await lived_in(ledger, user, seed=7, today=today)
        position = await desk.position()
        with pytest.raises(SampleRefusedError, match="another sample history"):
            await lived_in(ledger, user, seed=8, today=today)
        assert await desk.position() == position
