"""`/api/status`: the parts of the service and how they are, for whoever uses it.

GET /api/status    -> {"state": "ok", "parts": [{"name": "database", "state": "ok", ...}]}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from litestar import Router, get

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.store import publishing, reading, webhooks
from fintwin.store.connect import Pool
from fintwin.store.publishing import PublishingStatus
from fintwin.store.reading import ModelStatus

State = Literal["ok", "behind", "stopped"]
NOTED_S = 1.0


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part. A read model tells how many events it lacks, and since when it has not advanced though it should have."""

    name: str
    state: State
    lag: int = 0
    lag_s: float = 0.0
    idle_s: float = 0.0


class Status(msgspec.Struct, frozen=True):
    """`ok` where every part is; `behind` where one catches up; `stopped` where one does not go on."""

    state: State
    parts: list[Part]


async def status_of(pool: Pool, *, publishes: bool = False) -> Status:
    """How the database, the read models and, where there is a Redis, the published stream are.

    Raises the errors of `store.connect.LOST`.
    """
    found: Sequence[ModelStatus] = await reading.status(pool)
    parts = [Part(name="database", state="ok"), *(_part(one) for one in found)]
    if not found:
        parts.append(Part(name="projector", state="stopped"))
    if publishes:
        parts.append(_stream(await publishing.status(pool)))
    delivers = await webhooks.delivers(pool)
    if delivers is not None:
        parts.append(Part(name="webhooks", state="ok" if delivers else "stopped"))
    worst: State = "ok"
    for part in parts:
        if part.state == "stopped" or (part.state == "behind" and worst == "ok"):
            worst = part.state
    return Status(worst, parts)


def _part(model: ModelStatus) -> Part:
    state: State = "ok"
    if not model.healthy:
        state = "stopped"
    elif model.lag > 0:
        state = "behind"
    return Part(name=model.model, state=state, lag=model.lag, lag_s=model.lag_s, idle_s=model.idle_s)


def _stream(status: PublishingStatus | None) -> Part:
    if status is None or not status.healthy:
        return Part(name="publisher", state="stopped", lag=0 if status is None else status.lag)
    # It notes its progress a few times a second: what is younger than that is no lag to speak of.
    state: State = "behind" if status.lag > 0 and status.lag_s > NOTED_S else "ok"
    return Part(name="publisher", state=state, lag=status.lag, lag_s=status.lag_s)


@get("/api/status", before_request=signed_in, tags=["Status"], summary="The parts of the service and how they are")
async def get_status(request: Call) -> Answer[Status]:
    """Unhealthy is what does not go on, not what is merely behind."""
    services = request.services
    return Answer(await status_of(services.pools["api"], publishes=services.settings.redis_url is not None))


router = Router("/", route_handlers=[get_status])
