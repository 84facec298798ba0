"""The form in which events leave FinTwin: in the published stream, on the internal route and in a person's own history.

An entry of the stream has three fields: ``v``, the version of this form; ``prev_position``, the position of the entry that
comes before it, so that a reader sees a hole; ``event``, the event as JSON. `docs/event.schema.json` describes the JSON. A
later version may add fields to it; what is there keeps its meaning as long as ``v`` is the same.

>>> stream_name(0)
'fintwin:events:0'
>>> position_of(b"17-0")
17
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.domain.streams import StreamKind
from fintwin.store.rows import StoredEvent

VERSION: Final = "1"
_NAMES: Final = {kind.value: kind.name.lower() for kind in StreamKind}
_encode: Final = msgspec.json.Encoder().encode


class StoredEventBody(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event as stored; hashes in hex, `stream_kind` the number that is hashed and `stream` its name."""

    shard: int
    position: int
    stream: str
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


def stream_name(shard: int) -> str:
    """The key of a shard's stream in Redis."""
    return f"fintwin:events:{shard}"


def position_of(entry_id: bytes | str) -> int:
    """The position that an entry's id stands for. Raises ValueError for an id that no publisher gives."""
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    position, _, number = text.partition("-")
    if number != "0":
        msg = f"{text} is no id of a published event"
        raise ValueError(msg)
    return int(position)


def as_stored(event: StoredEvent) -> StoredEventBody:
    """The JSON form of a stored event."""
    return StoredEventBody(
        shard=event.shard,
        position=event.position,
        stream=_NAMES[event.stream_kind],
        stream_kind=event.stream_kind,
        stream_id=event.stream_id,
        version=event.version,
        user_id=event.user_id,
        type=event.type,
        schema_version=event.schema_version,
        transaction_id=event.transaction_id,
        effective_at=event.effective_at,
        recorded_at=event.recorded_at,
        payload=event.payload,
        metadata=event.metadata,
        digest=event.digest.hex(),
        stream_hash=event.stream_hash.hex(),
        hash=event.hash.hex(),
    )


def as_json(row: Mapping[str, Any]) -> bytes:
    """A row of ``log.event`` as the entry's JSON: always the same bytes for the same row."""
    (
        shard, position, kind, stream_id, version, user_id, name, schema, transaction_id, effective_at, recorded_at,
        payload, metadata, digest, stream_hash, link,
    ) = row.values()  # fmt: skip
    return _encode(
        StoredEventBody(
            shard=shard,
            position=position,
            stream=_NAMES.get(kind, "unknown"),
            stream_kind=kind,
            stream_id=stream_id,
            version=version,
            user_id=user_id,
            type=name,
            schema_version=schema,
            transaction_id=transaction_id,
            effective_at=effective_at,
            recorded_at=recorded_at,
            payload=payload,
            metadata=metadata,
            digest=digest.hex(),
            stream_hash=stream_hash.hex(),
            hash=link.hex(),
        )
    )
