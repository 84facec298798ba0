"""Builds of read models: making their tables, switching readers to them, comparing two, dropping old ones.

``projections/<model>/table.sql`` and ``queries.sql`` say ``_vN`` where a build's number belongs. A model's functions are
made anew at the switch, in the transaction that makes the build the live one: readers see the one or the other.

>>> numbered("CREATE TABLE read.account_vN ();", 3)
'CREATE TABLE read.account_v3 ();'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from fintwin.projections.model import ReadModel
from fintwin.store.connect import Connection
from fintwin.store.lease import SupersededError
from fintwin.store.projecting import stored_table
from fintwin.store.shard import SHARD

_NUMBER: Final = re.compile(r"_vN(?![A-Za-z0-9])")
_PROTECT: Final = re.compile(r"^SELECT read\.protect\([^)]*\);$", re.MULTILINE)
_FUNCTION: Final = re.compile(r"CREATE OR REPLACE FUNCTION read\.(\w+)")
_FUNCTIONS: Final = """
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'read'::regnamespace AND p.proname = ANY ($1) AND p.proowner = current_user::regrole
"""
_BUILDS: Final = """
    SELECT model, version, position, state, fold_hash, table_hash, queries_hash, fault, fault_position
    FROM read.checkpoint WHERE shard = $1 ORDER BY model, version
"""

# Lists go to the database as JSON: for an array the driver first asks what it is made of, which takes as long as the rest.
_LOCK: Final = """
    SELECT pg_advisory_xact_lock(hashtext('fintwin read build ' || m.name))
    FROM (SELECT name FROM json_array_elements_text($1) AS n(name) ORDER BY name) m
"""
_VERSIONS: Final = """
    SELECT m.name, coalesce(max(c.version), 0) + 1 FROM json_array_elements_text($1) AS m(name)
    LEFT JOIN read.checkpoint c ON c.model = m.name GROUP BY m.name
"""
_COLUMNS: Final = """
    SELECT t.name, string_agg(a.attname, ' ' ORDER BY a.attnum)
    FROM json_array_elements_text($1) AS t(name) JOIN pg_attribute a ON a.attrelid = t.name::regclass AND a.attnum > 0
    GROUP BY t.name
"""
_BEGUN: Final = """
    INSERT INTO read.checkpoint (model, version, shard, state, fold_hash, table_hash)
    SELECT b.model, b.version, $1, b.state, b.fold_hash, b.table_hash
    FROM json_to_recordset($2) AS b(model text, version integer, state text, fold_hash text, table_hash text)
"""


class TableMismatchError(Exception):
    """table.sql and the row's struct do not say the same columns."""


class Sources(msgspec.Struct, frozen=True):
    """The SQL of a read model, and hashes of what a build depends on."""

    table: str
    queries: str
    fold_hash: str
    table_hash: str
    queries_hash: str


class Build(msgspec.Struct, frozen=True):
    """One row of ``read.checkpoint``."""

    model: str
    version: int
    position: int
    state: str
    fold_hash: str
    table_hash: str
    queries_hash: str
    fault: str | None
    fault_position: int | None

    def is_of(self, sources: Sources) -> bool:
        """Whether fold and tables are still what this build was made by."""
        return self.fold_hash == sources.fold_hash and self.table_hash == sources.table_hash


def as_json(what: Any) -> str:
    """What the database takes apart again."""
    return msgspec.json.encode(what).decode()


def numbered(sql: str, version: int) -> str:
    """SQL with the number of a build."""
    return _NUMBER.sub(f"_v{version}", sql)


async def builds(connection: Connection) -> list[Build]:
    """All builds there are."""
    return [Build(*row) for row in await connection.fetch(_BUILDS, SHARD)]


async def create(connection: Connection, model: ReadModel, sources: Sources) -> Build:
    """Make the empty tables of a new build. Raises `TableMismatchError`."""
    return (await create_all(connection, [(model, sources)]))[0]


async def create_all(
    connection: Connection, wanted: Sequence[tuple[ReadModel, Sources]], *, filler: str | None = None
) -> list[Build]:
    """Make the empty tables of new builds, all or none. Raises `TableMismatchError`.

    Nobody but their owner may see them until `switch` puts them under the tenant policy: rows can be copied into a table
    without one. ``filler`` puts rows in at once: until `filling.complete` its name stands for that of the fold, so that nobody
    else goes on with them, and it knows its own.
    """
    names = as_json([model.name for model, _ in wanted])
    async with connection.transaction():
        await connection.execute(_LOCK, names)
        versions = dict(await connection.fetch(_VERSIONS, names))
        made = [
            Build(
                model.name, versions[model.name], 0, "building", filler or sources.fold_hash, sources.table_hash, "",
                None, None,
            )
            for model, sources in wanted
        ]  # fmt: skip
        tables = zip(wanted, made, strict=True)
        await connection.execute(
            "".join(numbered(_PROTECT.sub("", sources.table), build.version) for (_, sources), build in tables)
        )
        await _check_columns(connection, [(model, versions[model.name]) for model, _ in wanted])
        await connection.execute(_BEGUN, SHARD, as_json(made))
    return made


async def _check_columns(connection: Connection, builds: Iterable[tuple[ReadModel, int]]) -> None:
    wanted = {stored_table(table, version).name: (model, table) for model, version in builds for table in model.tables}
    for name, columns in await connection.fetch(_COLUMNS, as_json(list(wanted))):
        model, table = wanted[name]
        if columns != " ".join(table.columns):
            msg = f"projections/{model.name}/table.sql: {name} has the columns {columns}, the code {table.columns}."
            raise TableMismatchError(msg)


