"""Random tamperings with every column of everything that is stored, and what a verification must say of them.

A tampering is SQL run as superuser, and the kind and place of the fault that must be found first or at all. Values are changed
to others of the same type, never to the same.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from fintwin.audit.findings import Fault
from fintwin.audit.verify import Report
from fintwin.store.connect import Connection

JSON_COLUMNS = {"payload", "metadata", "facts"}
EVENT_COLUMNS = (
    "shard", "position", "stream_kind", "stream_id", "version", "user_id", "type", "schema_version", "transaction_id",
    "effective_at", "recorded_at", "payload", "metadata", "digest", "stream_hash", "hash",
)  # fmt: skip
# `key` and `request` are keyed hashes of what only the client knows: nothing in the log tells what they should be.
KEY_COLUMNS = ("user_id", "transaction_id", "position", "balance_minor", "shard")
REVERSAL_COLUMNS = ("user_id", "transaction_id", "reversed_by", "position", "shard")


@dataclass(frozen=True)
class Tampered:
    """What was done, and whether a report tells it."""

    what: str
    told_by: Callable[[Report], bool]


def changed(value: Any, draw: random.Random) -> Any:  # noqa: PLR0911  an answer for each type
    """Another value of the same type."""
    match value:
        case None:
            return draw.randrange(1, 1000)
        case bool():
            return not value
        case UUID():
            return UUID(int=value.int ^ (1 << draw.randrange(120)))
        case bytes():
            raw = bytearray(value)
            raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
            return bytes(raw)
        case int():
            return value + draw.choice((-1, 1, 7))
        case str():
            return changed_text(value, draw)
        case Decimal():
            return value + 1
        case float():
            return value + 1.0
    if hasattr(value, "hour"):
        return value + timedelta(microseconds=draw.choice((-1, 1, 86_400_000_000)))
    return value + timedelta(days=1)


def changed_text(text: str, draw: random.Random) -> str:
    """One character less, more or another."""
    at = draw.randrange(len(text) + 1)
    return draw.choice((text[:at] + "x" + text[at:], text[: at - 1] + text[at:] if at else text + "y"))


def changed_json(text: str, draw: random.Random) -> str:
    """The same JSON with another space, which the bytes show, or another figure or letter."""
    if draw.random() < 0.3 or text == "{}":
        return text[:1] + " " + text[1:]
    places = [at for at, sign in enumerate(text) if sign.isalnum() and sign not in "truefalsn"]
    at = draw.choice(places) if places else 1
    if not places:
        return text[:1] + " " + text[1:]
    return text[:at] + ("7" if text[at] != "7" else "3") + text[at + 1 :]


def _tells(kinds: set[str], position: int | None = None) -> Callable[[Report], bool]:
    def told(report: Report) -> bool:
        first: Fault = report.faults[0]
        return first.kind in kinds and (position is None or first.position == position)

    return told


async def _event(connection: Connection, draw: random.Random) -> Any:
    end = await connection.fetchval("SELECT max(position) FROM log.event")
    return await connection.fetchrow("SELECT * FROM log.event WHERE position = $1", draw.randint(1, end))


async def change_event(connection: Connection, draw: random.Random) -> Tampered:
    """One column of one event."""
    row = await _event(connection, draw)
    column = draw.choice(EVENT_COLUMNS)
    value = (changed_json if column in JSON_COLUMNS else changed)(row[column], draw)
    if column in {"position", "shard"}:
        value = row[column] + draw.choice((1000, 100_000))
    elif column == "version":
        value = row[column] + 1000  # not that of a neighbour, which the index refuses
    elif column == "stream_kind":
        value = draw.choice([kind for kind in (1, 2, 3, 4, 5, 9) if kind != value and kind != row[column]])
    await connection.execute(
        f"UPDATE log.event SET {column} = $1 WHERE shard = 0 AND position = $2", value, row["position"]
    )
    kinds = {"position": {"gap"}, "shard": {"gap"}, "hash": {"hash"}, "stream_hash": {"stream"}}.get(column, {"digest"})
    return Tampered(f"{column} of position {row['position']} to {value!r}", _tells(kinds, row["position"]))


async def delete_events(connection: Connection, draw: random.Random) -> Tampered:
    """One event, or a few one after the other; the tail is cut as well."""
    row = await _event(connection, draw)
    first, number = row["position"], draw.choice((1, 1, 2, 5))
    await connection.execute("DELETE FROM log.event WHERE position >= $1 AND position < $2", first, first + number)
    return Tampered(f"{number} events from {first} on deleted", _tells({"gap", "end"}, first))


async def swap_events(connection: Connection, draw: random.Random) -> Tampered:
    """The contents of two events."""
    one = await _event(connection, draw)
    other = await _event(connection, draw)
    while (other["payload"], other["metadata"]) == (one["payload"], one["metadata"]):
        other = await _event(connection, draw)
    for to, of in ((one, other), (other, one)):
        await connection.execute(
            "UPDATE log.event SET type = $1, payload = $2, metadata = $3 WHERE position = $4",
            of["type"], of["payload"], of["metadata"], to["position"],
        )  # fmt: skip
    first = min(one["position"], other["position"])
    return Tampered(f"{one['position']} and {other['position']} swapped", _tells({"digest"}, first))


async def swap_positions(connection: Connection, draw: random.Random) -> Tampered:
    """The places of two events."""
    one = await _event(connection, draw)
    other = await _event(connection, draw)
    while other["position"] == one["position"]:
        other = await _event(connection, draw)
    for of, to in ((one["position"], -1), (other["position"], one["position"]), (-1, other["position"])):
        await connection.execute("UPDATE log.event SET position = $1 WHERE position = $2", to, of)
    first = min(one["position"], other["position"])
    return Tampered(f"places of {one['position']} and {other['position']} swapped", _tells({"digest"}, first))


async def add_event(connection: Connection, draw: random.Random) -> Tampered:
    """A copy of an event behind the last one."""
    row = await _event(connection, draw)
    end = await connection.fetchval("SELECT max(position) FROM log.event")
    await connection.execute(
        """INSERT INTO log.event SELECT shard, $1, stream_kind, stream_id, version + 1000, user_id, type, schema_version,
            transaction_id, effective_at, recorded_at, payload, metadata, digest, stream_hash, hash
        FROM log.event WHERE position = $2""",
        end + 1, row["position"],
    )  # fmt: skip
    return Tampered(f"{row['position']} once more at the end", _tells({"end"}, end + 1))


async def change_log_head(connection: Connection, draw: random.Random) -> Tampered:
    """The end of the log."""
    row = await connection.fetchrow("SELECT * FROM log.log_head")
    column = draw.choice(("position", "hash", "recorded_at"))
    await connection.execute(f"UPDATE log.log_head SET {column} = $1", changed(row[column], draw))
    return Tampered(f"log_head {column}", lambda report: any(fault.kind in {"end", "gap"} for fault in report.faults))


async def change_head(connection: Connection, draw: random.Random) -> Tampered:
    """One column of one stream head, or the whole head."""
    row = draw.choice(await connection.fetch("SELECT * FROM log.stream_head ORDER BY stream_kind, stream_id"))
    where = "stream_kind = $1 AND stream_id = $2"
    place = (row["stream_kind"], row["stream_id"])
    column = draw.choice([name for name in row.keys() if row[name] is not None] + ["deleted"])  # noqa: SIM118  a record
    if column == "deleted":
        await connection.execute(f"DELETE FROM log.stream_head WHERE {where}", *place)
    else:
        value = (changed_json if column in JSON_COLUMNS else changed)(row[column], draw)
        if column == "stream_kind":
            value = row[column] + 10
        elif column == "overdraft_limit_minor":
            value = row[column] + 1_000_00
        if column in {"balance_minor", "stream_kind"}:
            await connection.execute("ALTER TABLE log.stream_head DROP CONSTRAINT IF EXISTS balance_within_limit")
            await connection.execute("ALTER TABLE log.stream_head DROP CONSTRAINT IF EXISTS account_is_whole")
        await connection.execute(f"UPDATE log.stream_head SET {column} = $3 WHERE {where}", *place, value)
    stream = str(row["stream_id"])
    return Tampered(
        f"head {column} of {stream}",
        lambda report: (
            (
                report.faults[0].kind in {"head", "gap"}
                and any(stream in fault.where or fault.kind == "gap" for fault in report.faults)
            )
            or (column == "stream_id" and any(fault.kind == "head" for fault in report.faults))
        ),
    )


async def _change_side_row(
    connection: Connection, draw: random.Random, table: str, columns: tuple[str, ...], kind: str
) -> Tampered:
    row = draw.choice(await connection.fetch(f"SELECT *, ctid::text FROM log.{table} ORDER BY position, user_id"))
    column = draw.choice([name for name in columns if row[name] is not None])
    value = changed(row[column], draw)
    await connection.execute(f"UPDATE log.{table} SET {column} = $1 WHERE ctid = $2::text::tid", value, row["ctid"])
    return Tampered(
        f"{table} {column} of {row['transaction_id']} to {value!r}",
        lambda report: report.faults[0].kind in ({kind, "gap"} if column == "shard" else {kind}),
    )


async def change_key(connection: Connection, draw: random.Random) -> Tampered:
    """What an idempotency key stands for."""
    return await _change_side_row(connection, draw, "idempotency", KEY_COLUMNS, "key")


async def change_reversal(connection: Connection, draw: random.Random) -> Tampered:
    """What a reversal says."""
    return await _change_side_row(connection, draw, "reversal", REVERSAL_COLUMNS, "reversal")


async def delete_reversal(connection: Connection, draw: random.Random) -> Tampered:
    """A transaction that could be reversed once more."""
    row = draw.choice(await connection.fetch("SELECT *, ctid::text FROM log.reversal ORDER BY position, user_id"))
    await connection.execute("DELETE FROM log.reversal WHERE ctid = $1::text::tid", row["ctid"])
    return Tampered("reversal deleted", _tells({"reversal"}, row["position"]))


async def change_read_row(connection: Connection, draw: random.Random) -> Tampered:
    """One column of one row of a read model, or the whole row."""
    tables = await connection.fetch(
        r"""SELECT c.relname AS name, m.model FROM pg_class c JOIN read.checkpoint m ON m.state = 'live'
        WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' AND c.relname ~ '_v\d+$' ORDER BY c.relname"""
    )
    names = sorted({table["name"] for table in tables})
    rows = []
    while not rows:
        name = draw.choice(names)
        rows = await connection.fetch(f"SELECT *, ctid::text AS ctid FROM read.{name} ORDER BY read.{name}.ctid")
    row = draw.choice(rows)
    kinds = {
        each["attname"]: each["kind"]
        for each in await connection.fetch(
            "SELECT attname, atttypid::regtype::text AS kind FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0",
            f"read.{name}",
        )
    }
    column = draw.choice([each for each in kinds if row[each] is not None] + ["deleted"])
    if column == "deleted":
        await connection.execute(f"DELETE FROM read.{name} WHERE ctid = $1::text::tid", row["ctid"])
    else:
        value = (changed_json if kinds[column] == "json" else changed)(row[column], draw)
        if value == row[column]:
            value = changed_json(row[column], draw)
        try:
            async with connection.transaction():
                await connection.execute(
                    f"UPDATE read.{name} SET {column} = $1 WHERE ctid = $2::text::tid", value, row["ctid"]
                )
        except asyncpg.UniqueViolationError:  # it became another row's name, which no table takes
            return await change_read_row(connection, draw)
    table = name.rpartition("_v")[0]
    return Tampered(
        f"read.{name} {column}: {row}",
        lambda report: report.faults[0].kind == "read model" and any(table in fault.where for fault in report.faults),
    )


TAMPERINGS: tuple[Callable[[Connection, random.Random], Awaitable[Tampered]], ...] = (
    change_event, change_event, change_event, change_event, delete_events, swap_events, swap_positions, add_event,
    change_log_head, change_head, change_head, change_key, change_reversal, delete_reversal, change_read_row,
    change_read_row,
)  # fmt: skip
