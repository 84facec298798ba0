import asyncio
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fintwin.audit.processes import Processes
from fintwin.audit.verify import OneAfterTheOther, verify
from fintwin.domain import accounts
from fintwin.store.auditing import auditing
from tests.audit.books import MODELS, exported, live, lived_in, rehash, tampering, verified
from tests.conftest import Database
from tests.support.ledgers import booked, open_ledger


async def test_a_log_of_everything_is_sound(database: Database) -> None:
    """Nothing is wrong with what the ledger and the projector wrote, and all of it was looked at."""
    async with lived_in(database), tampering(database) as connection:
        report = await verified(connection)
        assert report.faults == ()
        assert report.sound
        assert (report.events, report.position) == (await connection.fetchval("SELECT count(*) FROM log.event"),) * 2
        assert report.heads == await connection.fetchval("SELECT count(*) FROM log.stream_head")
        assert report.rows > report.events
        assert [book.transit_minor for book in report.books] == [0, 0]
        assert all(book.accounts_minor == -book.world_minor for book in report.books)


async def test_a_rewritten_past_is_true_to_itself_and_not_to_a_signed_head(database: Database) -> None:
    """Whoever rewrites everything, hashes and heads included, is found by a head exported before, and only so."""
    async with lived_in(database), tampering(database) as connection:
        before = await exported(connection)
        await connection.execute("UPDATE log.event SET metadata = '{\"x\":1}' WHERE position = 20")
        assert [fault.kind for fault in (await verified(connection)).faults] == ["digest"]
        await rehash(connection)
        assert (await verified(connection)).sound
        (fault,) = (await verified(connection, signed=[before])).faults
        assert (fault.kind, fault.position) == ("signed head", before.position)
        assert "rewritten" in fault.what


async def test_a_tail_cut_off_with_its_heads_needs_a_signed_head(database: Database) -> None:
    """A log that ends earlier, and says so everywhere, is sound; the signed head tells what is missing."""
    async with lived_in(database), tampering(database) as connection:
        before = await exported(connection)
        last = await connection.fetchrow("SELECT * FROM log.event ORDER BY position DESC LIMIT 1")
        assert (last["type"], last["version"] > 1) == ("AccountClosed", True)
        await connection.execute("DELETE FROM log.event WHERE position = $1", last["position"])
        report = await verified(connection, models=())
        assert (report.faults[0].kind, report.faults[0].position) == ("gap", last["position"])
        await connection.execute(
            "UPDATE log.log_head l SET position = e.position, recorded_at = e.recorded_at "
            "FROM log.event e WHERE e.position = l.position - 1"
        )
        await connection.execute(
            "UPDATE log.stream_head h SET version = e.version, status = 1, decided_in = e.transaction_id FROM log.event e "
            "WHERE h.stream_id = $1 AND h.stream_kind = 1 AND e.stream_id = $1 AND e.stream_kind = 1 AND e.version = $2",
            last["stream_id"],
            last["version"] - 1,
        )
        await rehash(connection)
        assert (await verified(connection, models=())).sound
        (fault,) = (await verified(connection, models=(), signed=[before])).faults
        assert (fault.kind, fault.position) == ("signed head", last["position"])
        assert "cut off" in fault.what


async def test_from_a_signed_head_on_only_what_is_new_is_looked_at(database: Database) -> None:
    """After an exported head the chain goes on from there, and only those who did something since are replayed."""
    async with lived_in(database), tampering(database) as connection:
        end = await exported(connection)
        middle = await connection.fetchrow("SELECT * FROM log.event WHERE position = $1", end.position - 1)
        report = await verified(connection, models=(), after=middle["position"])
        assert report.sound
        assert report.events < end.position
        await connection.execute("UPDATE log.event SET hash = $1 WHERE position = $2", bytes(32), end.position)
        report = await verified(connection, models=(), after=middle["position"])
        assert (report.faults[0].kind, report.faults[0].position) == ("hash", end.position)


