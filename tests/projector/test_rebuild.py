import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from fintwin.domain.streams import Recorded
from fintwin.projections import accounts, statements
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import Changes, UserRows
from fintwin.projector.rebuild import RebuildError, Report, rebuild, rebuild_all
from fintwin.projector.sources import sources_of
from fintwin.store import building, reading
from fintwin.store.connect import open_pool
from tests.conftest import Database
from tests.projector.projecting_tools import assert_as_in_memory, people_at_work, projector
from tests.support.ledgers import open_ledger


async def test_rebuild_under_load(database: Database) -> None:
    """While people write and read, every read model is rebuilt: nobody sees less than before, and no row differs."""
    async with open_ledger(database) as bank, projector(database) as running:
        pool = await open_pool(database.role_urls["projector"], size_max=4)
        try:
            async with people_at_work(bank):
                for model in READ_MODELS:
                    report = await rebuild(pool, model, sources_of(model))
                    expected = Report(model.name, version=2, events=report.events, compared=True, differing_rows=0)
                    assert report == expected, model.name
        finally:
            await pool.close()
        await running.caught_up()
        await assert_as_in_memory(database, running.pool)


async def test_one_that_cannot_be_rebuilt_leaves_the_others(database: Database) -> None:
    """In one pass a fold that fails is given up and named, with no table left; the others are compared and switched."""

    def fold(_rows: UserRows, _events: Sequence[Recorded]) -> Changes:
        msg = "cannot take this"
        raise ValueError(msg)

    broken = msgspec.structs.replace(accounts.MODEL, fold=fold)
    async with open_ledger(database) as bank, projector(database) as running:
        await bank.person("EUR", 5_00)
        await running.caught_up()
        wanted = [(model, sources_of(model)) for model in (broken, statements.MODEL)]
        with pytest.raises(
            RebuildError, match=r"accounts cannot take the event at position \d+: ValueError: cannot take this"
        ):
            await rebuild_all(running.pool, wanted)
        async with running.pool.acquire() as connection:
            builds = {(one.model, one.version, one.state) for one in await building.builds(connection)}
        assert {one for one in builds if one[0] in {"accounts", "statements"}} == {
            ("accounts", 1, "live"), ("statements", 1, "kept"), ("statements", 2, "live")
        }  # fmt: skip


async def test_the_build_before_is_kept_until_the_next(database: Database) -> None:
    """After a second rebuild the first build's tables are gone and the second's are there."""
    async with open_ledger(database) as bank, projector(database) as running:
        await bank.person("EUR", 5_00)
        await running.caught_up()
        for _ in range(2):
            await rebuild(running.pool, accounts.MODEL, sources_of(accounts.MODEL))
        async with running.pool.acquire() as connection:
            builds = [(one.version, one.state) for one in await building.builds(connection) if one.model == "accounts"]
            tables = await connection.fetch(
                "SELECT relname FROM pg_class WHERE relname ~ '^account_v' AND relkind = 'r' ORDER BY relname"
            )
        assert builds == [(2, "kept"), (3, "live")]
        assert [row["relname"] for row in tables] == ["account_v2", "account_v3"]


async def test_a_wrong_row_is_found(database: Database) -> None:
    """A live row that the log does not account for is counted by the comparison and gone after the switch."""
    async with open_ledger(database) as bank, projector(database) as running:
        anna = await bank.person("EUR", 5_00)
        await running.caught_up()
        database.run_sql("UPDATE read.account_v1 SET balance_minor = 6_00")
        report = await rebuild(running.pool, accounts.MODEL, sources_of(accounts.MODEL))
        assert (report.compared, report.differing_rows) == (True, 2)
        (account,) = (await reading.accounts(bank.pool, anna)).value
        assert account.balance_minor == 5_00


@pytest.mark.parametrize("part", ["fold_hash", "table_hash"])
async def test_a_changed_fold_or_table_is_rebuilt_at_start(database: Database, part: str) -> None:
    """A projector that finds tables of another fold builds new ones and switches; readers get old rows at no time."""
    async with open_ledger(database) as bank:
        async with projector(database) as running:
            anna = await bank.person("EUR", 5_00)
            await running.caught_up()

        def changed(model: object) -> building.Sources:
            sources = sources_of(model)  # type: ignore[arg-type]
            return msgspec.structs.replace(sources, **{part: "another"}) if model is statements.MODEL else sources

        await bank.deposit(anna, 1_00)
        async with projector(database, sources=changed) as running:
            rows = (await reading.transactions(bank.pool, anna, reading.Filter())).value
            assert [row.amount_minor for row in rows] == [1_00, 5_00]
            async with running.pool.acquire() as connection:
                states = {(one.model, one.version): one.state for one in await building.builds(connection)}
            assert states["statements", 1] == "kept"
            assert states["statements", 2] == "live"
            assert states["accounts", 1] == "live"


async def test_changed_queries_are_installed_without_a_rebuild(database: Database) -> None:
    """Another text of queries.sql replaces the functions and leaves the tables."""
    async with open_ledger(database) as bank:
        async with projector(database) as running:
            anna = await bank.person("EUR", 5_00)
            await running.caught_up()

        def changed(model: object) -> building.Sources:
            sources = sources_of(model)  # type: ignore[arg-type]
            if model is not accounts.MODEL:
                return sources
            queries = sources.queries.replace(
                "ORDER BY a.opened_at", "AND a.balance_minor > 1000000 ORDER BY a.opened_at"
            )
            return msgspec.structs.replace(sources, queries=queries, queries_hash="another")

        assert len((await reading.accounts(bank.pool, anna)).value) == 1
        async with projector(database, sources=changed) as running:
            for _ in range(500):
                if not (await reading.accounts(bank.pool, anna)).value:
                    break
                await asyncio.sleep(0.01)
            assert (await reading.accounts(bank.pool, anna)).value == []
            async with running.pool.acquire() as connection:
                assert {one.version for one in await building.builds(connection)} == {1}
