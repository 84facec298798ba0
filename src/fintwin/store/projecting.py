"""The projector's side of the database: reading the log, loading and writing rows, checkpoints and the lease.

A build is one set of tables of a read model, ``read.<table>_v<version>``, with its own checkpoint. A batch is written in one
transaction that first moves the checkpoint from where the batch began to where it ends; whoever finds it elsewhere, or has
lost the lease, writes nothing (`SupersededError`). So each event is folded into each build exactly once, however many
projectors run.

>>> from fintwin.projections.accounts import MODEL
>>> stored_table(MODEL.tables[0], 3).name
'read.account_v3'
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from fintwin.projections.model import Key, Row, Table
from fintwin.store.connect import Connection, Pool
from fintwin.store.lease import Lease, SupersededError
from fintwin.store.shard import SHARD

LEASE: Final = Lease("read.lease")
_COLUMN_TYPES: Final = {
    UUID: "uuid", int: "bigint", str: "text", bool: "boolean", datetime: "timestamptz", date: "date", Decimal: "numeric",
    float: "double precision",
}  # fmt: skip
STAGED_ROWS_MIN: Final = 300
_LAST_POSITION: Final = 2**63 - 1
_encoder: Final = msgspec.json.Encoder(decimal_format="string")
_LOG: Final = """
    SELECT shard, position, stream_kind, stream_id, version, user_id, type, schema_version, transaction_id, effective_at,
        recorded_at, payload, metadata
    FROM log.event WHERE shard = $1 AND position > $2 AND position <= $4 ORDER BY position LIMIT $3
"""
_ADVANCE: Final = """
    UPDATE read.checkpoint c
    SET position = $4, advanced_at = clock_timestamp(), recorded_at = coalesce($7, c.recorded_at)
    FROM unnest($1::text[], $2::integer[]) AS q(model, version)
    WHERE c.model = q.model AND c.version = q.version AND c.shard = $3 AND c.position = $5 AND c.state <> 'kept'
        AND c.fault IS NULL
        AND ($6::bigint IS NULL OR EXISTS (SELECT FROM read.lease l WHERE l.shard = $3 AND l.epoch = $6))
"""


class Way(NamedTuple):
    """How rows are put into a table: few of them by arrays, many by COPY through a table of the session.

    ``few`` ends with the rows, which `_few` puts between it and ``conflict``.
    """

    few: str
    conflict: str
    stage: str
    make_stage: str
    many: str


class Stored(msgspec.Struct, frozen=True):
    """How a table's rows lie in the database: the statements, and which columns are JSON with which decoder."""

    name: str
    row: type[Row]
    key_fields: int
    column_types: tuple[str, ...]
    json_columns: tuple[tuple[int, msgspec.json.Decoder[Any]], ...]
    made: Callable[[Any], str] | None
    select_keys: str
    select_users: str
    insert: Way
    upsert: Way
    delete: str

    def decode(self, record: Sequence[Any]) -> Row:
        """A row of the table as its struct."""
        if not self.json_columns:
            return self.row(*record)
        values = list(record)
        for index, decoder in self.json_columns:
            if values[index] is not None:
                values[index] = decoder.decode(values[index])
        return self.row(*values)

    def records(self, rows: Iterable[Row]) -> Iterable[Sequence[Any]]:
        """Rows as the database takes them."""
        if not self.json_columns and self.made is None:
            return map(astuple, rows)
        return map(self._record, rows)

    def _record(self, row: Row) -> Sequence[Any]:
        values = list(astuple(row))
        for index, _ in self.json_columns:
            if values[index] is not None:
                values[index] = _encoder.encode(values[index]).decode()
        if self.made is not None:
            values.append(self.made(row))
        return values


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in {types.UnionType, typing.Union}:
        kinds = [kind for kind in get_args(hint) if kind is not type(None)]
        return kinds[0] if len(kinds) == 1 else hint
    return hint


def _column_type(hint: Any) -> str:
    kind = _without_none(hint)
    if get_origin(kind) is Literal:
        return "text"
    return _COLUMN_TYPES.get(kind, "json")


