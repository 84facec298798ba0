"""`/api/twin`: scenarios on the caller's own history, and runs that are kept.

    POST /api/twin/runs {"horizon_months": 12, "steps": [{"type": "withdraw", "amount": 40000}]}    -> the whole answer
    GET /api/twin/runs/<id>/reality                        -> a kept run beside what really happened afterwards

A run writes nothing. With `save` it is kept by one event, and can be opened again: it is then run anew on the very past that it
ran on. With `wait: false` the answer is an id; progress comes as Server-Sent Events, and the result from the run's own address.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import ServerSentEvent
from uuid_utils.compat import uuid7

from fintwin.api.answers import Answer, encode
from fintwin.api.call import Call, position_headers, signed_in
from fintwin.api.money import out
from fintwin.api.problems import ProblemError, malformed, problem
from fintwin.api.twin_runs import asked, faulty, good, keep, kept_run, kept_runs, stopped
from fintwin.domain import simulations
from fintwin.domain.simulations.decide import UNKNOWN_SIMULATION
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.simulations.desk import DuplicateRunError, TooManyRunsError
from fintwin.simulations.keeping import Kept, ran_at, saved, stale
from fintwin.simulations.views import view_of
from fintwin.simulations.working import Done
from fintwin.store import twin_reading
from fintwin.twin.answer import Answer as TwinAnswer
from fintwin.twin.checks import check
from fintwin.twin.compare import ChangedInput, changed_inputs
from fintwin.twin.faults import ScenarioError
from fintwin.twin.reality import Held
from fintwin.twin.scenario import Document

RUNS_DEFAULT: Final = 50
RUNS_MAX: Final = 200
COMPARED_MAX: Final = 4
POLL_SECONDS: Final = 0.3


class RunRequest(Document, frozen=True, kw_only=True):
    """A scenario to run. ``save`` keeps the run, ``wait: false`` answers at once; ``id`` lets the caller follow it."""

    save: bool = False
    wait: bool = True
    id: UUID | None = None


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """A kept run in a list. ``stale``: the past it used has been corrected since."""

    id: UUID
    name: str | None
    source: simulations.Source
    scenario: str
    document: dict[str, Any]
    currency: str
    before_balance: Decimal
    after_balance: Decimal
    risk_score: int
    alert_level: simulations.Level
    summary: dict[str, Any]
    position: int
    stale: bool
    created_at: datetime


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A run under way: months done of months in all, both 0 where it tells nothing yet."""

    id: UUID
    state: str = "running"
    done: int = 0
    of: int = 0


class RunDeleted(msgspec.Struct, frozen=True):
    """What a deletion says."""

    message: str


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Up to four kept runs: first what was asked differently, then each run's own answer."""

    changed_inputs: list[ChangedInput]
    differences: list[dict[str, Any]]
    runs: list[msgspec.Raw]


HELD: Any = list.__class_getitem__(view_of(Held))

RunBody = msgspec.defstruct(
    "RunBody",
    [
        ("id", UUID),
        ("saved", bool),
        *((one.name, one.type) for one in msgspec.structs.fields(view_of(TwinAnswer))),
    ],
    module=__name__,
    kw_only=True,
)


@post(
    "/runs",
    status_code=200,
    summary="Run a scenario on my own history",
    responses={
        200: ResponseSpec(RunBody, generate_examples=False),
        202: ResponseSpec(Running, generate_examples=False),
    },
)
async def run_scenario(request: Call, data: JSONBody[RunRequest]) -> Answer[Any]:
    """Baseline and scenario per account and in total, what sets them apart, and what it rests on. Writes nothing unless kept."""
    if data.save and not data.wait:
        raise malformed("A run is kept when its answer is waited for: say `wait` or `save`, not both.", "save")
    document = Document(**{name: getattr(data, name) for name in Document.__struct_fields__})
    try:
        check(document)
    except ScenarioError as error:
        raise faulty(error) from None
    run_id = await _id_for(request, data, document)
    user_id, now = request.user_id, datetime.now(UTC)
    text = msgspec.json.encode(document)
    if data.wait and data.id is None:
        done = await asked(request.services.desk.run(user_id, text, now, run_id=run_id))
    else:
        try:
            running = await request.services.board.run(user_id, text, now, run_id=run_id)
        except (TooManyRunsError, DuplicateRunError) as error:
            raise stopped(error) from None
        if not data.wait:
            return Answer(Running(id=run_id), status_code=202, headers={"Location": f"/api/twin/runs/{run_id}"})
        done = await asked(asyncio.shield(running))
    if not data.save:
        return Answer(_body(run_id, done, kept=False))
    assert done.summary is not None, "a run that is no fault has a summary"
    name = None
    if document.name is not None:
        key = await request.services.ledger.user_key(user_id)
        name = key.seal(document.name, StreamKey(StreamKind.SIMULATIONS, user_id), "name")
    run = saved(run_id, document, done.summary, name=name)
    booking = await keep(request, request.command("twin-run", data), simulations.SaveSimulation(run=run))
    first = booking.entries[0].event
    if booking.replayed:
        done = await _again(request, first)
    return Answer(_body(first.simulation_id, done, kept=True), headers=position_headers(booking, booking.position))


