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
from fintwin.store import reading
from fintwin.store.connect import Pool
from fintwin.store.reading import ModelStatus

State = Literal["ok", "behind", "stopped"]


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


async def status_of(pool: Pool) -> Status:
    """How the database and the read models are. Raises the errors of `store.connect.LOST`."""
    found: Sequence[ModelStatus] = await reading.status(pool)
    parts = [Part(name="database", state="ok"), *(_part(one) for one in found)]
    if not found:
        parts.append(Part(name="projector", state="stopped"))
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


@get("/api/status", before_request=signed_in, tags=["Status"], summary="The parts of the service and how they are")
async def get_status(request: Call) -> Answer[Status]:
    """Unhealthy is what does not go on, not what is merely behind."""
    return Answer(await status_of(request.services.pools["api"]))


router = Router("/", route_handlers=[get_status])
