"""`/api/events`: the caller's own events as they lie in the log, with everything that is needed to verify them.

`payload` and `metadata` are the very texts that were hashed; personal fields in them are sealed.

    GET /api/events?after=0&limit=100
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.api.statement_pages import POSITION_MAX, next_link
from fintwin.domain.streams import StreamKind
from fintwin.store import read
from fintwin.store.rows import StoredEvent

EVENTS_DEFAULT = 100
EVENTS_MAX = 1000


class StoredEventBody(msgspec.Struct, frozen=True, kw_only=True):
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


def as_stored(event: StoredEvent) -> StoredEventBody:
    """The JSON form of a stored event."""
    return StoredEventBody(
        shard=event.shard,
        position=event.position,
        stream=StreamKind(event.stream_kind).name.lower(),
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


@get("/", summary="The caller's own events as stored, oldest first")
async def list_events(
    request: Call,
    after: Annotated[int, QueryParameter(ge=0, le=POSITION_MAX)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=EVENTS_MAX)] = EVENTS_DEFAULT,
) -> Answer[list[StoredEventBody]]:
    """Events after a position; the next page is after the last position of this one."""
    found = await read.stored_events(request.services.pools["api"], request.user_id, after, limit)
    headers = {}
    if len(found) == limit:
        link = next_link("/api/events", [], limit, found[-1].position)["Link"]
        headers["Link"] = link.replace("cursor=", "after=")
    return Answer([as_stored(one) for one in found], headers=headers)


router = Router("/api/events", route_handlers=[list_events], before_request=signed_in, tags=["Events"])
