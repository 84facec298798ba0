"""Processes that know an old state: nobody is refused or let in for what is no longer true."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from fintwin.domain import accounts, profiles
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.ledger import Booking, Request
from fintwin.ledger.movements import Movement
from fintwin.ledger.submission import NotApplied
from fintwin.store import read
from tests.conftest import Database
from tests.support.ledgers import Bank, booked, open_ledger, refused
from tests.support.log_check import problems_of


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_refusal_is_confirmed(database: Database) -> None:
    """Process 1 knows an empty account, process 2 has paid in since: process 1 books instead of refusing."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.person()
        assert refused(await one.withdraw(anna, 10)) is Code.INSUFFICIENT_FUNDS
        booked(await two.deposit(anna, 10))
        booked(await one.withdraw(anna, 10))
        assert refused(await two.withdraw(anna, 10)) is Code.INSUFFICIENT_FUNDS
    assert await problems_of(database) == []


STALE_REFUSALS: dict[str, tuple[Any, Any, Any]] = {
    "frozen": (accounts.FreezeAccount, accounts.UnfreezeAccount, "withdraw"),
    "not frozen": (None, accounts.FreezeAccount, accounts.UnfreezeAccount),
}


@pytest.mark.parametrize("case", STALE_REFUSALS)
async def test_stale_refusals_of_other_rules(database: Database, case: str) -> None:
    """So with every other rule: what has been undone elsewhere no longer refuses."""
    before, elsewhere, then = STALE_REFUSALS[case]
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.person(balance_minor=100)
        if before is not None:
            booked(await one.change(anna, before(at=now())))
        booked(await two.change(anna, elsewhere(at=now())))
        booked(await (one.withdraw(anna, 1) if then == "withdraw" else one.change(anna, then(at=now()))))
    assert await problems_of(database) == []


async def test_what_others_changed_holds(database: Database) -> None:
    """Frozen, closed or limited by another process: this one, which knows it as it was, refuses with the right code."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        frozen, closed, limited = [await one.person(balance_minor=100) for _ in range(3)]
        booked(await one.withdraw(closed, 100))
        booked(await one.change(limited, accounts.SetOverdraftLimit(at=now(), overdraft_limit_minor=500)))
        booked(await two.change(frozen, accounts.FreezeAccount(at=now())))
        booked(await two.change(closed, accounts.CloseAccount(at=now())))
        booked(await two.change(limited, accounts.SetOverdraftLimit(at=now(), overdraft_limit_minor=0)))
        assert refused(await one.withdraw(frozen, 1)) is Code.ACCOUNT_FROZEN
        assert refused(await one.deposit(closed, 1)) is Code.ACCOUNT_CLOSED
        assert refused(await one.withdraw(limited, 101)) is Code.INSUFFICIENT_FUNDS
        assert refused(await one.transfer(limited, closed, 1)) is Code.RECIPIENT_CANNOT_RECEIVE
    assert await problems_of(database) == []


async def test_names_do_not_come_back(database: Database) -> None:
    """A change made by a process that missed a renaming keeps the new name (its own deposit in between misleads it)."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.person(balance_minor=100)
        booked(await two.change(anna, accounts.RenameAccount(at=now(), name="s1.new")))
        booked(await one.deposit(anna, 5))
        booked(await one.change(anna, accounts.SetRate(at=now(), annual_rate_percent=Decimal("1.5"))))
        state = await one.account(anna)
        assert (state.name, str(state.annual_rate_percent), state.balance_minor) == ("s1.new", "1.5", 105)
    assert await problems_of(database) == []


async def test_a_closed_period_stays_closed(database: Database) -> None:
    """A period closed by another process takes no booking from one that did not know."""
    yesterday = now() - timedelta(days=1)
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.person()
        account = await one.further_account(anna)
        booked(await two.change(anna, accounts.ClosePeriod(at=now(), through=yesterday.date()), account=account))
        booked(await one.change(anna, accounts.RenameAccount(at=now(), name="s1.x"), account=account))
        late = await one.deposit(anna, 5, account=account, effective_at=yesterday)
        assert refused(late) is Code.EFFECTIVE_AT_TOO_EARLY
        assert (await one.account(anna, account)).closed_through == yesterday.date()
        assert isinstance(yesterday.date(), date)
    assert await problems_of(database) == []


