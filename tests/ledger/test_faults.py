"""A database that fails, a queue that is full: nobody waits for ever, nobody is told what is not so."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from fintwin.embedded import EmbeddedServers
from fintwin.ledger.ledger import Booking, Request
from fintwin.ledger.movements import Movement
from fintwin.ledger.submission import LedgerBusyError, LedgerFaultError, OutcomeUnknownError
from tests.conftest import Database, fresh_database, reachable_folder
from tests.support.ledgers import Bank, booked, open_ledger
from tests.support.log_check import problems_of


@pytest.fixture(scope="module")
def breakable() -> Iterator[EmbeddedServers]:
    """A Postgres of its own that tests may kill."""
    from fintwin.store.migrate import migrate

    with reachable_folder() as folder, EmbeddedServers(folder / "data") as servers:
        asyncio.run(migrate(servers.superuser_url, servers.role_passwords))
        yield servers


@pytest.fixture
def mortal(breakable: EmbeddedServers) -> Iterator[Database]:
    """A database on it."""
    breakable.restart_ended()
    with fresh_database(breakable) as made:
        yield made
        breakable.restart_ended()


async def settled(answers: list[Any]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


async def load(bank: Bank, user: Any, seconds: float, results: list[tuple[str, Any]]) -> None:
    """Deposits of 1 with keys, 16 at a time, until the time is over; what became of each."""
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        keys = [f"{number}-{n}" for n in range(16)]
        number += 1
        answers = await asyncio.gather(
            *(bank.deposit(user, 1, key=key, body=key.encode()) for key in keys), return_exceptions=True
        )
        results.extend(zip(keys, answers, strict=True))
        await asyncio.sleep(0 if isinstance(answers[0], Booking) else 0.05)


async def asked_again(bank: Bank, user: Any, results: list[tuple[str, Any]]) -> list[Booking]:
    """The same requests once more, all of which succeed now."""
    await works_again(bank, user)
    return [
        booked(one)
        for one in await asyncio.gather(*(bank.deposit(user, 1, key=key, body=key.encode()) for key, _ in results))
    ]


async def works_again(bank: Bank, user: Any) -> None:
    """Whoever asks again with the same key while the database comes back gets through, and is booked once."""
    deadline = time.monotonic() + 30
    while True:
        try:
            booked(await bank.deposit(user, 1, key="again"))
        except (LedgerBusyError, OutcomeUnknownError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("signal_number", [signal.SIGQUIT, signal.SIGKILL], ids=["crash", "kill"])
async def test_the_database_dies_under_load(mortal: Database, signal_number: int) -> None:
    """Postgres killed under load: every request gets an answer, no answer was wrong, and later everything is fine again."""
    servers = mortal.servers
    async with open_ledger(mortal) as bank:
        anna = await bank.person()
        results: list[tuple[str, Any]] = []
        loading = asyncio.create_task(load(bank, anna, 2.5, results))
        await asyncio.sleep(0.7)
        assert servers.postgres.child is not None
        os.kill(servers.postgres.child.pid, signal_number)
        servers.postgres.child.wait()
        await asyncio.sleep(0.3)
        servers.restart_ended()
        await asyncio.wait_for(loading, 60)
        sorts = await settled([answer for _, answer in results])
        assert sorts["Booking"] > 100
        assert set(sorts) <= {"Booking", "OutcomeUnknownError", "LedgerBusyError"}
        assert len(sorts) > 1
        for (_, answer), again in zip(results, await asked_again(bank, anna, results), strict=True):
            if isinstance(answer, Booking):
                assert again.transaction_id == answer.transaction_id
            if isinstance(answer, LedgerBusyError):
                assert not again.replayed, "busy means that nothing was booked"
        assert await bank.balance(anna) == len(results) + 1
    assert await problems_of(mortal) == []


async def test_without_a_database_everybody_is_told(mortal: Database) -> None:
    """More commands than two slices hold while nothing answers: each of them is told, none is forgotten in the queue."""
    servers = mortal.servers
    async with open_ledger(mortal) as bank:
        anna = await bank.person()
        assert servers.postgres.child is not None
        os.kill(servers.postgres.child.pid, signal.SIGKILL)
        servers.postgres.child.wait()
        vault = bank.vault
        vault._cache[anna] = (time.monotonic() + 60, vault._cache[anna][1])
        answers = await asyncio.wait_for(
            asyncio.gather(*(bank.deposit(anna, 1) for _ in range(1500)), return_exceptions=True), 60
        )
        sorts = await settled(answers)
        assert set(sorts) <= {"OutcomeUnknownError", "LedgerBusyError"}
        assert sorts["LedgerBusyError"] > 1000
        servers.restart_ended()
        await works_again(bank, anna)
        assert await bank.balance(anna) == 1
    assert await problems_of(mortal) == []


@pytest.fixture
async def blocked(database: Database) -> AsyncIterator[tuple[Bank, asyncpg.Connection, Any]]:
    """A bank whose log somebody else holds, and a user."""
    async with open_ledger(database, waiting_max=15) as bank:
        anna = await bank.person(balance_minor=1000)
        holder = await asyncpg.connect(database.superuser_url)
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT * FROM log.log_head FOR UPDATE")
        try:
            yield bank, holder, anna
        finally:
            await holder.close()


async def test_a_full_queue_turns_away(blocked: tuple[Bank, asyncpg.Connection, Any]) -> None:
    """With the queue full a new command is turned away at once, and those that were taken are booked in the end."""
    bank, holder, anna = blocked
    waiting: list[asyncio.Task[Any]] = []
    for _ in range(3):  # one slice in flight (so little is not worth a second one), then the queue itself
        waiting.extend(asyncio.create_task(bank.deposit(anna, 1)) for _ in range(30))
        await asyncio.sleep(0.1)
    begun = time.monotonic()
    turned_away = [task for task in waiting if task.done()]
    assert len(turned_away) == 60
    assert all(isinstance(task.exception(), LedgerBusyError) for task in turned_away)
    with pytest.raises(LedgerBusyError):
        await bank.withdraw(anna, 1)
    with pytest.raises(LedgerBusyError):
        await bank.ledger.move_all([(Request(user_id=anna), Movement(kind="deposit", account_id=anna, amount_minor=1))])
    assert time.monotonic() - begun < 0.5
    assert bank.writer.waiting == 15
    await holder.execute("ROLLBACK")
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    booked_count = sum(isinstance(answer, Booking) for answer in answers)
    assert booked_count == 30
    assert bank.writer.waiting == 0
    booked(await bank.deposit(anna, 1))
    assert await bank.balance(anna) == 1000 + booked_count + 1


async def test_a_statement_cut_off_is_not_booked(database: Database) -> None:
    """An append that the server cut off for its time was undone: busy, the log says why, the same key works afterwards."""
    database.run_sql(f"ALTER ROLE fintwin_api IN DATABASE {database.name} SET statement_timeout = '300ms'")
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=1000)
        holder = await asyncpg.connect(database.superuser_url)
        async with holder.transaction():
            await holder.execute("SELECT * FROM log.log_head FOR UPDATE")
            with capture_logs() as lines, pytest.raises(LedgerBusyError):
                await bank.withdraw(anna, 1, key="k")
        await holder.close()
        assert {"event": "append undone", "error": "QueryCanceledError", "commands": 1, "log_level": "warning"} in lines
        assert not booked(await bank.withdraw(anna, 1, key="k")).replayed
        assert await bank.balance(anna) == 999
    assert await problems_of(database) == []


async def test_a_session_ended_by_the_administrator(database: Database) -> None:
    """Sessions ended under load: unknown outcomes at most, each told by its key later."""
    async with open_ledger(database) as bank:
        anna = await bank.person()
        results: list[tuple[str, Any]] = []
        loading = asyncio.create_task(load(bank, anna, 1.2, results))
        for _ in range(5):
            await asyncio.sleep(0.2)
            database.run_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND usename = 'fintwin_api'"
            )
        await asyncio.wait_for(loading, 60)
        assert set(await settled([answer for _, answer in results])) <= {
            "Booking",
            "OutcomeUnknownError",
            "LedgerBusyError",
        }
        await asked_again(bank, anna, results)
        assert await bank.balance(anna) == len(results) + 1
    assert await problems_of(database) == []


async def test_our_own_bug_is_told_to_one(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only the database sees to be wrong is our fault: that one command is told so, the others of its slice are booked."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=1000), await bank.person()
        database.run_sql("ALTER TABLE log.stream_head ADD CONSTRAINT broken CHECK (balance_minor <> 666) NOT VALID")
        answers = await asyncio.gather(
            *(bank.deposit(ben, 1) for _ in range(3)), bank.withdraw(anna, 334), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [Booking, Booking, Booking, LedgerFaultError]
        assert (await bank.balance(anna), await bank.balance(ben)) == (1000, 3)
        booked(await bank.withdraw(anna, 333))
    assert await problems_of(database) == []


def test_errors_are_three() -> None:
    """Nothing was booked, nobody knows, or our fault: the three errors are no kinds of each other."""
    errors = (LedgerBusyError, OutcomeUnknownError, LedgerFaultError)
    assert not any(issubclass(one, other) for one in errors for other in errors if one is not other)
