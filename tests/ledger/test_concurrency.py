"""Many at once: nothing missed, nothing booked twice, no more money than there is."""

import asyncio
import random
from collections import Counter
from uuid import UUID

import pytest

from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.ledger import Answer, Booking, Request
from fintwin.ledger.movements import Movement
from fintwin.store import read
from tests.conftest import Database
from tests.support.ledgers import Bank, booked, open_ledger, refused
from tests.support.log_check import problems_of


def tally(answers: list[Answer | BaseException]) -> Counter[str]:
    """How many answers of each sort: booked, the code of a refusal, the name of an error."""
    sorts: Counter[str] = Counter()
    for one in answers:
        sort = "booked" if isinstance(one, Booking) else one.code if isinstance(one, Refusal) else type(one).__name__
        sorts[sort] += 1
    return sorts


async def tail(bank: Bank, users: list[UUID], done: asyncio.Event) -> dict[UUID, list[int]]:
    """Reads each user's events as they come, by position > cursor, until after the writers are done."""
    seen: dict[UUID, list[int]] = {user: [] for user in users}
    while True:
        last_round = done.is_set()
        for user in users:
            after = seen[user][-1] if seen[user] else 0
            seen[user].extend(one.position for one in await read.events(bank.pool, user, after, 7))
        if last_round and all([not await read.events(bank.pool, user, seen[user][-1], 1) for user in users]):
            return seen
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("writers", "moves"), [(16, 15), pytest.param(16, 400, marks=pytest.mark.soak)], ids=["short", "long"]
)
async def test_a_tailing_reader_misses_nothing(database: Database, writers: int, moves: int) -> None:
    """16 writers of their own with random pauses: who reads by position > cursor meanwhile sees every event once."""
    draws = random.Random(16)
    async with open_ledger(database) as reader:
        users = [await reader.person(balance_minor=1000) for _ in range(4)]

        async def write(number: int) -> None:
            mine = random.Random(number)
            async with open_ledger(database, connections_max=2, in_flight_max=1) as bank:
                for _ in range(moves):
                    await asyncio.sleep(mine.random() * 0.01)
                    user, other = mine.sample(users, 2)
                    if mine.random() < 0.5:
                        booked(await bank.deposit(user, 1))
                    else:
                        booked(await bank.transfer(user, other, 1))

        done = asyncio.Event()
        tailing = asyncio.create_task(tail(reader, users, done))
        await asyncio.gather(*(write(draws.randrange(10**9)) for _ in range(writers)))
        done.set()
        seen = await tailing
        whole = {user: [one.position async for one in read.history(reader.pool, user)] for user in users}
    assert seen == whole
    everything = sorted(position for positions in seen.values() for position in positions)
    assert everything == list(range(1, len(everything) + 1))
    assert await problems_of(database) == []


async def test_twenty_debits_on_one_state(database: Database) -> None:
    """20 processes that all know the same state pay at once: each is decided again until it holds, every result is right."""
    async with open_ledger(database) as first:
        anna = await first.person(balance_minor=1000)
        ben = await first.person()
        banks: list[Bank] = []
        ready = asyncio.Barrier(21)
        async with asyncio.TaskGroup() as group:
            stop = asyncio.Event()

            async def hold() -> None:
                async with open_ledger(database, connections_max=2, in_flight_max=1) as bank:
                    refused(await bank.withdraw(anna, 10**9))
                    banks.append(bank)
                    await ready.wait()
                    await stop.wait()

            for _ in range(20):
                group.create_task(hold())
            await ready.wait()
            answers = [booked(one) for one in await asyncio.gather(*(bank.transfer(anna, ben, 10) for bank in banks))]
            tries: Counter[int] = sum((Counter(bank.writer.tries) for bank in banks), Counter())
            stop.set()
        assert sorted(one.entries[0].balance_minor or 0 for one in answers) == list(range(800, 1000, 10))
        assert (await first.balance(anna), await first.balance(ben)) == (800, 200)
        # The refusals at the beginning and the payments.
        assert sum(tries.values()) == 20 + 20
        assert max(tries) > 1
        # Two ordinary tries, then the one under the lock, which cannot fail.
        assert max(tries) <= 3
    assert await problems_of(database) == []