async def install_queries(connection: Connection, model: ReadModel, version: int, sources: Sources) -> None:
    """Make the functions of a model read one build, and let the API call them. Inside a transaction."""
    names = _FUNCTION.findall(sources.queries)
    sql = numbered(sources.queries, version)
    try:
        async with connection.transaction():
            await connection.execute(sql)
    except asyncpg.InvalidFunctionDefinitionError:
        # Another result type: it cannot be replaced in place.
        for row in await connection.fetch(_FUNCTIONS, names):
            await connection.execute(f"DROP FUNCTION {row[0]}")
        await connection.execute(sql)
    functions = ", ".join(row[0] for row in await connection.fetch(_FUNCTIONS, names))
    await connection.execute(
        f"REVOKE ALL ON FUNCTION {functions} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {functions} TO fintwin_api"
    )
    await connection.execute(
        "UPDATE read.checkpoint SET queries_hash = $4 WHERE model = $1 AND version = $2 AND shard = $3",
        model.name, version, SHARD, sources.queries_hash,
    )  # fmt: skip


async def switch(connection: Connection, model: ReadModel, version: int, sources: Sources) -> bool:
    """Make a build the live one, unless it is behind the one that is; the one before is kept, older ones are dropped.

    Raises `SupersededError` where somebody else's build, which goes with the older ones, was being completed in that moment.
    """
    try:
        return await _switch(connection, model, version, sources)
    except asyncpg.DeadlockDetectedError:
        raise SupersededError from None


async def _switch(connection: Connection, model: ReadModel, version: int, sources: Sources) -> bool:
    async with connection.transaction():
        rows = await connection.fetch(
            "SELECT version, position, state FROM read.checkpoint WHERE model = $1 AND shard = $2 ORDER BY version FOR UPDATE",
            model.name, SHARD,
        )  # fmt: skip
        positions = {row["version"]: row["position"] for row in rows}
        live = next((row["version"] for row in rows if row["state"] == "live"), None)
        if version not in positions or (live is not None and positions[version] < positions[live]):
            return False
        if live is not None:
            await _set_state(connection, model, live, "kept")
        await _set_state(connection, model, version, "live")
        await connection.execute(numbered("\n".join(_PROTECT.findall(sources.table)), version))
        await install_queries(connection, model, version, sources)
        for row in rows:
            if row["version"] not in {live, version}:
                await _drop(connection, model, row["version"])
    return True


async def drop(connection: Connection, model: ReadModel, version: int, *, filler: str | None = None) -> bool:
    """Take away a build that will not be finished, or only what that filler has begun; whether there was one."""
    async with connection.transaction():
        return await _drop(connection, model, version, filler)


async def _set_state(connection: Connection, model: ReadModel, version: int, state: str) -> None:
    await connection.execute(
        "UPDATE read.checkpoint SET state = $4 WHERE model = $1 AND version = $2 AND shard = $3",
        model.name, version, SHARD, state,
    )  # fmt: skip


async def _drop(connection: Connection, model: ReadModel, version: int, filler: str | None = None) -> bool:
    # The checkpoint first, as everybody does it: who waits for it holds no table.
    deleted: str = await connection.execute(
        """DELETE FROM read.checkpoint WHERE model = $1 AND version = $2 AND shard = $3
        AND ($4::text IS NULL OR fold_hash = $4)""",
        model.name, version, SHARD, filler,
    )  # fmt: skip
    if deleted == "DELETE 0" and filler is not None:
        return False
    rows = await connection.fetch(
        r"""SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r'
        AND c.relname ~ $1""",
        rf"^({'|'.join(table.name for table in model.tables)})_v{version}$",
    )
    for row in rows:
        await connection.execute(f"DROP TABLE IF EXISTS {row[0]}")
    return deleted != "DELETE 0"


async def hold(connection: Connection, model: ReadModel, version: int) -> int | None:
    """Keep a live build where it is until the surrounding transaction ends; its position, None where it is not live."""
    position: int | None = await connection.fetchval(
        """SELECT position FROM read.checkpoint WHERE model = $1 AND version = $2 AND shard = $3 AND state = 'live'
        FOR UPDATE""",
        model.name, version, SHARD,
    )  # fmt: skip
    return position


async def users_after(connection: Connection, user_id: UUID, limit: int) -> list[UUID]:
    """The next users of the log by id."""
    rows = await connection.fetch(
        "SELECT DISTINCT user_id FROM log.stream_head WHERE user_id > $1 ORDER BY user_id LIMIT $2", user_id, limit
    )
    return [row["user_id"] for row in rows]


async def differing_rows(
    connection: Connection, model: ReadModel, versions: tuple[int, int], users: tuple[UUID, UUID | None]
) -> int:
    """How many rows two builds of the same tables do not share, over users after the first and up to the second id."""
    different = 0
    for table in model.tables:
        one, other = (stored_table(table, version).name for version in versions)
        part = "WHERE t.user_id > $1 AND ($2::uuid IS NULL OR t.user_id <= $2)"
        # Sums of hashes cost one look at each row; which rows differ is only asked where some do.
        digests = [
            tuple(
                await connection.fetchrow(
                    f"""SELECT count(*), sum(hashtextextended(t::text, 0)), sum(hashtextextended(t::text, 1))
                FROM {name} t {part}""",  # noqa: S608
                    *users,
                )
            )
            for name in (one, other)
        ]
        if digests[0] == digests[1]:
            continue
        first = f"SELECT t::text FROM {one} t {part}"  # noqa: S608  names of our own tables
        second = f"SELECT t::text FROM {other} t {part}"  # noqa: S608
        different += await connection.fetchval(
            f"SELECT count(*) FROM (({first} EXCEPT ALL {second}) UNION ALL ({second} EXCEPT ALL {first})) q",  # noqa: S608
            *users,
        )
    return different
