"""`/api/events`: the caller's own events as they lie in the log, with everything that is needed to verify them.

`payload` and `metadata` are the very texts that were hashed; personal fields in them are sealed.

    GET /api/events?after=0&limit=100
"""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.params import QueryParameter

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.api.statement_pages import POSITION_MAX, next_link
from fintwin.publisher.envelope import StoredEventBody, as_stored
from fintwin.store import read

EVENTS_DEFAULT = 100
EVENTS_MAX = 1000


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
