"""Streams: the histories that the log is made of, and the envelope of one recorded event.

Each noun has streams of its own kind: one per account, and one per user for the profile, the holdings, the
notifications and the simulations. A user's main account has the user's own id, so the kind is part of the key.

>>> from uuid import UUID
>>> user = UUID(int=1)
>>> StreamKey(StreamKind.ACCOUNT, user) == StreamKey(StreamKind.PROFILE, user)
False
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec


class StreamKind(IntEnum):
    """Kinds of streams; the numbers are hashed into every event and never change."""

    ACCOUNT = 1
    PROFILE = 2
    HOLDINGS = 3
    NOTIFICATIONS = 4
    SIMULATIONS = 5


class StreamKey(NamedTuple):
    """Names one stream."""

    kind: StreamKind
    id: UUID


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event as the log holds it, decoded: what folds and replays work on.

    ``position`` orders the events of a shard without gaps, ``version`` those of a stream, both from 1. ``recorded_at``
    is when the log took the event, ``effective_at`` when it counts; both are aware UTC times in whole microseconds.
    """

    shard: int
    position: int
    stream_kind: StreamKind
    stream_id: UUID
    version: int
    user_id: UUID
    type: str
    schema_version: int
    transaction_id: UUID
    effective_at: datetime
    recorded_at: datetime
    event: Any
    metadata: dict[str, Any]

    @property
    def stream(self) -> StreamKey:
        """The stream that the event belongs to."""
        return StreamKey(self.stream_kind, self.stream_id)
