"""One request, one transaction, one reply, however often it is asked and whatever falls over in between."""

import asyncio
import gc
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from fintwin.domain import accounts, profiles
from fintwin.domain.refusals import Code
from fintwin.ledger.ledger import Answer, Booking, Request
from fintwin.ledger.movements import Movement
from tests.conftest import Database
from tests.support.ledgers import Bank, booked, open_ledger, refused
from tests.support.log_check import problems_of, read_log


def same(*answers: Answer | BaseException) -> Booking:
    """The one booking that all answers are, but for the mark of a replay."""
    bookings = [booked(one) for one in answers if not isinstance(one, BaseException)]
    assert len(bookings) == len(answers)
    first = replace(bookings[0], replayed=False)
    assert all(replace(one, replayed=False) == first for one in bookings)
    return first


async def transactions(database: Database) -> int:
    return len({one.transaction_id for one in (await read_log(database)).events})


@pytest.mark.parametrize("processes", [1, 3])
async def test_fifty_at_once(database: Database, processes: int) -> None:
    """One key and body 50 times at once, on one process or on three: one transaction, 50 equal replies, one not a replay."""
    async with open_ledger(database) as one, open_ledger(database) as two, open_ledger(database) as three:
        anna, ben = await one.person(balance_minor=1000), await one.person()
        before = await transactions(database)
        banks = [one, two, three][:processes]
        answers = await asyncio.gather(
            *(banks[n % processes].transfer(anna, ben, 10, key="k", body=b"b", note="Rent") for n in range(50))
        )
        same(*answers)
        assert [booked(answer).replayed for answer in answers].count(False) == 1
        assert await transactions(database) == before + 1
        assert await one.balance(anna) == 990
    assert await problems_of(database) == []


async def test_another_body_is_refused(database: Database) -> None:
    """The same key with another body is refused, at once and later, in this process and in another."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.person(balance_minor=1000)
        answers = await asyncio.gather(
            one.withdraw(anna, 10, key="k", body=b"ten"), one.withdraw(anna, 20, key="k", body=b"twenty")
        )
        assert [isinstance(answer, Booking) for answer in answers] == [True, False]
        assert refused(answers[1]) is Code.IDEMPOTENCY_KEY_REUSED
        for bank in (one, two):
            assert refused(await bank.withdraw(anna, 20, key="k", body=b"twenty")) is Code.IDEMPOTENCY_KEY_REUSED
        assert await one.balance(anna) == 990


async def test_keys_belong_to_users(database: Database) -> None:
    """Two users may use the same key."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(), await bank.person()
        first, second = booked(await bank.deposit(anna, 1, key="k")), booked(await bank.deposit(ben, 1, key="k"))
        assert first.transaction_id != second.transaction_id
        assert not second.replayed


async def test_after_a_restart(database: Database) -> None:
    """After everything was closed and opened again a key still answers the same, whatever has happened since."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=1000), await bank.person()
        first = await bank.transfer(anna, ben, 10, key="k", body=b"b", note="Rent", category="home")
        booked(await bank.withdraw(anna, 500))
    async with open_ledger(database) as bank:
        booked(await bank.withdraw(anna, 1))
        again = await bank.transfer(anna, ben, 10, key="k", body=b"b", note="Rent", category="home")
        assert booked(again).replayed
        assert same(first, again).entries[0].balance_minor == 990


async def test_withdrawing_everything_twice(database: Database) -> None:
    """The retry of "withdraw everything" is told of its success, not refused for lack of money; so is a closing."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=1000)
        same(await bank.withdraw(anna, 1000, key="all"), await bank.withdraw(anna, 1000, key="all"))
        close = accounts.CloseAccount(at=datetime.now(UTC))
        same(*[await bank.ledger.change_account(Request(user_id=anna, key="close"), anna, close) for _ in range(2)])
        same(await bank.withdraw(anna, 1000, key="all"), await bank.withdraw(anna, 1000, key="all"))
    assert await problems_of(database) == []


async def test_a_refusal_leaves_the_key_free(database: Database) -> None:
    """A key whose request was refused can be used again, for the same request or for another."""
    async with open_ledger(database) as bank:
        anna = await bank.person()
        assert refused(await bank.withdraw(anna, 10, key="k", body=b"1")) is Code.INSUFFICIENT_FUNDS
        booked(await bank.deposit(anna, 10))
        assert not booked(await bank.withdraw(anna, 10, key="k", body=b"2")).replayed


