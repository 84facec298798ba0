"""Row level security alone: with every WHERE clause taken away a role sees one tenant's rows, in every table and view."""

import asyncpg
import pytest

from tests.conftest import Database
from tests.projector.projecting_tools import projector
from tests.support.ledgers import booked, open_ledger

TENANT_COLUMNS = ("user_id", "owner_id")
SHARED = {
    "log.log_head", "meta.migration", "publish.stream", "read.checkpoint", "read.lease", "webhook.lease",
}  # fmt: skip
"""Hold nothing of a user: counters, checkpoints, leases, the list of migrations."""


async def readable(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, str | None]:
    """Every table and view that this connection may read, and the column that says whose a row is."""
    rows = await connection.fetch(
        """SELECT n.nspname || '.' || c.relname AS name,
                (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = ANY ($1)) AS tenant
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema)'
                AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')""",
        list(TENANT_COLUMNS),
    )
    return {row["name"]: row["tenant"] for row in rows}


@pytest.mark.parametrize("role", ["api", "twin"])
async def test_bare_tables_show_one_tenant(database: Database, role: str) -> None:
    """No tenant set: no rows. One set: the tenant's own, in each table that has rows at all. Also with the planner's tricks."""
    async with open_ledger(database) as bank, projector(database) as running:
        anna, ben = await bank.person(balance_minor=500_00), await bank.person(balance_minor=500_00)
        booked(await bank.transfer(anna, ben, 300, key="k"))
        booked(await bank.withdraw(anna, 450_00))
        booked(await bank.withdraw(ben, 450_00))
        await running.caught_up()
    connection = await asyncpg.connect(database.role_urls[role])
    try:
        tables = await readable(connection)
        assert {name for name, tenant in tables.items() if tenant is None} <= SHARED
        own = [name for name, tenant in tables.items() if tenant is not None]
        assert len(own) >= (20 if role == "api" else 2)
        filled = set()
        for name in own:
            column = tables[name]
            assert await connection.fetch(f"SELECT * FROM {name}") == [], name
            for tenant in (anna, ben):
                async with connection.transaction():
                    await connection.execute("SELECT set_config('fintwin.user_id', $1, true)", str(tenant))
                    seen = {row[0] for row in await connection.fetch(f"SELECT {column} FROM {name}")}
                    assert seen <= {tenant}, name
                    other = ben if tenant == anna else anna
                    # A predicate that would leak what it is shown must not be asked before the policy.
                    sneaky = f"SELECT count(*) FROM {name} WHERE {column} = $1 OR 1 / (1 - ({column} = $1)::int) < 0"
                    assert await connection.fetchval(sneaky, other) == 0, name
                    filled |= {name} if seen else set()
        assert {"log.event", "log.stream_head"} <= filled
        if role == "api":
            assert {name.partition("_v")[0] for name in filled} >= {
                "read.statement",
                "read.notification",
                "read.account",
            }
    finally:
        await connection.close()