def _way(table: str, stage: str, insert: str, conflict: str) -> Way:
    return Way(
        few=insert,
        conflict=conflict,
        stage=stage,
        make_stage=f"CREATE TEMP TABLE IF NOT EXISTS {stage} (LIKE {table}) ON COMMIT DELETE ROWS",
        many=f"{insert}pg_temp.{stage}{conflict}",
    )


def _arrays(kinds: Iterable[str], first: int) -> str:
    return ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, first))


@cache
def stored_table(table: Table, version: int) -> Stored:
    """The statements for one table of a build."""
    hints = typing.get_type_hints(table.row)
    fields = table.row.__struct_fields__
    kinds = [_column_type(hints[field]) for field in fields]
    json_columns = tuple(
        (index, msgspec.json.Decoder(_without_none(hints[field])))
        for index, (field, kind) in enumerate(zip(fields, kinds, strict=True))
        if kind == "json"
    )
    kinds += ["text"] * (len(table.columns) - len(fields))
    name = f"read.{table.name}_v{version}"
    keys = fields[: table.key_fields]
    rest = table.columns[table.key_fields :]
    key_arrays = _arrays(kinds[: table.key_fields], 1)
    listed = ", ".join(f'"{column}"' for column in table.columns)
    shown = ", ".join(f't."{field}"' for field in fields)
    same = " AND ".join(f't."{field}" = q."{field}"' for field in keys)
    key_list = ", ".join(f'"{field}"' for field in keys)
    changes = ", ".join(f'"{field}" = excluded."{field}"' for field in rest)
    asked = f"unnest({key_arrays}) AS q({key_list})"
    conflict = f" ON CONFLICT ({key_list}) DO " + (f"UPDATE SET {changes}" if rest else "NOTHING")
    insert = f"INSERT INTO {name} ({listed}) SELECT * FROM "  # noqa: S608  names of our own structs
    return Stored(
        name=name,
        row=table.row,
        key_fields=table.key_fields,
        column_types=tuple(kinds),
        json_columns=json_columns,
        made=None if table.made is None else table.made[1],
        # Key by key: a join would read a whole index of a table that has never been analysed.
        select_keys=f"SELECT {shown} FROM {asked} CROSS JOIN LATERAL (SELECT * FROM {name} t WHERE {same} OFFSET 0) t",  # noqa: S608
        select_users=f"SELECT {shown} FROM {name} t WHERE t.user_id = ANY ($1)",  # noqa: S608
        insert=_way(name, f"{table.name}_v{version}_new", insert, ""),
        upsert=_way(name, f"{table.name}_v{version}_changed", insert, conflict),
        delete=f"""DELETE FROM {name} WHERE ctid = ANY (ARRAY(
            SELECT t.ctid FROM {asked} CROSS JOIN LATERAL (SELECT t.ctid FROM {name} t WHERE {same} OFFSET 0) t))""",  # noqa: S608
    )


async def log_after(
    connection: Connection, position: int, limit: int, until: int | None = None
) -> tuple[Sequence[Mapping[str, Any]], bool]:
    """Rows of the log after a position, cut where a transaction ends, and whether the log, or ``until``, was reached.

    ``limit`` must be far above what one transaction holds; ``until`` is where a transaction ends.
    """
    rows: list[Mapping[str, Any]] = await connection.fetch(
        _LOG, SHARD, position, limit, _LAST_POSITION if until is None else until
    )
    if len(rows) < limit:
        return rows, True
    last = rows[-1]["transaction_id"]
    end = len(rows)
    while end and rows[end - 1]["transaction_id"] == last:
        end -= 1
    assert end, f"a transaction of more than {limit} events"
    return rows[:end], False


async def log_position(connection: Connection) -> int:
    """The last position of the log."""
    position: int = await connection.fetchval("SELECT position FROM log.log_head WHERE shard = $1", SHARD)
    return position