async def test_effective_dates_of_two_processes(database: Database) -> None:
    """A payment of a day before what another process has booked meanwhile is held against the days in between."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.person()
        account = await one.further_account(anna)
        booked(await one.deposit(anna, 5, account=account, effective_at=now() - timedelta(days=9)))
        booked(await two.deposit(anna, 5, account=account, effective_at=now() - timedelta(days=2)))
        late = now() - timedelta(days=5)
        assert refused(await one.withdraw(anna, 6, account=account, effective_at=late)) is Code.INSUFFICIENT_FUNDS
        booked(await one.withdraw(anna, 5, account=account, effective_at=late))
        booked(await one.deposit(anna, 5, account=account, effective_at=late))
    assert await problems_of(database) == []


async def test_money_that_came_in_has_a_date_too(database: Database) -> None:
    """A deposit of another process asks for no state and changes none but the last date: it is not there before its day."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.person()
        account = await one.further_account(anna)
        booked(await one.deposit(anna, 5, account=account, effective_at=now() - timedelta(days=9)))
        booked(await two.deposit(anna, 5, account=account))
        late = await one.withdraw(anna, 6, account=account, effective_at=now() - timedelta(days=5))
        assert refused(late) is Code.INSUFFICIENT_FUNDS
        booked(await one.withdraw(anna, 6, account=account))
    assert await problems_of(database) == []


async def test_foreign_accounts_are_like_missing_ones(database: Database) -> None:
    """Paying from, or in the name of, somebody else's account: the same answer as for an account that is not there."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=100), await bank.person(balance_minor=100)
        for account in (ben, UUID(int=5)):
            answers = [
                await bank.withdraw(anna, 1, account=account),
                await bank.deposit(anna, 1, account=account),
                await bank.transfer(anna, anna, 1, account=account),
                await bank.change(anna, accounts.FreezeAccount(at=now()), account=account),
            ]
            assert [refused(one) for one in answers] == [Code.UNKNOWN_ACCOUNT] * 4
        assert refused(await bank.transfer(anna, UUID(int=5), 1)) is Code.UNKNOWN_ACCOUNT
        # One that this process has at hand, because its owner uses it, is still not Anna's.
        booked(await bank.withdraw(ben, 1))
        assert refused(await bank.withdraw(anna, 1, account=ben)) is Code.UNKNOWN_ACCOUNT
    assert await problems_of(database) == []


async def test_recipients(database: Database) -> None:
    """A payee that is missing, closed, frozen, full or of another currency; a refusal costs the payer nothing."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)
        closed, frozen, yen, full = [await bank.person(currency) for currency in ("EUR", "EUR", "JPY", "EUR")]
        booked(await bank.change(closed, accounts.CloseAccount(at=now())))
        booked(await bank.change(frozen, accounts.FreezeAccount(at=now())))
        booked(await bank.deposit(full, 10**15 - 1))
        for payee in (closed, frozen, yen, full):
            assert refused(await bank.transfer(anna, payee, 1)) is Code.RECIPIENT_CANNOT_RECEIVE
        assert await bank.balance(anna) == 100
        booked(await bank.deposit(frozen, 1))
    assert await problems_of(database) == []


