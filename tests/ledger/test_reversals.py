"""Taking back: a deposit or withdrawal by its owner, a transfer by its recipient, each once."""

import asyncio
from collections import Counter

from fintwin.domain import accounts
from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.ledger import Booking, Request
from fintwin.store import read
from tests.conftest import Database
from tests.support.ledgers import booked, open_ledger, refused
from tests.support.log_check import problems_of


async def test_the_recipient_sends_back(database: Database) -> None:
    """A transfer cannot be taken back by its sender; its recipient can send it back, once."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=100), await bank.person()
        sent = booked(await bank.transfer(anna, ben, 60)).transaction_id
        assert refused(await bank.ledger.reverse(Request(user_id=anna), sent)) is Code.NOT_REVERSIBLE
        back = booked(await bank.ledger.reverse(Request(user_id=ben), sent, "not mine"))
        assert isinstance(back.entries[0].event, accounts.TransferSent)
        assert back.entries[0].event.reverses == sent
        assert (await bank.balance(anna), await bank.balance(ben)) == (100, 0)
        assert refused(await bank.ledger.reverse(Request(user_id=ben), sent)) is Code.ALREADY_REVERSED
        for user in (anna, ben):
            assert await read.reversals(bank.pool, user, [sent]) == {sent: back.transaction_id}
    assert await problems_of(database) == []


async def test_deposits_and_withdrawals(database: Database) -> None:
    """What came in goes out again and what went out comes back, with category and counterparty of the original."""
    async with open_ledger(database) as bank:
        anna = await bank.person()
        deposit = booked(await bank.deposit(anna, 60, category="salary"))
        withdrawal = booked(await bank.withdraw(anna, 20))
        out = booked(await bank.ledger.reverse(Request(user_id=anna), withdrawal.transaction_id))
        back = booked(await bank.ledger.reverse(Request(user_id=anna), deposit.transaction_id))
        assert isinstance(out.entries[0].event, accounts.Deposited)
        event = back.entries[0].event
        assert isinstance(event, accounts.Withdrawn)
        assert (event.category, event.reverses) == ("salary", deposit.transaction_id)
        assert await bank.balance(anna) == 0
        for reversal in (out, back):
            again = await bank.ledger.reverse(Request(user_id=anna), reversal.transaction_id)
            assert refused(again) is Code.IS_A_REVERSAL
    assert await problems_of(database) == []


async def test_decided_like_a_payment(database: Database) -> None:
    """Taking back asks the rules of today: there must be money, and the account must be able to pay."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=100), await bank.person()
        sent = booked(await bank.transfer(anna, ben, 60)).transaction_id
        booked(await bank.withdraw(ben, 1))
        assert refused(await bank.ledger.reverse(Request(user_id=ben), sent)) is Code.INSUFFICIENT_FUNDS
        booked(await bank.deposit(ben, 1))
        booked(await bank.ledger.reverse(Request(user_id=ben), sent))


async def test_own_transfer(database: Database) -> None:
    """A transfer between two own accounts is sent back from the account that received it."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=100)
        other = await bank.further_account(anna)
        sent = booked(await bank.transfer(anna, other, 60)).transaction_id
        booked(await bank.ledger.reverse(Request(user_id=anna), sent))
        assert (await bank.balance(anna), await bank.balance(anna, other)) == (100, 0)
        assert refused(await bank.ledger.reverse(Request(user_id=anna), sent)) is Code.ALREADY_REVERSED
    assert await problems_of(database) == []


async def test_unknown_transactions(database: Database) -> None:
    """A transaction that is not there, one that moved no money, and somebody else's look the same."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=100), await bank.person(balance_minor=100)
        theirs = booked(await bank.deposit(ben, 1)).transaction_id
        opened = booked(
            await bank.ledger.open_account(Request(user_id=anna), name="X", kind="cash", currency="EUR")
        ).transaction_id
        for transaction in (theirs, opened, anna):
            answer = await bank.ledger.reverse(Request(user_id=anna), transaction)
            assert refused(answer) is Code.UNKNOWN_TRANSACTION


async def test_once_however_many_ask(database: Database) -> None:
    """Taken back 30 times at once from three processes, with and without keys: it happens once."""
    async with open_ledger(database) as one, open_ledger(database) as two, open_ledger(database) as three:
        anna, ben = await one.person(balance_minor=1000), await one.person(balance_minor=1000)
        sent = booked(await one.transfer(anna, ben, 60)).transaction_id
        banks = [one, two, three]
        answers = await asyncio.gather(
            *(
                banks[n % 3].ledger.reverse(Request(user_id=ben, key=f"k{n}" if n % 2 else None), sent)
                for n in range(30)
            )
        )
        sorts = Counter(answer.code if isinstance(answer, Refusal) else type(answer).__name__ for answer in answers)
        assert sorts == {"Booking": 1, Code.ALREADY_REVERSED: 29}
        assert await one.balance(anna) == 1000
    assert await problems_of(database) == []


async def test_the_key_of_a_reversal(database: Database) -> None:
    """A reversal asked again under its key gets its first reply, not `already_reversed`."""
    async with open_ledger(database) as bank:
        anna = await bank.person()
        deposit = booked(await bank.deposit(anna, 60)).transaction_id
        first, second = [await bank.ledger.reverse(Request(user_id=anna, key="k"), deposit) for _ in range(2)]
        assert booked(second).replayed
        assert booked(first).transaction_id == booked(second).transaction_id
        assert isinstance(second, Booking)