async def load(
    connection: Connection, table: Table, version: int, named: Sequence[tuple[UUID, Key]], users: Sequence[UUID]
) -> list[Row]:
    """Those of the named rows that there are, and all rows of these users."""
    stored = stored_table(table, version)
    found: list[Row] = []
    if named:
        arguments = list(zip(*((user, *key[1:]) for user, key in named), strict=True))
        found += map(stored.decode, await connection.fetch(stored.select_keys, *arguments))
    if users:
        found += map(stored.decode, await connection.fetch(stored.select_users, users))
    return found


class Written(msgspec.Struct):
    """What a batch changes in one table: rows that are new, rows that were there, keys (user first) of rows to delete."""

    table: Table
    inserted: list[Row] = []
    updated: list[Row] = []
    deleted: list[tuple[Any, ...]] = []


async def write(connection: Connection, changes: Iterable[tuple[int, Written]], *, bare: Container[str] = ()) -> None:
    """Write a batch's rows, with the version of each build, inside the transaction of its checkpoint.

    ``bare`` names the tables that are not under a policy yet. All tables with few rows are one statement: each costs a round
    trip, and readers wait for all of them.
    """
    few: list[tuple[Stored, Way, list[Row]]] = []
    for version, change in changes:
        stored = stored_table(change.table, version)
        if change.deleted:
            await connection.execute(stored.delete, *zip(*change.deleted, strict=True))
        if len(change.inserted) + len(change.updated) < STAGED_ROWS_MIN:
            if change.updated:
                few.append((stored, stored.upsert, change.inserted + change.updated))
            elif change.inserted:
                few.append((stored, stored.insert, change.inserted))
            continue
        if change.inserted and stored.name in bare:
            schema, table = stored.name.split(".")
            records = stored.records(change.inserted)
            await connection.copy_records_to_table(table, records=records, schema_name=schema)
        elif change.inserted:
            await _stage(connection, stored, change.inserted, stored.insert)
        if change.updated:
            await _stage(connection, stored, change.updated, stored.upsert)
    if few:
        columns = [column for stored, _, rows in few for column in zip(*stored.records(rows), strict=True)]
        await connection.execute(_few(tuple((way, stored.column_types) for stored, way, _ in few)), *columns)


@cache
def _few(parts: tuple[tuple[Way, tuple[str, ...]], ...]) -> str:
    """One statement for rows of several tables."""
    commands, first = [], 1
    for way, kinds in parts:
        commands.append(f"{way.few}unnest({_arrays(kinds, first)}){way.conflict}")
        first += len(kinds)
    with_all = ", ".join(f"part{number} AS ({command})" for number, command in enumerate(commands[:-1]))
    return f"WITH {with_all} {commands[-1]}" if with_all else commands[-1]


async def _stage(connection: Connection, stored: Stored, rows: list[Row], way: Way) -> None:
    # COPY is cheaper than arrays, but cannot go into a table under row level security.
    await connection.execute(way.make_stage)
    await connection.copy_records_to_table(way.stage, records=stored.records(rows), schema_name="pg_temp")
    await connection.execute(way.many)


async def advance(
    connection: Connection,
    builds: Sequence[tuple[str, int]],
    *,
    begun: int,
    ended: int,
    epoch: int | None,
    recorded_at: datetime | None = None,
) -> None:
    """Move checkpoints, named by model and version, by compare-and-swap: all of them or, inside a transaction, none.

    Raises `SupersededError`. ``epoch`` None asks for no lease; ``recorded_at`` is that of the last event taken in.
    """
    models, versions = zip(*builds, strict=True)
    moved = await connection.execute(_ADVANCE, models, versions, SHARD, ended, begun, epoch, recorded_at)
    if moved != f"UPDATE {len(builds)}":
        raise SupersededError


async def tell_readers(connection: Connection | Pool, position: int) -> None:
    """Wake whoever waits for the read models to show what happened up to a position."""
    await connection.execute("SELECT pg_notify('fintwin_read', $1)", f"{SHARD}:{position}")


async def stop(connection: Connection, model: str, version: int, *, position: int, fault: str) -> None:
    """Record why a build cannot go on at an event."""
    await connection.execute(
        "UPDATE read.checkpoint SET fault = $4, fault_position = $5 WHERE model = $1 AND version = $2 AND shard = $3",
        model, version, SHARD, fault, position,
    )  # fmt: skip
