"""What the twin's routes share: asking the desk, keeping runs, and telling what is wrong with a scenario.

done = await asked(request.services.desk.run(user_id, document, now, run_id=run_id))
booking = await keep(request, command, saved(run_id, ...))
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from fintwin.api.call import Call, booked
from fintwin.api.problems import DATABASE_DOWN, FieldError, ProblemError, problem
from fintwin.domain import simulations
from fintwin.domain.streams import StreamKind
from fintwin.ledger.ledger import Booking, Request
from fintwin.ledger.plans import Noted
from fintwin.simulations.desk import DuplicateRunError, TooManyRunsError
from fintwin.simulations.keeping import Kept, kept
from fintwin.simulations.working import Done
from fintwin.store import reading_insights
from fintwin.twin.faults import ScenarioError

_MISSING = {"unknown_account", "unknown_transaction"}


async def asked(doing: Awaitable[Done]) -> Done:
    """What a worker found, or the problem that says why it did not."""
    try:
        done = await doing
    except (TooManyRunsError, DuplicateRunError) as error:
        raise stopped(error) from None
    return good(done)


def good(done: Done) -> Done:
    """An outcome that holds a body; raises the problem that says why there is none."""
    if done.lost:
        raise ProblemError(DATABASE_DOWN)
    if done.broken:
        text = "The simulation broke off: its worker ended. Run it again, smaller if it happens again."
        raise ProblemError(problem(503, "worker_died", text))
    if done.fault is not None:
        raise faulty(ScenarioError(*done.fault))
    if not done.body:
        raise ProblemError(problem(409, "run_cancelled", "The run was cancelled."))
    return done


def stopped(error: TooManyRunsError | DuplicateRunError) -> ProblemError:
    """The HTTP form of a run that was not begun."""
    if isinstance(error, DuplicateRunError):
        return ProblemError(problem(409, "run_exists", "There is a run of this id already: give another one, or none."))
    text = "So many runs are under way already: wait for one to end, or cancel one."
    return ProblemError(problem(429, "too_many_runs", text), {"Retry-After": "5"})


def faulty(error: ScenarioError) -> ProblemError:
    """The HTTP form of what is wrong with a scenario."""
    status = 404 if error.code in _MISSING else 422
    return ProblemError(problem(status, error.code, error.detail, (FieldError(error.field, error.detail),)))


async def kept_runs(
    request: Call, *, limit: int, account_id: UUID | None = None, source: simulations.Source | None = None
) -> list[Kept]:
    """The caller's kept runs, newest first. Raises `NotReachedError`."""
    seen = await reading_insights.kept_simulations(
        request.services.pools["api"], request.user_id, account_id=account_id, source=source, limit=limit
    )
    return [kept(row) for row in seen.value]


async def kept_run(request: Call, run_id: UUID, *, source: simulations.Source | None = None) -> Kept | None:
    """One of the caller's kept runs, of one source where it is given. Raises `NotReachedError`."""
    seen = await reading_insights.kept_simulation(request.services.pools["api"], request.user_id, run_id)
    return None if seen.value is None or source not in {None, seen.value.source} else kept(seen.value)


async def keep(request: Call, command: Request, what: Any) -> Booking:
    """Append what the rules of simulations decided: exactly one event."""
    state = simulations.SimulationState() if isinstance(what, simulations.DeleteSimulation) else None
    events = simulations.decide(state, what)
    plan = Noted(request.user_id, StreamKind.SIMULATIONS, events)
    return booked(await request.services.ledger.submit(command, plan))