async def test_nothing_of_the_payer_reaches_the_payee(database: Database) -> None:
    """The payee's event has the payer's account id and no more: no note, no category, no metadata of the request."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=100), await bank.person()
        sent = await bank.transfer(
            anna, ben, 7, note="secret", category="gift", metadata={"request_id": "r-1"}, key="k"
        )
        answer = booked(sent)
        assert [entry.stream.id for entry in answer.entries] == [anna]
        received = [one async for one in read.history(bank.pool, ben)][-1]
        assert received.metadata == {}
        assert received.event == accounts.TransferReceived(amount_minor=7, currency="EUR", from_account=anna)
        mine = [one async for one in read.history(bank.pool, anna)][-1]
        assert mine.metadata == {"request_id": "r-1"}


async def atomic(bank: Bank, *movements: Movement) -> list[Any]:
    items = [(Request(user_id=one.account_id), one) for one in movements]
    return await bank.ledger.move_all(items, atomic=True)


def put(user: UUID, amount_minor: int) -> Movement:
    return Movement(kind="deposit", account_id=user, amount_minor=amount_minor)


def take(user: UUID, amount_minor: int) -> Movement:
    return Movement(kind="withdrawal", account_id=user, amount_minor=amount_minor)


async def test_an_atomic_batch_in_conflict(database: Database) -> None:
    """All of an atomic batch is booked or nothing, also where one of its accounts was changed elsewhere meanwhile."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna, ben = await one.person(balance_minor=100), await one.person(balance_minor=100)
        booked(await two.withdraw(anna, 10))
        answers = await atomic(one, put(ben, 1), take(anna, 90), take(ben, 1))
        assert [type(answer) for answer in answers] == [Booking, Booking, Booking]
        booked(await two.deposit(ben, 10))
        booked(await two.withdraw(ben, 10))
        answers = await atomic(one, put(ben, 1), take(anna, 1), take(ben, 101))
        assert [type(answers[0]), refused(answers[1]), type(answers[2])] == [
            NotApplied,
            Code.INSUFFICIENT_FUNDS,
            NotApplied,
        ]
        assert (await one.balance(anna), await one.balance(ben)) == (0, 100)
    assert await problems_of(database) == []


async def test_atomic_batches_against_each_other(database: Database) -> None:
    """Atomic batches of several processes on the same accounts: each is whole, whatever had to be decided again."""
    async with open_ledger(database) as one, open_ledger(database) as two, open_ledger(database) as three:
        anna, ben = await one.person(balance_minor=1000), await one.person(balance_minor=1000)

        async def work(bank: Bank) -> list[bool]:
            whole = []
            for _ in range(12):
                answers = await atomic(bank, take(anna, 7), put(ben, 7), take(ben, 14), put(anna, 14))
                whole.append(all(isinstance(answer, Booking) for answer in answers))
                assert whole[-1] or not any(isinstance(answer, Booking) for answer in answers)
            return whole

        done = await asyncio.gather(*(work(bank) for bank in (one, two, three)))
        assert sum(map(sum, done)) == 36
        assert (await one.balance(anna), await one.balance(ben)) == (1000 + 36 * 7, 1000 - 36 * 7)
    assert await problems_of(database) == []


async def test_an_atomic_batch_with_a_refusal(database: Database) -> None:
    """One item that a rule forbids, or that is no movement at all, keeps back the others; it alone is told why."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)
        answers = await atomic(bank, put(anna, 1), take(anna, 1000), put(anna, 2))
        assert [type(answers[0]), refused(answers[1]), type(answers[2])] == [
            NotApplied,
            Code.INSUFFICIENT_FUNDS,
            NotApplied,
        ]
        bad = accounts.decide(None, accounts.FreezeAccount(at=now()))
        items: list[Any] = [(Request(user_id=anna), put(anna, 1)), (Request(user_id=anna), bad)]
        answers = await bank.ledger.move_all(items, atomic=True)
        assert [type(answers[0]), refused(answers[1])] == [NotApplied, Code.UNKNOWN_ACCOUNT]
        assert await bank.balance(anna) == 100
        booked(await bank.withdraw(anna, 100))
    assert await problems_of(database) == []


async def test_what_hangs_on_a_failed_item(database: Database) -> None:
    """An atomic batch fails for its first item that cannot be, also where later ones were decided on it."""
    nobody = UUID(int=5)
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)
        send = Movement(kind="transfer", account_id=anna, to_account=nobody, amount_minor=1)
        answers = await atomic(bank, send, take(anna, 1), put(anna, 1))
        assert [refused(answers[0]), type(answers[1]), type(answers[2])] == [
            Code.UNKNOWN_ACCOUNT,
            NotApplied,
            NotApplied,
        ]
        single = [(Request(user_id=anna), one) for one in (send, take(anna, 1), put(anna, 1))]
        answers = await bank.ledger.move_all(single)
        assert [refused(answers[0]), type(answers[1]), type(answers[2])] == [Code.UNKNOWN_ACCOUNT, Booking, Booking]
    assert await problems_of(database) == []


async def test_many_bad_payees(database: Database) -> None:
    """300 payments of one payer, most to accounts that are not there: none is tried more than three times."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=1000), await bank.person()
        before = Counter(bank.writer.tries)
        items = [
            Movement(kind="transfer", account_id=anna, to_account=ben if n % 7 == 0 else UUID(int=n), amount_minor=1)
            for n in range(300)
        ]
        answers = await bank.ledger.move_all([(Request(user_id=anna), item) for item in items])
        assert [isinstance(one, Booking) for one in answers] == [n % 7 == 0 for n in range(300)]
        tries = Counter(bank.writer.tries) - before
        assert sum(tries.values()) == 300
        assert max(tries) <= 3
    assert await problems_of(database) == []


