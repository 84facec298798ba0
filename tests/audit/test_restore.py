import re
from collections.abc import Callable

import pytest

from fintwin.audit.export import events_export
from fintwin.audit.restore import RestoreError, restore
from fintwin.store.auditing import auditing, log_end
from fintwin.store.restoring import NotEmptyError
from tests.audit.books import lived_in
from tests.conftest import Database, fresh_database
from tests.projector.projecting_tools import projector
from tests.support.ledgers import booked, open_ledger
from tests.support.log_check import problems_of

TABLES = ("event", "stream_head", "log_head", "idempotency", "reversal")


async def exported(database: Database) -> list[bytes]:
    """The lines of the log as a file."""
    async with auditing(database.role_urls["auditor"]) as connection:
        end = await log_end(connection)
        return b"".join([part async for part in events_export(connection, user=None, until=end.position)]).splitlines()


def everything(database: Database) -> str:
    """Every row of the write side."""
    return "".join(database.run_sql(f"SELECT t::text FROM log.{table} t ORDER BY 1") for table in TABLES)


async def test_a_restored_log_is_the_same_log(database: Database) -> None:
    """Events, hashes, heads, keys and reversals are the same rows, and the ledger goes on from there."""
    async with lived_in(database) as people:
        pass
    lines = await exported(database)
    with fresh_database(database.servers) as other:
        report = await restore(other.superuser_url, lines)
        assert report.sound
        assert everything(other) == everything(database)
        assert "fintwin" not in other.run_sql(
            "SELECT relname FROM pg_class WHERE relname = 'event' AND NOT relforcerowsecurity"
        )
        async with projector(other) as running:
            await running.caught_up()
        async with open_ledger(other) as bank:
            await bank.vault.create(bank.identity, people[0])
            again = booked(await bank.deposit(people[0], 1_00))
            assert again.position == report.position + 1
        assert await problems_of(other) == []


async def test_only_an_empty_log_is_restored(database: Database) -> None:
    """What is there is never touched."""
    async with lived_in(database, projected=False):
        pass
    lines = await exported(database)
    before = everything(database)
    with pytest.raises(NotEmptyError):
        await restore(database.superuser_url, lines)
    assert everything(database) == before


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda lines: [*lines[:40], *lines[41:]], "position 41 follows position 39"),
        (lambda lines: lines[1:], "does not begin like an exported log"),
        (lambda lines: [line for line in lines if b'"event","shard":0,"position":110,' not in line], "first line says"),
        (
            lambda lines: [re.sub(rb'amount_minor\\":(\d)', rb'amount_minor\\":7\1', line) for line in lines],
            "not the one",
        ),
        (lambda lines: [*lines[:1], *lines], "second beginning"),
        (lambda lines: [lines[0], b"not json"], "Line 2"),
        (lambda lines: lines[:0], "empty"),
        (lambda lines: [re.sub(rb'"balance_minor":\d+', b'"balance_minor":5', line) for line in lines], "not sound"),
        (lambda lines: [re.sub(rb'"digest":"..', b'"digest":"00', line) for line in lines], "not the one"),
    ],
)
async def test_a_harmed_file_is_refused_as_a_whole(
    database: Database, harm: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    """Lines missing, changed, doubled: the log stays empty, and the error says where."""
    async with lived_in(database, projected=False):
        pass
    lines = await exported(database)
    with fresh_database(database.servers) as other:
        with pytest.raises(RestoreError, match=said):
            await restore(other.superuser_url, harm(lines))
        assert everything(other).count("(") == 1  # the end of an empty log
        assert (await restore(other.superuser_url, lines)).sound
