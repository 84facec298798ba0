import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe

import asyncpg
import pytest

from fintwin.embedded import EmbeddedServers
from fintwin.settings import sql_folder
from fintwin.store.migrate import MigrationError, checksum, migrate, migrations, pending
from tests.conftest import Database, reachable_folder
from tests.store.catalogue import SNAPSHOT, shape

ALL = [name for name, _ in migrations()]


@contextmanager
def empty_database(servers: EmbeddedServers, name: str) -> Iterator[str]:
    """The address of a database without anything in it."""
    servers.postgres.run_sql(f"CREATE DATABASE {name} TEMPLATE template0", database="postgres")
    try:
        yield servers.superuser_url_for(name)
    finally:
        servers.postgres.run_sql(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")


@pytest.fixture
def empty(servers: EmbeddedServers) -> Iterator[str]:
    """The address of a database that was never migrated."""
    with empty_database(servers, "never_migrated") as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the migrations that a test may change."""
    return shutil.copytree(sql_folder("migrations"), tmp_path / "migrations")


async def test_replayed_is_the_snapshot(empty: str) -> None:
    """All migrations on an empty database give exactly what tests/store/schema.txt shows."""
    await migrate(empty)
    expected = SNAPSHOT.read_text("utf-8")
    made = await shape(empty)
    changed = sorted(set(made.splitlines()) ^ set(expected.splitlines()))
    assert made == expected, "run `python -m tests.store.catalogue` and commit the difference:\n" + "\n".join(changed)


async def test_the_snapshot_sees_a_change(database: Database) -> None:
    """A right given by hand, a policy dropped or a function changed would show as another text."""
    before = await shape(database.superuser_url)
    for change in (
        "GRANT DELETE ON log.event TO fintwin_api",
        "DROP POLICY tenant ON log.event",
        "ALTER TABLE log.event NO FORCE ROW LEVEL SECURITY",
        "CREATE OR REPLACE FUNCTION log.tenant() RETURNS uuid LANGUAGE sql STABLE RETURN NULL::uuid",
        "DROP TRIGGER event_is_immutable ON log.event",
    ):
        database.run_sql(change)
        after = await shape(database.superuser_url)
        assert after != before, change
        before = after


async def test_migrating_twice_changes_nothing(empty: str) -> None:
    """The second run finds nothing to do."""
    assert await pending(empty) == ALL
    assert await migrate(empty) == ALL
    assert await pending(empty) == []
    assert await migrate(empty) == []


async def test_two_start_together(empty: str) -> None:
    """Of several processes that migrate at once, each migration is run by one, and all succeed."""
    ran = await asyncio.gather(*(migrate(empty) for _ in range(4)))
    assert sorted(name for one in ran for name in one) == ALL
    assert sum(bool(one) for one in ran) == 1


async def test_an_edited_migration_is_refused(database: Database, folder: Path) -> None:
    """A file that was changed after it had been run is noticed at the next start, whatever the change is."""
    file = next((folder / ALL[0]).glob("*.sql"))
    file.write_text(file.read_text("utf-8") + "\n-- harmless\n", "utf-8")
    with pytest.raises(MigrationError, match=f"{ALL[0]} was edited"):
        await migrate(database.superuser_url, folder=folder)


async def test_a_renamed_file_is_refused(database: Database, folder: Path) -> None:
    """So is one under another name, for names are the order."""
    file = next((folder / ALL[0]).glob("*.sql"))
    file.rename(file.with_name("999_last.sql"))
    with pytest.raises(MigrationError, match="was edited"):
        await migrate(database.superuser_url, folder=folder)


async def test_a_newer_database_is_refused(database: Database, folder: Path) -> None:
    """An older version of the program does not touch a database that it does not know."""
    shutil.rmtree(folder / ALL[-1])
    with pytest.raises(MigrationError, match=f"newer.*{ALL[-1]}"):
        await migrate(database.superuser_url, folder=folder)


async def test_a_lock_is_not_waited_for(database: Database, folder: Path) -> None:
    """A migration that meets somebody else's lock gives up in seconds, leaves nothing, and succeeds later."""
    (folder / "9000_later").mkdir()
    (folder / "9000_later" / "010_first.sql").write_text("CREATE TABLE log.first (n integer);", "utf-8")
    (folder / "9000_later" / "020_locked.sql").write_text("ALTER TABLE log.event ADD COLUMN later integer;", "utf-8")
    holder = await asyncpg.connect(database.superuser_url)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE log.event IN ACCESS SHARE MODE")
            begun = time.monotonic()
            with pytest.raises(MigrationError, match="locked by somebody else"):
                await migrate(database.superuser_url, folder=folder)
            assert time.monotonic() - begun < 15
        assert await holder.fetchval("SELECT to_regclass('log.first')") is None
    finally:
        await holder.close()
    assert await migrate(database.superuser_url, folder=folder) == ["9000_later"]


async def test_all_or_nothing(database: Database, folder: Path) -> None:
    """A migration that fails in its second file has not run its first."""
    (folder / "9000_later").mkdir()
    (folder / "9000_later" / "010_first.sql").write_text("CREATE TABLE log.first (n integer);", "utf-8")
    (folder / "9000_later" / "020_wrong.sql").write_text("SELECT 1/0;", "utf-8")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database.superuser_url, folder=folder)
    assert database.run_sql("SELECT to_regclass('log.first') IS NULL").strip() == "t"
    assert await pending(database.superuser_url, folder) == ["9000_later"]
    (folder / "9000_later" / "020_wrong.sql").write_text("SELECT 1;", "utf-8")
    assert await migrate(database.superuser_url, folder=folder) == ["9000_later"]


def test_checksums_keep_files_apart() -> None:
    """Text moved from one file to the next is a change."""
    assert checksum([("a", "xy"), ("b", "z")]) != checksum([("a", "x"), ("b", "yz")])


async def test_without_a_superuser() -> None:
    """An administrator who may create roles and owns the database is enough; passwords are set, dumps ask for more."""
    with reachable_folder() as place, EmbeddedServers(place / "data") as servers:
        word = token_urlsafe(16)
        servers.postgres.run_sql(
            f"CREATE ROLE admin LOGIN CREATEROLE PASSWORD '{word}'; CREATE DATABASE theirs OWNER admin",
            database="postgres",
        )
        url = servers.postgres.url("admin", word, "theirs")
        assert await migrate(url, servers.role_passwords) == ALL
        assert await migrate(url, servers.role_passwords) == []
        api = await asyncpg.connect(servers.role_urls_for("theirs")["api"])
        try:
            assert await api.fetch("SELECT * FROM log.event") == []
        finally:
            await api.close()
        superuser = servers.superuser_url_for("theirs")
        backup = next(line for line in (await shape(superuser)).splitlines() if line.startswith("fintwin_backup"))
        assert "bypassrls" not in backup
