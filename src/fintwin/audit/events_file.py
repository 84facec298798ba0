r"""The log as a file: a line of JSON for each event, with the exact texts that were hashed and the hashes.

The first line says up to where it goes, then come the events in order of positions, then the idempotency keys, so that a request
repeated after a `restore` is still the same request. Keys of personal fields are not in it: without a backup of them, restored
names and notes stay sealed.

>>> header = FileHead(shard=0, position=0, hash="00" * 32)
>>> line(header)
b'{"record":"log.v1","shard":0,"position":0,"hash":"0000000000000000000000000000000000000000000000000000000000000000"}\n'
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.store.auditing import Row
from fintwin.store.rows import StoredEvent

_HASHES: Final = ("digest", "stream_hash", "hash")


class FileHead(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="log.v1", omit_defaults=True):
    """The first line. ``user_id``: only this user's events, which nothing can be restored from."""

    shard: int
    position: int
    hash: str
    user_id: UUID | None = None


class FileEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="event"):
    """One event; ``payload`` and ``metadata`` are the texts that were hashed, hashes are in hex."""

    shard: int
    position: int
    stream_kind: int
    stream_id: UUID
    version: int
    user_id: UUID
    type: str
    schema_version: int
    transaction_id: UUID
    effective_at: datetime
    recorded_at: datetime
    payload: str
    metadata: str
    digest: str
    stream_hash: str
    hash: str

    def stored(self) -> StoredEvent:
        """As it lies in the log."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__struct_fields__}
        return StoredEvent(**fields | {name: bytes.fromhex(fields[name]) for name in _HASHES})


class FileKey(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="key"):
    """What an idempotency key stands for; key and request are keyed hashes, in hex."""

    user_id: UUID
    key: str
    request: str
    shard: int
    transaction_id: UUID
    position: int
    balance_minor: int | None


Record = FileHead | FileEvent | FileKey
_encoder = msgspec.json.Encoder()
decoder = msgspec.json.Decoder(Record)
"""Reads a line; raises `msgspec.DecodeError`."""


def line(record: Record) -> bytes:
    """A line of the file."""
    return _encoder.encode(record) + b"\n"


def of_event(row: Row | StoredEvent) -> FileEvent:
    """An event as it lies in the log."""
    event = row if isinstance(row, StoredEvent) else StoredEvent(**dict(row.items()))
    fields: dict[str, Any] = {name: getattr(event, name) for name in FileEvent.__struct_fields__}
    return FileEvent(**fields | {name: fields[name].hex() for name in _HASHES})


def of_key(row: Row) -> FileKey:
    """A row of ``log.idempotency``."""
    fields: dict[str, Any] = dict(row.items())
    return FileKey(**fields | {name: fields[name].hex() for name in ("key", "request")})
