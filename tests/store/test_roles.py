"""Who may do what: every role tries what it must not, on the real database with its own connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from fintwin.store import read
from fintwin.store.append import Batch, Verdict, append
from fintwin.store.connect import open_pool
from tests.conftest import Database
from tests.support.ledgers import booked, open_ledger

ROLES = ("api", "twin", "projector", "publisher", "auditor", "identity", "eraser", "backup")
TABLES = ("log.event", "log.stream_head", "log.idempotency", "log.reversal", "log.log_head", "vault.user_key")
CHANGES = {
    "INSERT": "INSERT INTO {0} SELECT * FROM {0} LIMIT 1",
    "INSERT DEFAULT": "INSERT INTO {0} DEFAULT VALUES",
    "UPDATE": "UPDATE {0} SET {1} = {1}",
    "DELETE": "DELETE FROM {0}",
    "TRUNCATE": "TRUNCATE {0}",
}
COLUMN = {"log.log_head": "shard"}
ALLOWED = {
    ("identity", "vault.user_key", "INSERT"),
    ("identity", "vault.user_key", "INSERT DEFAULT"),
    ("eraser", "vault.user_key", "DELETE"),
}
DENIED = asyncpg.InsufficientPrivilegeError


@pytest.fixture(scope="module")
def people(module_database: Database) -> tuple[Database, UUID, UUID]:
    """A database with two users who have paid each other."""

    async def fill() -> tuple[UUID, UUID]:
        async with open_ledger(module_database) as bank:
            anna, ben = await bank.person(balance_minor=1000), await bank.person(balance_minor=1000)
            booked(await bank.transfer(anna, ben, 300, key="k"))
            booked(await bank.transfer(ben, anna, 100, key="k"))
            received = [one async for one in read.history(bank.pool, ben) if one.type == "TransferReceived"]
            from tests.support.ledgers import request_of

            booked(await bank.ledger.reverse(request_of(ben, {}), received[0].transaction_id))
            return anna, ben

    return module_database, *asyncio.run(fill())


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url)
    try:
        # What a role may do is for grants to say, not for a setting that it could change itself.
        await connection.execute("SET default_transaction_read_only = off")
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", TABLES)
async def test_nobody_changes_the_log(people: tuple[Database, UUID, UUID], role: str, table: str) -> None:
    """No role that logs in may insert, update, delete or truncate: neither events nor what is derived from them."""
    database, anna, _ = people
    async with connected(database.role_urls[role]) as connection:
        for change, sql in CHANGES.items():
            async with connection.transaction():
                await connection.execute("SELECT set_config('fintwin.user_id', $1, true)", str(anna))
                if (role, table, change) in ALLOWED:
                    continue
                with pytest.raises(DENIED, match="permission denied"):
                    async with connection.transaction():
                        await connection.execute(sql.format(table, COLUMN.get(table, "user_id")))


@pytest.mark.parametrize("change", ["UPDATE", "DELETE", "TRUNCATE"])
@pytest.mark.parametrize("who", ["fintwin_owner", "postgres"])
async def test_the_owner_meets_the_trigger(people: tuple[Database, UUID, UUID], change: str, who: str) -> None:
    """Even who owns the table, even a superuser, is told that events stay as they are."""
    database, _, _ = people
    async with connected(database.superuser_url) as connection:
        await connection.execute(f"SET ROLE {who}")
        with pytest.raises(DENIED, match="events are never changed or removed"):
            await connection.execute(CHANGES[change].format("log.event", "user_id"))


async def test_the_trigger_is_not_for_replicas_only(people: tuple[Database, UUID, UUID]) -> None:
    """Switching triggers off for a session, as restore tools do, does not open the log."""
    database, _, _ = people
    async with connected(database.superuser_url) as connection:
        await connection.execute("SET session_replication_role = replica")
        with pytest.raises(DENIED, match="events are never changed"):
            await connection.execute("DELETE FROM log.event")


@pytest.mark.parametrize("table", [one for one in TABLES if one != "log.log_head"])
async def test_the_owner_sees_no_user(people: tuple[Database, UUID, UUID], table: str) -> None:
    """Row level security is forced: the tables' owner sees no user's rows, with or without a tenant."""
    database, anna, _ = people
    async with connected(database.superuser_url) as connection:
        await connection.execute("SET ROLE fintwin_owner")
        assert await connection.fetch(f"SELECT * FROM {table}") == []
        async with connection.transaction():
            await connection.execute("SELECT set_config('fintwin.user_id', $1, true)", str(anna))
            assert await connection.fetch(f"SELECT * FROM {table}") == []


async def test_the_owner_inserts_nothing(people: tuple[Database, UUID, UUID]) -> None:
    """The owner has no policy to insert events under: only the append function's role does."""
    database, _, _ = people
    async with connected(database.superuser_url) as connection:
        row = await connection.fetchrow("SELECT * FROM log.event ORDER BY position DESC LIMIT 1")
        assert row is not None
        await connection.execute("SET ROLE fintwin_owner")
        with pytest.raises(DENIED, match="row-level security"):
            await connection.execute(
                f"INSERT INTO log.event VALUES ({', '.join(f'${n}' for n in range(1, len(row) + 1))})",
                *(value if name != "position" else value + 1 for name, value in row.items()),
            )


