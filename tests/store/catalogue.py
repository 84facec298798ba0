"""The shape of a migrated database as stable text: what is there, who owns it, who may do what.

`tests/store/schema.txt` is that text. A change of the schema shows as a change of the text in the same commit:

    python -m tests.store.catalogue     # writes it anew, from a database of its own
"""

# ruff: noqa: E501  one query a line reads better than one wrapped over ten

import asyncio
import re
from pathlib import Path

import asyncpg

SNAPSHOT = Path(__file__).with_name("schema.txt")
SCHEMAS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'public')"

QUERIES = {
    "schemas": f"SELECT format('%I owner %I: %s', n.nspname, r.rolname, n.nspacl) FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE {SCHEMAS}",
    "tables": f"""
        SELECT format('%I.%I owner %I: %s%s%s %s', n.nspname, c.relname, r.rolname,
                CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'p' THEN 'partitioned' WHEN 'c' THEN 'type' ELSE c.relkind::text END,
                CASE WHEN c.relrowsecurity THEN ' rls' ELSE '' END, CASE WHEN c.relforcerowsecurity THEN ' forced' ELSE '' END,
                coalesce(c.reloptions::text, ''))
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
            WHERE {SCHEMAS} AND c.relkind NOT IN ('i', 't', 'I')""",
    "rights on tables": f"""
        SELECT format('%I.%I %s: %s', n.nspname, c.relname, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type))
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(c.relacl) a
            WHERE {SCHEMAS} AND a.grantee <> c.relowner GROUP BY n.nspname, c.relname, a.grantee""",
    "columns": f"""
        SELECT format('%I.%I.%s %I %s%s%s', n.nspname, c.relname, lpad(a.attnum::text, 2, '0'), a.attname,
                format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
                ' default ' || pg_get_expr(d.adbin, d.adrelid))
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE {SCHEMAS} AND c.relkind IN ('r', 'v', 'p', 'c') AND a.attnum > 0 AND NOT a.attisdropped""",
    "indexes": f"SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {SCHEMAS}",
    "constraints": f"SELECT format('%I.%I %I %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {SCHEMAS} AND k.contype <> 'n'",
    "policies": "SELECT format('%I.%I %I %s to %s using %s check %s', schemaname, tablename, policyname, cmd, array_to_string(ARRAY(SELECT unnest(roles) ORDER BY 1), ', '), qual, with_check) FROM pg_policies",
    "triggers": f"SELECT format('%s (%s)', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {SCHEMAS} AND NOT t.tgisinternal",
    "functions": f"""
        SELECT format('%I.%I(%s) returns %s owner %I %s%s %s md5 %s: %s', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid),
                pg_get_function_result(p.oid), r.rolname, p.provolatile, CASE WHEN p.prosecdef THEN ' definer' ELSE '' END,
                p.proconfig, md5(pg_get_functiondef(p.oid)),
                (SELECT string_agg(CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ', ' ORDER BY a.grantee::regrole::text)
                    FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner))
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner WHERE {SCHEMAS}""",
    "roles": """
        SELECT format('%I%s%s%s%s%s%s in %s set %s', r.rolname, CASE WHEN r.rolcanlogin THEN ' login' ELSE '' END,
                CASE WHEN r.rolinherit THEN '' ELSE ' noinherit' END, CASE WHEN r.rolsuper THEN ' super' ELSE '' END, CASE WHEN r.rolbypassrls THEN ' bypassrls' ELSE '' END,
                CASE WHEN r.rolcreaterole THEN ' createrole' ELSE '' END, CASE WHEN r.rolcreatedb THEN ' createdb' ELSE '' END,
                ARRAY(SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid ORDER BY 1)::text,
                (SELECT ARRAY(SELECT unnest(s.setconfig) ORDER BY 1)::text FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0))
            FROM pg_roles r WHERE r.rolname LIKE 'fintwin\\_%'""",
}  # fmt: skip


async def shape(url: str) -> str:
    """The text for the database at this address (of a superuser)."""
    connection = await asyncpg.connect(url)
    try:
        # Names are always written with their schema, whatever the session would find without it.
        await connection.execute("SET search_path = ''")
        parts = []
        for title, query in QUERIES.items():
            lines = sorted(re.sub(r"\s+", " ", row[0]).strip() for row in await connection.fetch(query))
            parts.append("\n".join([f"# {title}", *lines]))
        return "\n\n".join(parts) + "\n"
    finally:
        await connection.close()


def main() -> None:
    """Write the snapshot of the migrations as they are."""
    from fintwin.embedded import EmbeddedServers
    from fintwin.store.migrate import migrate
    from tests.conftest import reachable_folder

    async def fresh(url: str, passwords: dict[str, str]) -> str:
        await migrate(url, passwords)
        return await shape(url)

    with reachable_folder() as folder, EmbeddedServers(folder / "data") as servers:
        SNAPSHOT.write_text(asyncio.run(fresh(servers.superuser_url, servers.role_passwords)), "utf-8")


if __name__ == "__main__":
    main()
