"""`/internal/events`: everybody's events for trusted services that have missed some in the published stream.

Opened by the service token, closed where there is none; not under `/api` and not through the gateway. The answer holds the very
JSON of the stream's entries, personal fields sealed.

    GET /internal/events?after=1200&limit=500
    Authorization: Bearer <FINTWIN_SERVICE_TOKEN>
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Annotated, Any, Final

from litestar import Router, get
from litestar.connection import Request
from litestar.params import QueryParameter

from fintwin.api.answers import JSON, Answer
from fintwin.api.call import Call
from fintwin.api.problems import ProblemError, problem
from fintwin.api.statement_pages import POSITION_MAX
from fintwin.publisher.envelope import as_json
from fintwin.store import publishing

PAGE_EVENTS: Final = 500
PAGE_EVENTS_MAX: Final = 1000
_CLOSED: Final = problem(404, "not_found", "There is nothing here.")
_REFUSED: Final = problem(401, "unauthenticated", "This needs the service token.")


async def trusted(request: Request[Any, Any, Any]) -> None:
    """Who does not show the service token gets 401; without one, and without the publisher's role, there is nothing."""
    services = request.app.services  # type: ignore[attr-defined]
    token = services.settings.service_token
    if token is None or "publisher" not in services.pools:
        raise ProblemError(_CLOSED)
    shown = request.headers.get("authorization", "")
    if not compare_digest(shown.encode("latin-1"), b"Bearer " + token.encode()):
        raise ProblemError(_REFUSED)


@get("/internal/events", before_request=trusted, media_type=JSON)
async def events(
    request: Call,
    after: Annotated[int, QueryParameter(ge=0, le=POSITION_MAX)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_EVENTS_MAX)] = PAGE_EVENTS,
) -> Answer[bytes]:
    """Events after a position, oldest first; fewer than asked for only at the end of the log."""
    rows = await publishing.page_after(request.services.pools["publisher"], after, limit)
    return Answer(b"[" + b",".join([as_json(row) for row in rows]) + b"]", media_type=JSON)


router = Router("/", route_handlers=[events], include_in_schema=False)