@pytest.mark.parametrize("role", ["api", "twin"])
async def test_no_tenant_no_rows(people: tuple[Database, UUID, UUID], role: str) -> None:
    """Without a tenant there are no rows, with one only the tenant's own, with nonsense an error or nothing."""
    database, anna, ben = people
    tables = [
        "log.event",
        "log.stream_head",
        *(["log.idempotency", "log.reversal", "vault.user_key"] if role == "api" else []),
    ]
    async with connected(database.role_urls[role]) as connection:
        for table in tables:
            assert await connection.fetch(f"SELECT * FROM {table}") == []
            for tenant in ("", str(uuid7())):
                async with connection.transaction():
                    await connection.execute("SELECT set_config('fintwin.user_id', $1, true)", tenant)
                    assert await connection.fetch(f"SELECT * FROM {table}") == []
            for tenant in (anna, ben):
                async with connection.transaction():
                    await connection.execute("SELECT set_config('fintwin.user_id', $1, true)", str(tenant))
                    seen = {row["user_id"] for row in await connection.fetch(f"SELECT user_id FROM {table}")}
                    assert seen <= {tenant}
                    assert seen or table == "log.reversal"
            assert await connection.fetch(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize("role", ["identity", "eraser"])
async def test_keys_of_one_user_at_a_time(people: tuple[Database, UUID, UUID], role: str) -> None:
    """Who makes or destroys keys sees that one user's key, and no events."""
    database, anna, ben = people
    async with connected(database.role_urls[role]) as connection:
        assert await connection.fetch("SELECT * FROM vault.user_key") == []
        async with connection.transaction():
            await connection.execute("SELECT set_config('fintwin.user_id', $1, true)", str(anna))
            assert [row["user_id"] for row in await connection.fetch("SELECT user_id FROM vault.user_key")] == [anna]
        with pytest.raises(DENIED):
            await connection.fetch("SELECT * FROM log.event")
        if role == "eraser":
            async with connection.transaction():
                await connection.execute("SELECT set_config('fintwin.user_id', $1, true)", str(ben))
                assert await connection.execute("DELETE FROM vault.user_key WHERE user_id = $1", anna) == "DELETE 0"


@pytest.mark.parametrize("role", ["twin", "projector", "publisher", "backup"])
async def test_keys_are_not_for_all(people: tuple[Database, UUID, UUID], role: str) -> None:
    """The users' keys are out of reach of twin, projector, publisher, and of ordinary dumps."""
    database, _, _ = people
    async with connected(database.role_urls[role]) as connection:
        with pytest.raises(DENIED):
            await connection.fetch("SELECT * FROM vault.user_key")


@pytest.mark.parametrize("role", ["projector", "publisher", "auditor", "backup"])
async def test_who_reads_everything(people: tuple[Database, UUID, UUID], role: str) -> None:
    """Projector, publisher, auditor and dumps see the events of all users without a tenant."""
    database, anna, ben = people
    async with connected(database.role_urls[role]) as connection:
        seen = {row["user_id"] for row in await connection.fetch("SELECT DISTINCT user_id FROM log.event")}
    assert seen == {anna, ben}


@pytest.mark.parametrize("role", [one for one in ROLES if one != "api"])
async def test_only_the_api_appends(people: tuple[Database, UUID, UUID], role: str) -> None:
    """Nobody but the API's role may call the functions that write or load heads."""
    database, _, _ = people
    async with connected(database.role_urls[role]) as connection:
        with pytest.raises(DENIED):
            await append(connection, Batch())
        with pytest.raises(DENIED):
            await connection.fetch("SELECT * FROM log.load_heads(0, false, '{}', '{}', '{}')")


async def test_an_empty_batch_is_no_harm(people: tuple[Database, UUID, UUID]) -> None:
    """The API's role may call it, and with nothing to append nothing happens."""
    database, _, _ = people
    async with connected(database.role_urls["api"]) as connection:
        before = await connection.fetchval("SELECT position FROM log.log_head")
        assert (await append(connection, Batch())).verdicts == []
        assert await connection.fetchval("SELECT position FROM log.log_head") == before


async def test_reading_leaves_no_tenant_behind(people: tuple[Database, UUID, UUID]) -> None:
    """After a read the connection goes back to the pool without a tenant: the next one to use it sees nothing."""
    database, anna, ben = people
    async with await open_pool(database.role_urls["api"], size_max=1) as pool:
        assert {one.user_id for one in await read.events(pool, anna)} == {anna}
        assert await pool.fetchval("SELECT log.tenant()") is None
        assert await pool.fetch("SELECT * FROM log.event") == []
        assert {one.user_id for one in await read.events(pool, ben)} == {ben}
        assert await read.transaction(pool, anna, (await read.events(pool, ben))[0].transaction_id) == []
        foreign = (await read.heads(pool, ben))[0].stream
        assert await read.one_head(pool, anna, foreign) is None


async def test_verdicts_are_the_functions_own(people: tuple[Database, UUID, UUID]) -> None:
    """The numbers in Python are those that the comment of the function lists."""
    from fintwin.settings import sql_folder

    text = (sql_folder("migrations") / "0001_event_log" / "090_append.sql").read_text("utf-8")
    comment = text[text.index("Status per command") : text.index("CREATE TYPE")]
    for verdict in Verdict:
        assert f"{verdict.value} " in comment
