import datetime as dt
from collections.abc import AsyncIterator
from uuid import UUID

import pytest_asyncio

from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import encode_rows
from fintwin.simulations.snapshots import Snapshots
from fintwin.store.connect import Connection, open_connection
from fintwin.store.twin_reading import Tip, history, since
from fintwin.twin.fork import Fork
from tests.conftest import Database
from tests.support.ledgers import Bank, booked, open_ledger


@pytest_asyncio.fixture
async def bank(database: Database) -> AsyncIterator[Bank]:
    """A ledger over a fresh database."""
    async with open_ledger(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def twin(database: Database) -> AsyncIterator[Connection]:
    """A connection as the twin's role."""
    connection = await open_connection(database.role_urls["twin"])
    yield connection
    await connection.close()


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def rows_of(fork: Fork) -> list[bytes]:
    return [encode_rows(model, fork.as_rows(model.name)) for model in READ_MODELS]


async def test_a_snapshot_goes_on_where_it_was(bank: Bank, twin: Connection) -> None:
    """What came since is taken up, and the fork is the one that a replay of everything gives, byte for byte."""
    user = await bank.person(balance_minor=1_000)
    snapshots = Snapshots()
    await snapshots.current(twin, user, now())
    booked(await bank.withdraw(user, 300))
    warm, _ = await snapshots.current(twin, user, now())
    cold, _ = await Snapshots().current(twin, user, now())
    assert snapshots.hits == 1
    assert warm.accounts[user].balance_minor == 700
    assert rows_of(warm) == rows_of(cold)
    assert (warm.position, warm.hash) == (cold.position, cold.hash)


async def test_a_tip_of_another_log_is_not_taken(bank: Bank, twin: Connection) -> None:
    """The hash tells: what another log has at that position is no base to go on from."""
    user = await bank.person(balance_minor=1_000)
    _, tip = await history(twin, user)
    assert await since(twin, user, tip) == ([], tip)
    assert await since(twin, user, Tip(tip.position, "00" * 32)) is None
    assert await since(twin, user, Tip(tip.position + 1_000, tip.hash)) is None


async def test_a_fork_of_the_past(bank: Bank, twin: Connection) -> None:
    """Up to a position, or to what was known at a time; the hash is that of its last event."""
    user = await bank.person(balance_minor=1_000)
    _, tip = await history(twin, user)
    then = now()
    booked(await bank.deposit(user, 5))
    for place in (tip.position, then):
        fork, _ = await Snapshots().past(twin, user, now(), place)
        assert (fork.accounts[user].balance_minor, fork.position, fork.hash) == (1_000, *tip)


async def test_the_twin_sees_one_user_only(bank: Bank, twin: Connection) -> None:
    """A history holds the own half of a transfer and nothing of the other user."""
    payer, payee = await bank.person(balance_minor=1_000), await bank.person()
    booked(await bank.transfer(payer, payee, 400))
    events, _ = await history(twin, payee)
    assert {one.user_id for one in events} == {payee}
    assert [one.type for one in events][-1] == "TransferReceived"
    assert await history(twin, UUID(int=1)) == ([], Tip(0, ""))