@get("/runs", summary="My kept runs, newest first")
async def list_runs(
    request: Call, limit: Annotated[int, QueryParameter(ge=1, le=RUNS_MAX)] = RUNS_DEFAULT
) -> Answer[list[KeptRun]]:
    """Full runs; the quick ones are in the history of `/simulate`."""
    return Answer(await _shown(request, await kept_runs(request, source="full", limit=limit)))


@get(
    "/runs/{run_id:uuid}",
    summary="One run with its whole answer",
    responses={
        200: ResponseSpec(RunBody, generate_examples=False),
        202: ResponseSpec(Running, generate_examples=False),
    },
)
async def get_run(request: Call, run_id: FromPath[UUID]) -> Answer[Any]:
    """A kept run is run anew on the past that it ran on. Of others those with an `id` or without `wait`: 202, then an hour."""
    followed = await request.services.board.find(request.user_id, run_id)
    if followed is not None and followed.progress is not None:
        return Answer(Running(id=run_id, done=followed.progress[0], of=followed.progress[1]), status_code=202)
    event = await _kept(request, run_id)
    if followed is not None and followed.done is not None:
        return Answer(_body(run_id, good(followed.done), kept=event is not None))
    if event is None:
        raise _missing()
    return Answer(_body(run_id, await _again(request, event), kept=True))


@delete("/runs/{run_id:uuid}", status_code=200, summary="Keep a run no longer")
async def delete_run(request: Call, run_id: FromPath[UUID]) -> Answer[RunDeleted]:
    """404 where it is not kept, or somebody else's."""
    if await _kept(request, run_id) is None:
        raise _missing()
    command = simulations.DeleteSimulation(simulation_id=run_id)
    booking = await keep(request, request.command("delete-simulation", run_id), command)
    await request.services.board.forget(request.user_id, run_id)
    return Answer(RunDeleted("The run is deleted."), headers=position_headers(booking, booking.position))


@get("/runs/{run_id:uuid}/progress", summary="How far a run is, as Server-Sent Events", media_type="text/event-stream")
async def follow_run(request: Call, run_id: FromPath[UUID]) -> ServerSentEvent:
    """An event each time it has come further, and a last one when it has ended. 404 where it is not under way."""
    board, user_id = request.services.board, request.user_id
    first = await board.find(user_id, run_id)
    if first is None or first.progress is None:
        raise _missing()

    async def tell() -> AsyncIterator[bytes]:
        last = (-1, -1)
        progress = first.progress
        while progress is not None:
            if progress != last:
                last = progress
                yield encode(Running(id=run_id, done=progress[0], of=progress[1]))
            await asyncio.sleep(POLL_SECONDS)
            followed = await board.find(user_id, run_id)
            progress = None if followed is None else followed.progress
        yield encode(Running(id=run_id, state="ended", done=last[0], of=last[1]))

    return ServerSentEvent(tell())


@delete("/runs/{run_id:uuid}/progress", status_code=200, summary="Cancel a run")
async def cancel_run(request: Call, run_id: FromPath[UUID]) -> Answer[RunDeleted]:
    """It stops within a second. 404 where it is not under way."""
    if not await request.services.board.cancel(request.user_id, run_id):
        raise _missing()
    return Answer(RunDeleted("The run is told to stop."))


