"""The bytes that make the log provable.

``digest``
    sha256 over a fixed header and the exact payload and metadata bytes of one event;
``stream_hash``
    sha256 over the stream's previous ``stream_hash`` and the digest: an owner verifies the own streams alone;
``hash``
    sha256 over the shard's previous ``hash`` and the digest: the auditor's chain over everything.

All numbers are big-endian. Header, in this order: shard int4, position int8, stream kind int2, stream id 16 bytes, version
int8, user id 16 bytes, type (int2 length, UTF-8), schema version int2, transaction id 16 bytes, effective_at and recorded_at
int8 (microseconds since 1970-01-01 UTC); then payload and metadata, each after its int4 length. Both chains begin with 32
zero bytes. The append function of the database computes the same;
``docs/hash-vectors.json`` fixes the bytes for Python, SQL and JavaScript.

>>> chain(GENESIS, bytes(32)).hex()[:16]
'f5a5fd42d16a2030'
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import Final
from uuid import UUID

GENESIS: Final = bytes(32)
"""What the first event of a stream or a shard is chained to."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_HEAD: Final = Struct(">iqh16sq16sh")
_TIMES: Final = Struct(">h16sqq")
_LENGTH: Final = Struct(">i")


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The aware UTC time of microseconds since 1970-01-01 UTC."""
    return _EPOCH + timedelta(microseconds=value)


def digest(
    *,
    shard: int,
    position: int,
    stream_kind: int,
    stream_id: UUID,
    version: int,
    user_id: UUID,
    event_type: str,
    schema_version: int,
    transaction_id: UUID,
    effective_at: datetime,
    recorded_at: datetime,
    payload: bytes,
    metadata: bytes,
) -> bytes:
    """The digest of one event: 32 bytes."""
    name = event_type.encode()
    return sha256(
        b"".join(
            (
                _HEAD.pack(shard, position, stream_kind, stream_id.bytes, version, user_id.bytes, len(name)),
                name,
                _TIMES.pack(
                    schema_version, transaction_id.bytes, microseconds(effective_at), microseconds(recorded_at)
                ),
                _LENGTH.pack(len(payload)),
                payload,
                _LENGTH.pack(len(metadata)),
                metadata,
            )
        )
    ).digest()


def chain(previous: bytes, event_digest: bytes) -> bytes:
    """The next link of a chain: sha256 of the previous link and the digest."""
    return sha256(previous + event_digest).digest()
