"""Heads read for many at once."""

import asyncio

import asyncpg

from fintwin.domain.accounts import AccountState
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.store.heads import Heads
from tests.conftest import Database
from tests.support.ledgers import open_ledger


def account(id_: object) -> StreamKey:
    return StreamKey(StreamKind.ACCOUNT, id_)  # type: ignore[arg-type]


async def test_everybody_gets_their_own(database: Database) -> None:
    """Many at once: each gets the own head, nobody somebody else's, and one who has gone away takes nobody along."""
    async with open_ledger(database) as bank:
        people = [await bank.person(balance_minor=100 + number) for number in range(20)]
        heads = Heads(bank.pool)
        own = [asyncio.create_task(heads.of(one, account(one))) for one in people]
        foreign = [asyncio.create_task(heads.of(people[0], account(one))) for one in people[1:]]
        gone = asyncio.create_task(heads.of(people[0], account(people[0])))
        await asyncio.sleep(0)
        gone.cancel()
        found = await asyncio.gather(*own)
        assert [one.state.balance_minor for one in found if one and isinstance(one.state, AccountState)] == [
            100 + number for number in range(20)
        ]
        assert set(await asyncio.gather(*foreign)) == {None}


async def test_the_own_last_write_is_seen(database: Database) -> None:
    """A head asked for after a booking is answered shows it, however many others ask meanwhile."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=0)
        heads = Heads(bank.pool)
        asking = True

        async def ask_on() -> None:
            while asking:
                await heads.of(anna, account(anna))

        others = [asyncio.create_task(ask_on()) for _ in range(8)]
        for number in range(1, 51):
            await bank.deposit(anna, 1)
            head = await heads.of(anna, account(anna))
            assert head is not None
            assert isinstance(head.state, AccountState)
            assert head.state.balance_minor == number
        asking = False
        await asyncio.gather(*others)


async def test_a_fault_is_told_to_each(database: Database) -> None:
    """Where the database refuses, everybody who asked is told, and the next question is asked anew."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=5)
        heads = Heads(bank.pool)
        database.run_sql("REVOKE EXECUTE ON FUNCTION log.load_heads FROM fintwin_api")
        told = await asyncio.gather(*(heads.of(anna, account(anna)) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [asyncpg.InsufficientPrivilegeError] * 3
        database.run_sql("GRANT EXECUTE ON FUNCTION log.load_heads TO fintwin_api")
        head = await heads.of(anna, account(anna))
        assert head is not None
