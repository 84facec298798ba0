"""The log as raw bytes, for whoever goes through all of it: no objects are made of what is only hashed.

Postgres sends a row of COPY in binary as the very bytes that `hashing.digest` packs: big-endian numbers, sixteen bytes for a
uuid, texts after their int4 lengths. Only times differ, which Postgres counts from the year 2000. So the bytes that were hashed
are put together from slices of what arrives, at half the cost of making values of them first.

    async for event in by_user(connection, users, until):
        position, kind, stream_id, version, user_id, name, schema, transaction_id, effective, recorded, payload, *rest = event
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from struct import Struct
from typing import Any, Final

from fintwin.store.connect import Connection
from fintwin.store.shard import SHARD

RawEvent = tuple[Any, ...]
"""position, stream kind, stream id, version, user id, type, schema version, transaction id, effective and recorded microseconds
since 1970, payload, metadata, digest, stream_hash, computed digest. Ids are 16 bytes, the type is a str."""

RawLink = tuple[Any, ...]
"""position, transaction id, recorded microseconds, digest, hash, type as bytes, schema version, stream id, and the payload of a
transfer's half (None of any other event)."""

_HEADER_BYTES: Final = 19
_END: Final = b"\xff\xff"
_EPOCH_2000_US: Final = 946_684_800_000_000
_FRONT: Final = Struct(">2x4x4s4x8s4x2s4x16s4x8s4x16si")
_MIDDLE: Final = Struct(">4x2s4x16s4xq4xqi")
_LINK_FRONT: Final = Struct(">2x4xq4x16s4xqi")
_LINK_BACK: Final = Struct(">4xh4x16si")
_LENGTH: Final = Struct(">i")
_TIMES: Final = Struct(">qq")
_SHORT: Final = Struct(">h")
_COLUMNS: Final = (
    "shard, position, stream_kind, stream_id, version, user_id, type, schema_version, transaction_id, effective_at, "
    "recorded_at, payload, metadata, digest, stream_hash"
)
_BY_USER: Final = f"""
    SELECT {_COLUMNS} FROM log.event
    WHERE (user_id, position) > ($1, $2) AND user_id <= $3 AND position <= $4 AND shard = $5
    ORDER BY user_id, position LIMIT $6
"""  # noqa: S608  names of our own columns
_LINKS: Final = """
    SELECT position, transaction_id, recorded_at, digest, hash, type, schema_version, stream_id,
        CASE WHEN type IN ('TransferSent', 'TransferReceived') THEN payload END
    FROM log.event WHERE shard = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4
"""


async def page_by_user(
    connection: Connection, after: tuple[Any, int], until_user: Any, until: int, limit: int
) -> list[RawEvent]:
    """The next events in order of users and positions."""
    raw = await _copied(connection, _BY_USER, *after, until_user, until, SHARD, limit)
    return list(_events(raw))


async def links(connection: Connection, after: int, until: int, limit: int) -> list[RawLink]:
    """What the shard's chain and the transactions are checked by, in order of positions."""
    return list(_links(await _copied(connection, _LINKS, SHARD, after, until, limit)))


async def _copied(connection: Connection, query: str, *arguments: Any) -> bytes:
    parts: list[bytes] = []

    async def take(part: bytes) -> None:
        parts.append(part)

    await connection.copy_from_query(query, *arguments, output=take, format="binary")
    return b"".join(parts)


def _events(raw: bytes) -> Iterator[RawEvent]:
    front, middle, length, times = _FRONT.unpack_from, _MIDDLE.unpack_from, _LENGTH.unpack_from, _TIMES.pack
    front_bytes, middle_bytes = _FRONT.size, _MIDDLE.size
    number = int.from_bytes
    names: dict[bytes, tuple[str, bytes]] = {}
    at = _HEADER_BYTES
    while raw[at : at + 2] != _END:
        shard, position, kind, stream_id, version, user_id, size = front(raw, at)
        at += front_bytes
        name = raw[at : at + size]
        known = names.get(name)
        if known is None:
            known = names[name] = (name.decode(), _SHORT.pack(size) + name)
        schema, transaction_id, effective, recorded, size = middle(raw, at + size)
        begin = at + len(name) + middle_bytes
        payload = raw[begin : begin + size]
        (size,) = length(raw, begin + size)
        end = begin + len(payload) + 4 + size
        metadata = raw[end - size : end]
        (size,) = length(raw, end)
        digest = raw[end + 4 : end + 4 + size]
        at = end + 4 + size
        (size,) = length(raw, at)
        stream_hash = raw[at + 4 : at + 4 + size]
        at += 4 + size
        effective += _EPOCH_2000_US
        recorded += _EPOCH_2000_US
        hashed = (
            shard, position, kind, stream_id, version, user_id, known[1], schema, transaction_id,
            times(effective, recorded), raw[begin - 4 : end],
        )  # fmt: skip
        yield (
            number(position), number(kind, signed=True), stream_id, number(version, signed=True), user_id, known[0],
            number(schema, signed=True), transaction_id, effective, recorded, payload, metadata, digest, stream_hash,
            sha256(b"".join(hashed)).digest(),
        )  # fmt: skip


def _links(raw: bytes) -> Iterator[RawLink]:
    front, back, length = _LINK_FRONT.unpack_from, _LINK_BACK.unpack_from, _LENGTH.unpack_from
    at = _HEADER_BYTES
    while raw[at : at + 2] != _END:
        position, transaction_id, recorded, size = front(raw, at)
        at += _LINK_FRONT.size
        digest = raw[at : at + size]
        at += size
        (size,) = length(raw, at)
        link = raw[at + 4 : at + 4 + size]
        at += 4 + size
        (size,) = length(raw, at)
        name = raw[at + 4 : at + 4 + size]
        at += 4 + size
        schema, stream_id, size = back(raw, at)
        at += _LINK_BACK.size
        payload = None
        if size >= 0:
            payload = raw[at : at + size]
            at += size
        yield position, transaction_id, recorded + _EPOCH_2000_US, digest, link, name, schema, stream_id, payload
