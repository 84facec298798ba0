"""`/api/simulate`: six quick questions to the twin, and what was asked before. Every quick run is kept.

POST /api/simulate/ {"scenario": "withdrawal", "amount": 250}    -> the balance right afterwards, risk, flags
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from uuid_utils.compat import uuid7

from fintwin.api.answers import Answer
from fintwin.api.call import Call, position_headers, signed_in
from fintwin.api.money import Amount, Percent, minor, out
from fintwin.api.problems import FieldError, ProblemError, problem, refused
from fintwin.api.twin_runs import asked, keep, kept_run, kept_runs
from fintwin.domain import simulations
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.domain.refusals import Refusal
from fintwin.domain.simulations.decide import UNKNOWN_SIMULATION
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.simulations.keeping import Kept, saved_quick
from fintwin.simulations.quick import QuickAsked, QuickTold, Scenario
from fintwin.store import read, reading_insights

HISTORY_DEFAULT = 10
HISTORY_MAX = 1_000
Level = Literal["low", "medium", "high"]


class QuickQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """`balance` is not looked at: the twin forks the real history. `rate_percent` is for `investment_growth` only."""

    scenario: str
    amount: Amount
    account_id: UUID | None = None
    balance: Any = None
    rate_percent: Percent | None = None


class QuickAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What would be there, beside what is and what will be without it."""

    id: UUID
    account_id: UUID
    scenario: str
    amount: Decimal
    currency: str
    current_balance: Decimal
    virtual_balance: Decimal
    baseline_balance: Decimal
    months: int
    risk_score: int
    alert_level: Level
    flags: tuple[str, ...]
    recommendation: str
    rate_percent: Decimal | None
    months_covered_before: Decimal | None
    months_covered_after: Decimal | None
    position: int


class PastRun(msgspec.Struct, frozen=True, kw_only=True):
    """A kept run in a list."""

    id: UUID
    account_id: UUID
    scenario: str
    amount: Decimal
    currency: str
    before_balance: Decimal
    after_balance: Decimal
    risk_score: int
    alert_level: Level
    recommendation: str
    created_at: datetime


class ClearedRuns(msgspec.Struct, frozen=True):
    """How many runs are not kept any more."""

    message: str
    deleted_count: int


class DeletedRun(msgspec.Struct, frozen=True):
    """What a deletion says."""

    message: str


@post("/", status_code=200, summary="Ask the twin a quick question")
async def ask_quickly(request: Call, data: JSONBody[QuickQuestion]) -> Answer[QuickAnswer]:
    """On the caller's own history, with the ledger's rules; the run is kept."""
    if data.scenario not in get_args(Scenario):
        detail = f"There is no such scenario; there are {', '.join(get_args(Scenario))}."
        raise ProblemError(problem(422, "unknown_scenario", detail, (FieldError("scenario", detail),)))
    question = QuickAsked(
        scenario=data.scenario,  # type: ignore[arg-type]  # looked up in the line above
        amount=data.amount,
        account_id=data.account_id,
        rate_percent=data.rate_percent,
    )
    run_id = uuid7()
    done = await asked(request.services.desk.quick(request.user_id, question, datetime.now(UTC), run_id=run_id))
    assert done.summary is not None, "a quick run that is no fault has a summary"
    amount = None if data.scenario == "rate_change" else minor(data.amount, done.summary.currency)
    assert not isinstance(amount, Refusal), "the worker took the amount"
    run = saved_quick(run_id, question, done.summary, amount)
    booking = await keep(request, request.command("simulate", data), simulations.SaveSimulation(run=run))
    event: simulations.SimulationSaved = booking.entries[0].event
    return Answer(_shown(event, booking.position), headers=position_headers(booking, booking.position))


@get("/history/{account_id:uuid}", summary="What was asked for an account, newest first")
async def list_history(
    request: Call,
    account_id: FromPath[UUID],
    limit: Annotated[int, QueryParameter(ge=1, le=HISTORY_MAX)] = HISTORY_DEFAULT,
) -> Answer[list[PastRun]]:
    """Quick runs and full ones."""
    await _own(request, account_id)
    return Answer([_past(one) for one in await kept_runs(request, account_id=account_id, limit=limit)])


