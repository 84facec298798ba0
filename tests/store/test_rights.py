"""The catalogue as a whole: rules that every table and function has to follow, those of later migrations too."""

import asyncpg
import pytest

from fintwin.embedded import EmbeddedServers
from tests.conftest import Database

OURS = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'public')"


async def rows(database: Database, sql: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return sorted(tuple(row) for row in await connection.fetch(sql))
    finally:
        await connection.close()


async def test_user_data_is_behind_policies(module_database: Database) -> None:
    """Every table with a user_id has row level security, forced on its owner too."""
    found = await rows(
        module_database,
        f"""SELECT n.nspname || '.' || c.relname, c.relrowsecurity, c.relforcerowsecurity
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname {OURS} AND c.relkind IN ('r', 'p', 'm', 'f') AND EXISTS (
                SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('user_id', 'owner_id'))""",
    )
    assert len(found) >= 5
    assert [name for name, enabled, forced in found if not (enabled and forced)] == []


async def test_tables_without_policies_hold_no_user_data(module_database: Database) -> None:
    """The tables without policies are known, each for a reason: counters, checkpoints, the list of migrations."""
    found = await rows(
        module_database,
        f"""SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname {OURS} AND c.relkind IN ('r', 'p', 'm', 'f', 'v') AND NOT c.relforcerowsecurity""",
    )
    assert {name for (name,) in found} <= {
        "log.log_head",
        "meta.migration",
        "publish.stream",
        "read.checkpoint",
        "read.lease",
        "webhook.lease",
    }


async def test_who_owns_what(module_database: Database) -> None:
    """The owner owns everything, the append role its functions, the projector what it builds in `read`; nobody else anything."""
    found = await rows(
        module_database,
        f"""SELECT 'table ' || n.nspname, c.relowner::regrole::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname {OURS} AND n.nspname NOT LIKE 'pg\\_%'
            UNION SELECT 'function ' || n.nspname, p.proowner::regrole::text FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname {OURS}
            UNION SELECT 'type ' || n.nspname, t.typowner::regrole::text FROM pg_type t
                JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname {OURS} AND n.nspname NOT LIKE 'pg\\_%'
            UNION SELECT 'schema ' || n.nspname, n.nspowner::regrole::text FROM pg_namespace n
                WHERE n.nspname {OURS} AND n.nspname NOT LIKE 'pg\\_%'""",
    )
    owners = {what: {owner for name, owner in found if name == what} for what, _ in found}
    for what, who in owners.items():
        expected = {"fintwin_owner"}
        if what == "function log":
            expected = {"fintwin_owner", "fintwin_append"}
        if what.endswith(" read"):
            expected = {"fintwin_owner", "fintwin_projector"}
        assert who <= expected, what


async def test_definer_functions_fix_their_search_path(module_database: Database) -> None:
    """A function that runs with its owner's rights looks names up where no caller can put anything."""
    found = await rows(
        module_database,
        f"""SELECT n.nspname || '.' || p.proname, p.proowner::regrole::text, coalesce(array_to_string(p.proconfig, ';'), '')
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname {OURS} AND p.prosecdef""",
    )
    assert {"log.append", "log.load_heads"} <= {name for name, _, _ in found}
    for name, owner, config in found:
        assert "search_path=pg_catalog, pg_temp" in config.split(";"), name
        assert owner == "fintwin_append", f"{name} runs with the rights of {owner}"


async def test_every_function_fixes_its_search_path(module_database: Database) -> None:
    """So does every other function with a body that is looked up when it runs."""
    found = await rows(
        module_database,
        f"""SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname {OURS} AND p.prosqlbody IS NULL
                AND NOT coalesce(array_to_string(p.proconfig, ';'), '') LIKE '%search\\_path=pg\\_catalog%'""",
    )
    assert found == []


async def test_nothing_for_everybody(module_database: Database) -> None:
    """PUBLIC may run no function of ours and read nothing but the list of migrations."""
    functions = await rows(
        module_database,
        f"""SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
                aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
            WHERE n.nspname {OURS} AND a.grantee = 0""",
    )
    assert functions == []
    relations = await rows(
        module_database,
        f"""SELECT n.nspname || '.' || c.relname, a.privilege_type
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
            WHERE n.nspname {OURS} AND a.grantee = 0""",
    )
    assert relations == [("meta.migration", "SELECT")]
    schemas = await rows(
        module_database,
        """SELECT n.nspname, a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a
            WHERE a.grantee = 0 AND a.privilege_type = 'CREATE'""",
    )
    assert schemas == []


async def test_roles_are_plain(module_database: Database) -> None:
    """No role is a superuser or makes roles; only dumps pass by the policies; who logs in is nobody's member."""
    found = await rows(
        module_database,
        """SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication, rolbypassrls,
                ARRAY(SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid)
            FROM pg_roles r WHERE rolname LIKE 'fintwin\\_%'""",
    )
    assert {name for name, login, *_ in found if not login} == {"fintwin_owner", "fintwin_append"}
    assert [name for name, _, mighty, *_ in found if mighty] == []
    assert [name for name, _, _, bypass, _ in found if bypass] == ["fintwin_backup"]
    assert {name: member_of for name, *_, member_of in found if member_of} == {"fintwin_owner": ["fintwin_append"]}


async def test_time_limits(module_database: Database) -> None:
    """Every role but that of dumps has a limit for statements and for idle transactions."""
    found = await rows(
        module_database,
        """SELECT r.rolname, coalesce(array_to_string(s.setconfig, ';'), '') FROM pg_roles r
            LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0
            WHERE r.rolname LIKE 'fintwin\\_%' AND r.rolcanlogin AND r.rolname <> 'fintwin_backup'""",
    )
    for name, config in found:
        assert "statement_timeout=" in config, name
        assert "idle_in_transaction_session_timeout=" in config, name


@pytest.mark.parametrize("database", ["fintwin"])
def test_not_everybody_connects(servers: EmbeddedServers, database: str) -> None:
    """The migrated database lets in the roles that were granted it, not every role of the cluster."""
    allowed = servers.postgres.run_sql(
        "SELECT count(*) FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = current_database() AND a.grantee = 0",
        database=database,
    )
    assert allowed.strip() == "0"