@pytest.mark.parametrize("processes", [1, 3])
async def test_no_more_than_there_is(database: Database, processes: int) -> None:
    """Balance 100, 100 withdrawals of 10 at once: exactly 10 succeed, from one process or from three."""
    async with (
        open_ledger(database) as one,
        open_ledger(database, connections_max=4) as two,
        open_ledger(database, connections_max=4) as three,
    ):
        anna = await one.person(balance_minor=100)
        banks = [one, two, three][:processes]
        answers = await asyncio.gather(
            *(banks[n % processes].withdraw(anna, 10) for n in range(100)), return_exceptions=True
        )
        assert tally(answers) == {"booked": 10, Code.INSUFFICIENT_FUNDS: 90}
        assert await one.balance(anna) == 0
        balances = sorted(one.entries[0].balance_minor or 0 for one in answers if isinstance(one, Booking))
        assert balances == list(range(0, 100, 10))
    assert await problems_of(database) == []


@pytest.mark.parametrize("processes", [1, 2])
async def test_there_and_back(database: Database, processes: int) -> None:
    """64 workers pay from A to B and from B to A: no error, no deadlock, and the sum stays what it was."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna, ben = await one.person(balance_minor=10_000), await one.person(balance_minor=10_000)
        banks = [one, two][:processes]

        async def work(number: int) -> list[Answer]:
            bank = banks[number % processes]
            payer, payee = (anna, ben) if number % 4 < 2 else (ben, anna)
            return [await bank.transfer(payer, payee, number + 1) for _ in range(4)]

        answers = [answer for done in await asyncio.gather(*(work(n) for n in range(64))) for answer in done]
        assert tally(answers) == {"booked": 256}
        assert await one.balance(anna) + await one.balance(ben) == 20_000
    assert await problems_of(database) == []


async def test_one_bad_command_among_200(database: Database) -> None:
    """In a slice of 200 commands the one that cannot be is refused, the others commit, and there is no gap."""
    async with open_ledger(database) as bank:
        people = [await bank.person(balance_minor=100) for _ in range(4)]
        items: list[tuple[Request, Movement | Refusal]] = []
        for n in range(200):
            user, other = people[n % 4], people[(n + 1) % 4]
            amount = 10**6 if n == 77 else 1
            items.append((
                Request(user_id=user),
                Movement(kind="transfer", account_id=user, to_account=other, amount_minor=amount),
            ))  # fmt: skip
        answers = await bank.ledger.move_all(items)
        assert tally(list(answers)) == {"booked": 199, Code.INSUFFICIENT_FUNDS: 1}
        assert isinstance(answers[77], Refusal)
    assert await problems_of(database) == []


async def test_order_within_one_batch(database: Database) -> None:
    """Commands of one batch are decided in their order: what comes in first can be spent by the next."""
    async with open_ledger(database) as bank:
        anna = await bank.person()
        request = Request(user_id=anna)
        kinds = ["withdrawal", "deposit", "withdrawal", "withdrawal", "deposit"]
        items = [(request, Movement(kind=kind, account_id=anna, amount_minor=10)) for kind in kinds]  # type: ignore[arg-type]
        answers = await bank.ledger.move_all(items)
        assert [isinstance(one, Booking) for one in answers] == [False, True, True, False, True]
    assert await problems_of(database) == []


async def test_three_processes_pay_one_account(database: Database) -> None:
    """Credits ask for no version: three processes with many payers pay one account without getting into each other's way."""
    async with open_ledger(database) as one, open_ledger(database) as two, open_ledger(database) as three:
        shop = await one.person()
        payers = [[await bank.person(balance_minor=1000) for _ in range(8)] for bank in (one, two, three)]

        async def pay(bank: Bank, users: list[UUID]) -> None:
            for _ in range(5):
                await asyncio.gather(*(bank.transfer(user, shop, 3) for user in users))

        await asyncio.gather(*(pay(bank, users) for bank, users in zip((one, two, three), payers, strict=True)))
        assert await one.balance(shop) == 3 * 8 * 5 * 3
        tries = Counter(one.writer.tries) + Counter(two.writer.tries) + Counter(three.writer.tries)
        assert set(tries) == {1}
    assert await problems_of(database) == []


async def test_three_processes_on_one_account(database: Database) -> None:
    """Three processes that all pay from one account: everything is booked, at the latest by a third try, under the lock."""
    async with open_ledger(database) as one, open_ledger(database) as two, open_ledger(database) as three:
        anna, ben = await one.person(balance_minor=100_000), await one.person()

        async def pay(bank: Bank) -> Counter[str]:
            return tally(await asyncio.gather(*(bank.transfer(anna, ben, 1) for _ in range(100))))

        done = await asyncio.gather(*(pay(bank) for bank in (one, two, three)))
        assert sum(done, Counter()) == {"booked": 300}
        assert await one.balance(ben) == 300
        tries = sum((Counter(bank.writer.tries) for bank in (one, two, three)), Counter())
        assert max(tries) <= 3
    assert await problems_of(database) == []