@get("/history/detail/{run_id:uuid}", summary="One kept run")
async def get_run(request: Call, run_id: FromPath[UUID]) -> Answer[PastRun]:
    """404 where it is not kept, or somebody else's."""
    found = await kept_run(request, run_id)
    if found is None:
        raise _missing()
    return Answer(_past(found))


@delete("/history/{account_id:uuid}", status_code=200, summary="Keep no run of an account any longer")
async def clear_history(request: Call, account_id: FromPath[UUID]) -> Answer[ClearedRuns]:
    """One event, whatever the number; none where nothing was kept."""
    await _own(request, account_id)
    pool = request.services.pools["api"]
    count = (await reading_insights.kept_simulation_count(pool, request.user_id, account_id)).value
    headers = {}
    if count:
        command = simulations.ClearSimulations(account_id=account_id, kept=count)
        booking = await keep(request, request.command("clear-simulations", account_id), command)
        headers = position_headers(booking, booking.position)
    return Answer(ClearedRuns(f"{count} simulations are deleted.", count), headers=headers)


@delete("/history/detail/{run_id:uuid}", status_code=200, summary="Keep a run no longer")
async def delete_run(request: Call, run_id: FromPath[UUID]) -> Answer[DeletedRun]:
    """404 where it is not kept, or somebody else's."""
    if await kept_run(request, run_id) is None:
        raise _missing()
    command = simulations.DeleteSimulation(simulation_id=run_id)
    booking = await keep(request, request.command("delete-simulation", run_id), command)
    return Answer(DeletedRun("The simulation is deleted."), headers=position_headers(booking, booking.position))


def _missing() -> ProblemError:
    return ProblemError(problem(404, UNKNOWN_SIMULATION.code.value, UNKNOWN_SIMULATION.detail))


async def _own(request: Call, account_id: UUID) -> None:
    stream = StreamKey(StreamKind.ACCOUNT, account_id)
    if await read.one_head(request.services.pools["api"], request.user_id, stream) is None:
        raise refused(UNKNOWN_ACCOUNT)


def _shown(event: simulations.SimulationSaved, position: int) -> QuickAnswer:
    told = msgspec.convert(event.summary["told"], QuickTold)
    return QuickAnswer(
        id=event.simulation_id,
        account_id=told.account_id,
        scenario=told.scenario,
        amount=told.amount,
        currency=told.currency,
        current_balance=out(told.current_balance_minor, told.currency),
        virtual_balance=out(told.virtual_balance_minor, told.currency),
        baseline_balance=out(told.baseline_balance_minor, told.currency),
        months=told.months,
        risk_score=told.risk_score,
        alert_level=told.alert_level,
        flags=told.flags,
        recommendation=told.recommendation,
        rate_percent=told.rate_percent,
        months_covered_before=told.months_covered_before,
        months_covered_after=told.months_covered_after,
        position=position,
    )


def _past(one: Kept) -> PastRun:
    event: simulations.SimulationSaved = one.event
    text = event.summary["told"]["recommendation"] if event.source == "quick" else event.summary["sentence"]
    is_money = event.amount_minor is not None
    amount = out(event.amount_minor or 0, event.currency) if is_money else Decimal(event.figure or 0)
    return PastRun(
        id=event.simulation_id,
        account_id=event.account_id or one.user_id,
        scenario=event.scenario,
        amount=amount,
        currency=event.currency,
        before_balance=out(event.before_minor, event.currency),
        after_balance=out(event.after_minor, event.currency),
        risk_score=event.risk_score,
        alert_level=event.level,
        recommendation=text,
        created_at=one.recorded_at,
    )


router = Router(
    "/api/simulate",
    route_handlers=[ask_quickly, list_history, get_run, clear_history, delete_run],
    before_request=signed_in,
    tags=["Simulate"],
)