async def every_kind(bank: Bank, anna: UUID, ben: UUID, key: str) -> list[Answer]:
    """One request of every kind, each with a key of its own."""

    def request(name: str) -> Request:
        return Request(user_id=anna, key=f"{key}-{name}")

    when = datetime(2026, 1, 5, 12, tzinfo=UTC)
    opened = booked(await bank.ledger.open_account(request("open"), name="X", kind="cash", currency="EUR"))
    own = opened.entries[0].stream.id
    fill_in = profiles.ProfileAnswers(
        account_name="Main",
        currency_preference="EUR",
        monthly_income_minor=5,
        financial_goal="savings",
        risk_appetite="low",
    )
    deposit = booked(await bank.deposit(anna, 9, key=f"{key}-deposit", account=own, effective_at=when, note="N"))
    return [
        opened,
        deposit,
        await bank.withdraw(anna, 3, key=f"{key}-withdraw"),
        await bank.transfer(anna, ben, 2, key=f"{key}-send"),
        await bank.transfer(anna, own, 2, key=f"{key}-own"),
        await bank.transfer(anna, anna, 1, account=own, key=f"{key}-back"),
        await bank.ledger.reverse(request("reverse"), deposit.transaction_id, "wrong"),
        await bank.ledger.annotate(request("annotate"), deposit.transaction_id, note="New", category=None),
        await bank.ledger.change_account(request("freeze"), own, accounts.FreezeAccount(at=datetime.now(UTC))),
        await bank.ledger.fill_in_profile(request("profile"), fill_in),
    ]


async def test_replies_of_every_kind(database: Database) -> None:
    """Whatever was asked, the reply to the repetition is equal to the first, event by event and balance by balance."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna, ben = await one.person(balance_minor=1000), await one.person()
        first = await every_kind(one, anna, ben, "k")
        count = await transactions(database)
        for bank in (one, two):
            for before, after in zip(first, await every_kind(bank, anna, ben, "k"), strict=True):
                assert booked(after).replayed
                same(before, after)
        assert await transactions(database) == count
    assert await problems_of(database) == []


async def test_keys_in_a_batch(database: Database) -> None:
    """In a batch, items with known keys are answered from the log and the others booked; one key twice is booked once."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)
        known = await bank.deposit(anna, 1, key="known")
        items: list[Any] = [
            (Request(user_id=anna, key=key), Movement(kind="deposit", account_id=anna, amount_minor=1))
            for key in ("known", "new", None, "new", "known")
        ]
        answers = [booked(one) for one in await bank.ledger.move_all(items)]
        same(known, answers[0], answers[4])
        same(answers[1], answers[3])
        assert [one.replayed for one in answers] == [True, False, False, True, True]
        assert await bank.balance(anna) == 103
    assert await problems_of(database) == []


async def test_keys_in_an_atomic_batch(database: Database) -> None:
    """An atomic batch sent again is answered from the log as a whole; a refused one leaves all its keys free."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)

        def items(amount_minor: int) -> list[Any]:
            return [
                (Request(user_id=anna, key="a"), Movement(kind="deposit", account_id=anna, amount_minor=1)),
                (
                    Request(user_id=anna, key="b"),
                    Movement(kind="withdrawal", account_id=anna, amount_minor=amount_minor),
                ),
            ]

        refusals = await bank.ledger.move_all(items(1000), atomic=True)
        assert refused(refusals[1]) is Code.INSUFFICIENT_FUNDS
        first = await bank.ledger.move_all(items(50), atomic=True)
        again = await bank.ledger.move_all(items(50), atomic=True)
        for before, after in zip(first, again, strict=True):
            same(before, after)
        assert await bank.balance(anna) == 51
        # Half of it known: the rest is booked, and the whole is complete.
        more = [*items(50), (Request(user_id=anna, key="c"), Movement(kind="deposit", account_id=anna, amount_minor=7))]
        assert [booked(one).replayed for one in await bank.ledger.move_all(more, atomic=True)] == [True, True, False]
    assert await problems_of(database) == []


async def test_the_first_one_hangs_up(database: Database) -> None:
    """Whoever asked first and goes away takes nobody along: the equal request that waited gets the answer."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)
        first = asyncio.create_task(bank.withdraw(anna, 10, key="k"))
        second = asyncio.create_task(bank.withdraw(anna, 10, key="k"))
        while not bank.ledger._under_way:  # noqa: ASYNC110  nothing to wait for tells this
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        third = asyncio.create_task(bank.withdraw(anna, 10, key="k"))
        answers = await asyncio.gather(first, second, third, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        same(*answers[1:])
        assert await bank.balance(anna) == 90
    assert await problems_of(database) == []


async def test_nobody_left_to_tell(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """A request that fails after its asker has hung up leaves no complaint about an error that nobody took."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)
        database.run_sql("ALTER TABLE log.stream_head ADD CONSTRAINT broken CHECK (balance_minor <> 90) NOT VALID")
        asking = asyncio.create_task(bank.withdraw(anna, 10, key="k"))
        while not bank.ledger._under_way:  # noqa: ASYNC110  nothing to wait for tells this
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        await bank.writer.close()
        del asking
        booked(await bank.withdraw(anna, 11, key="k"))
    gc.collect()
    assert "never retrieved" not in caplog.text
    assert await problems_of(database) == []


async def test_long_ago(database: Database) -> None:
    """Keys do not expire: one of ten years ago answers as on its first day."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)
        first = await bank.withdraw(anna, 10, key="k")
        bank.ledger._now = lambda: datetime.now(UTC) + timedelta(days=3650)
        same(first, await bank.withdraw(anna, 10, key="k"))
