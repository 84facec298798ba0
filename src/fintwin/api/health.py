"""`/health/live`, `/health/ready`, `/metrics`: for whoever runs the service; not under `/api` and not through the gateway.

GET /health/ready    -> 200 {"status": "ready"}, or 503 with the reason
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from litestar import Router, get
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.store import publishing, reading
from fintwin.store.connect import LOST, UNDONE

PATIENCE_S: Final = 2.0


class Health(msgspec.Struct, frozen=True):
    """How it is."""

    status: str


@get("/health/live")
async def live(request: Call) -> Answer[Health]:
    """The process answers."""
    del request
    return Answer(Health("alive"))


@get("/health/ready")
async def ready(request: Call) -> Answer[Health]:
    """The database answers too."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await request.services.pools["api"].fetchval("SELECT 1")
    except (*LOST, *UNDONE):
        return Answer(Health("database_unavailable"), status_code=503, headers={"Retry-After": "1"})
    return Answer(Health("ready"))


@get("/metrics", media_type=CONTENT_TYPE_LATEST)
async def metrics(request: Call) -> Answer[bytes]:
    """Prometheus' text format; without its database the service still tells what it knows itself."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            request.models.found = await reading.status(request.services.pools["api"])
            request.models.published = await publishing.status(request.services.pools["api"])
            request.models.reachable = True
    except (*LOST, *UNDONE):
        request.models.found, request.models.published, request.models.reachable = (), None, False
    return Answer(generate_latest(request.metrics), media_type=CONTENT_TYPE_LATEST)


@get("/internal/noop", before_request=signed_in)
async def noop(request: Call) -> Answer[Health]:
    """What a request costs that asks for nothing: the yardstick of the bench."""
    del request
    return Answer(Health("done"))


router = Router("/", route_handlers=[live, ready, metrics, noop], include_in_schema=False)