@get("/compare", summary="Up to four kept runs beside each other")
async def compare_runs(
    request: Call, runs: Annotated[str, QueryParameter(max_length=200, description="Ids, separated by commas.")]
) -> Answer[Compared]:
    """Each is run anew on its own past; the differences are those to the first."""
    try:
        ids = [UUID(text) for text in runs.split(",")]
    except ValueError:
        raise malformed("Give the ids of kept runs, separated by commas.", "runs") from None
    if not 1 <= len(ids) <= COMPARED_MAX or len(set(ids)) < len(ids):
        raise ProblemError(problem(422, "too_many_runs_compared", "One to four different runs can be compared."))
    found = [event for each in ids if (event := await _kept(request, each)) is not None]
    if len(found) < len(ids):
        raise _missing()
    bodies = [msgspec.Raw(_body(event.simulation_id, await _again(request, event), kept=True)) for event in found]
    first = found[0]
    differences: list[dict[str, Any]] = [
        {
            "id": event.simulation_id,
            "currency": event.currency,
            "final": out(event.after_minor, event.currency),
            "baseline_final": out(event.before_minor, event.currency),
            "difference": out(event.after_minor - first.after_minor, event.currency)
            if event.currency == first.currency
            else None,
        }
        for event in found
    ]
    return Answer(
        Compared(
            changed_inputs=changed_inputs([event.document for event in found]), differences=differences, runs=bodies
        )
    )


@get(
    "/runs/{run_id:uuid}/reality",
    summary="A kept run beside what really happened afterwards",
    responses={200: ResponseSpec(HELD, generate_examples=False)},
)
async def hold_against_reality(request: Call, run_id: FromPath[UUID]) -> Answer[Any]:
    """One entry a currency: actual and expected balances, mean errors, how often the band held. 404 where it is not kept."""
    event = await _kept(request, run_id)
    if event is None:
        raise _missing()
    desk, now = request.services.desk, datetime.now(UTC)
    doing = desk.reality(request.user_id, _document(event), ran_at(event), now, run_id=uuid7())
    return Answer((await asked(doing)).body)


async def _again(request: Call, event: simulations.SimulationSaved) -> Done:
    """Run a kept run anew, on the past that it ran on and as of that moment."""
    desk = request.services.desk
    return await asked(desk.run(request.user_id, _document(event), ran_at(event), run_id=uuid7()))


async def _id_for(request: Call, data: RunRequest, document: Document) -> UUID:
    """The run's id: a new one, or the caller's, unless another run is kept under it."""
    if data.id is None:
        return uuid7()
    known = await _kept(request, data.id)
    # A name lies sealed beside the document.
    same = known is not None and msgspec.convert(known.document, Document) == msgspec.structs.replace(
        document, name=None
    )
    if known is not None and not (data.save and same):
        raise stopped(DuplicateRunError())
    return data.id


def _document(event: simulations.SimulationSaved) -> bytes:
    """The document as it was run, on the very past that it was run on."""
    document = msgspec.convert(event.document, Document)
    return msgspec.json.encode(msgspec.structs.replace(document, fork_at=event.base_position))


async def _kept(request: Call, run_id: UUID) -> simulations.SimulationSaved | None:
    found = await kept_run(request, run_id, source="full")
    return None if found is None else found.event


async def _shown(request: Call, found: list[Kept]) -> list[KeptRun]:
    if not found:
        return []
    oldest = min(one.event.base_position for one in found)
    later = await twin_reading.after(request.services.pools["api"], request.user_id, oldest)
    key = await request.services.ledger.user_key(request.user_id)
    stream = StreamKey(StreamKind.SIMULATIONS, request.user_id)
    return [
        KeptRun(
            id=one.event.simulation_id,
            name=None if one.event.name is None else key.open(one.event.name, stream, "name"),
            source=one.event.source,
            scenario=one.event.scenario,
            document=one.event.document,
            currency=one.event.currency,
            before_balance=out(one.event.before_minor, one.event.currency),
            after_balance=out(one.event.after_minor, one.event.currency),
            risk_score=one.event.risk_score,
            alert_level=one.event.level,
            summary=one.event.summary,
            position=one.event.base_position,
            stale=stale(one, later),
            created_at=one.recorded_at,
        )
        for one in found
    ]


def _body(run_id: UUID, done: Done, *, kept: bool) -> bytes:
    """The worker's JSON with the run's id in front; nothing of it is read here."""
    return encode({"id": run_id, "saved": kept})[:-1] + b"," + done.body[1:]


def _missing() -> ProblemError:
    return ProblemError(problem(404, UNKNOWN_SIMULATION.code.value, UNKNOWN_SIMULATION.detail))


router = Router(
    "/api/twin",
    route_handlers=[
        run_scenario, list_runs, get_run, delete_run, follow_run, cancel_run, compare_runs,
        hold_against_reality,
    ],
    before_request=signed_in,
    tags=["Twin"],
)  # fmt: skip