@pytest.mark.parametrize("tries_max", [0, 2])
async def test_under_the_lock_together(database: Database, tries_max: int) -> None:
    """Commands that go under the lock together may fail for any reason without harm to those decided on them."""
    async with open_ledger(database, tries_max=tries_max) as one, open_ledger(database) as two:
        anna, ben = await one.person(balance_minor=100), await one.person(balance_minor=100)
        booked(await two.withdraw(anna, 1))
        items = [
            Movement(kind="transfer", account_id=anna, to_account=to, amount_minor=10)
            for to in (UUID(int=5), ben, UUID(int=6), UUID(int=7), ben)
        ]
        items.append(take(anna, 79))
        items.append(take(anna, 1))
        answers = await one.ledger.move_all([(Request(user_id=anna), item) for item in items])
        outcomes = [one.code if isinstance(one, Refusal) else type(one) for one in answers]
        no = Code.UNKNOWN_ACCOUNT
        assert outcomes == [no, Booking, no, no, Booking, Booking, Code.INSUFFICIENT_FUNDS]
    assert await problems_of(database) == []


async def test_the_largest_atomic_batch(database: Database) -> None:
    """500 items in one atomic batch are one append; they may depend on each other."""
    async with open_ledger(database) as bank:
        anna = await bank.person()
        moves = [put(anna, 10) if n % 2 == 0 else take(anna, 10) for n in range(500)]
        answers = await atomic(bank, *moves)
        assert all(isinstance(answer, Booking) for answer in answers)
        assert len({answer.recorded_at for answer in answers}) == 1
        assert await bank.balance(anna) == 0
    assert await problems_of(database) == []


async def test_small_pool(database: Database) -> None:
    """Two connections are enough even when both slices in flight end under the lock."""
    async with (
        open_ledger(database, connections_max=2, tries_max=1) as one,
        open_ledger(database, connections_max=2, tries_max=1) as two,
    ):
        anna = await one.person(balance_minor=10_000)

        async def work(bank: Bank) -> None:
            for _ in range(10):
                await asyncio.gather(*(bank.withdraw(anna, 1) for _ in range(4)))

        await asyncio.wait_for(asyncio.gather(*(work(bank) for bank in (one, one, one, two, two, two))), 60)
        assert await one.balance(anna) == 10_000 - 240
        assert max(one.writer.tries.keys() | two.writer.tries.keys()) == 2
    assert await problems_of(database) == []


async def test_profiles_of_two_processes(database: Database) -> None:
    """Two processes complete one profile at once: it is completed once and changed once, with one main account."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.registered()
        answers = profiles.ProfileAnswers(
            account_name="Main", currency_preference="EUR", monthly_income_minor=0, financial_goal="savings",
            risk_appetite="low",
        )  # fmt: skip
        both = await asyncio.gather(
            *(bank.ledger.fill_in_profile(Request(user_id=anna), answers) for bank in (one, two))
        )
        assert sorted(len(booked(one).entries) for one in both) == [1, 2]
        types = [event.type async for event in read.history(one.pool, anna)]
        assert types == ["UserRegistered", "ProfileCompleted", "AccountOpened", "ProfileChanged"]
        head = await read.one_head(two.pool, anna, StreamKey(StreamKind.ACCOUNT, anna))
        assert head is not None
        assert head.version == 1
    assert await problems_of(database) == []