@pytest.mark.parametrize(
    ("kind", "change", "what"),
    [
        ("TransferReceived", '"amount_minor":1', "left in transit"),
        ("TransferReceived", '"from_account":"00000000-0000-0000-0000-000000000001"', "no other half"),
        ("Withdrawn", '"amount_minor":99999999', "below the limit"),
        ("Withdrawn", '"amount_minor":-5', "not positive"),
        ("Deposited", '"currency":"USD"', "money in USD on an account in"),
        ("AccountOpened", '"currency":7', "cannot be read"),
    ],
)
async def test_what_no_rule_lets_through_is_found_under_true_hashes(
    database: Database, kind: str, change: str, what: str
) -> None:
    """A past written anew with right hashes still has to keep the rules."""
    async with lived_in(database, projected=False), tampering(database) as connection:
        row = await connection.fetchrow("SELECT * FROM log.event WHERE type = $1 ORDER BY position LIMIT 1", kind)
        name = change.split(":", 1)[0]
        payload = re.sub(f'{name}:("[^"]*"|[-0-9]+)', change, row["payload"])
        assert payload != row["payload"]
        await connection.execute("UPDATE log.event SET payload = $1 WHERE position = $2", payload, row["position"])
        await rehash(connection)
        report = await verified(connection, models=())
        found = [fault for fault in report.faults if what in fault.what]
        assert found
        # Both halves of a transfer are one transaction, which is named by its first event.
        assert row["position"] - 1 <= found[0].position <= row["position"]


@pytest.mark.parametrize(
    ("kind", "type_", "payload", "what"),
    [
        ("RateSet", "AccountFrozen", "{}", "the account is frozen"),
        ("RateSet", "AccountClosed", "{}", "the account is closed"),
        ("RateSet", "PeriodClosed", '{"through":"2199-12-31"}', "the period up to 2199-12-31 is closed"),
        ("RateSet", "Nonsense", "{}", "cannot be read"),
        ("RateSet", "UserErased", "{}", "no account stream has such an event"),
        ("RateSet", "AccountOpened", '{"name":"s1.x","kind":"cash","currency":"EUR"}', "cannot follow"),
    ],
)
async def test_an_event_that_cannot_stand_there_is_found(
    database: Database, kind: str, type_: str, payload: str, what: str
) -> None:
    """Another event in the place of a true one, under true hashes: what comes after it breaks a rule, or it does itself."""
    async with open_ledger(database) as bank:
        ada = await bank.person("EUR", 5_00)
        now = datetime.now(UTC)
        booked(await bank.change(ada, accounts.SetRate(at=now, annual_rate_percent=Decimal(1))))
        booked(await bank.withdraw(ada, 1_00))
    async with tampering(database) as connection:
        await connection.execute("UPDATE log.event SET type = $1, payload = $2 WHERE type = $3", type_, payload, kind)
        await rehash(connection)
        report = await verified(connection, models=())
        assert [fault.kind for fault in report.faults if what in fault.what] == ["event"]


async def test_appends_go_on_while_it_verifies(database: Database) -> None:
    """What is appended meanwhile is neither looked at nor taken for a fault."""
    async with open_ledger(database) as bank:
        people = await live(bank)
        done = asyncio.Event()

        async def pay() -> int:
            number = 0
            while not done.is_set():
                booked(await bank.deposit(people[0], 1, key=f"meanwhile {number}"))
                number += 1
            return number

        paying = asyncio.create_task(pay())
        async with auditing(database.role_urls["auditor"]) as connection:
            for _ in range(10):
                report = await verify(connection, OneAfterTheOther(connection))
                assert report.faults == ()
        done.set()
        assert await paying > 10


async def test_processes_find_what_one_process_finds(database: Database) -> None:
    """Segments and users can be looked at side by side: the same report, in processes of their own."""
    async with lived_in(database):
        pass
    url = database.role_urls["auditor"]
    database.run_sql(
        "ALTER TABLE log.event DISABLE TRIGGER ALL; DELETE FROM log.event WHERE position = 30;"
        "UPDATE log.event SET payload = '{}' WHERE position = 50"
    )
    async with auditing(url) as connection:
        alone = await verify(connection, OneAfterTheOther(connection), models=MODELS)
        with Processes(url, 2) as processes:
            together = await verify(connection, processes, models=MODELS)
    assert [fault.position for fault in alone.faults[:2]] == [30, 50]
    assert sorted(alone.faults, key=repr) == sorted(together.faults, key=repr)
    assert alone.books == together.books
