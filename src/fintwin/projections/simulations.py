"""Kept simulations: the runs that a user saved, as they were saved.

One row a run, from `SimulationSaved` to its deletion or a clearing. The row holds what a list shows, the document that was run
and the past it was run on, so that a run can be opened, repeated and compared; ``name`` is sealed and opaque here.

    SimulationSaved(...) -> a row    SimulationDeleted(...), SimulationsCleared(...) -> none
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fintwin.domain.simulations.events import Level, SimulationDeleted, SimulationSaved, SimulationsCleared, Source
from fintwin.domain.streams import Recorded
from fintwin.projections.model import ALL_OF_USER, Changes, Everything, Key, ReadModel, Row, Table, UserRows

SIMULATION: Final = "simulation"


class Simulation(Row, frozen=True):
    """One kept run; see `domain.simulations.events.SimulationSaved`. ``account_id`` None: of all accounts."""

    user_id: UUID
    simulation_id: UUID
    position: int
    created_at: datetime
    source: Source
    scenario: str
    account_id: UUID | None
    amount_minor: int | None
    figure: str | None
    currency: str
    before_minor: int
    after_minor: int
    risk_score: int
    level: Level
    recommendation: str | None
    name: str | None
    base_position: int
    base_hash: str
    document: dict[str, Any]
    summary: dict[str, Any]


def keys(event: Recorded) -> list[Key] | Everything:
    """The run that is deleted; all of the user's where they are cleared."""
    what = event.event
    if type(what) is SimulationsCleared:
        return ALL_OF_USER
    return [(SIMULATION, what.simulation_id)]


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """Runs are kept, or one or several are not any more."""
    changes: dict[Key, Any] = {}
    for event in events:
        what = event.event
        match what:
            case SimulationSaved():
                changes[SIMULATION, what.simulation_id] = _row(event)
            case SimulationDeleted():
                changes[SIMULATION, what.simulation_id] = None
            case SimulationsCleared(account_id=account_id):
                there = {**rows, **changes}
                changes |= {
                    key: None for key, row in there.items() if row is not None and account_id in {None, row.account_id}
                }
    return changes


def _row(event: Recorded) -> Simulation:
    run: SimulationSaved = event.event
    return Simulation(
        user_id=event.user_id,
        simulation_id=run.simulation_id,
        position=event.position,
        created_at=event.recorded_at,
        source=run.source,
        scenario=run.scenario,
        account_id=run.account_id,
        amount_minor=run.amount_minor,
        figure=run.figure,
        currency=run.currency,
        before_minor=run.before_minor,
        after_minor=run.after_minor,
        risk_score=run.risk_score,
        level=run.level,
        recommendation=run.recommendation,
        name=run.name,
        base_position=run.base_position,
        base_hash=run.base_hash,
        document=run.document,
        summary=run.summary,
    )


MODEL: Final = ReadModel(
    name="simulations",
    version=1,
    tables=(Table(SIMULATION, Simulation, key_fields=2),),
    events=(SimulationSaved, SimulationDeleted, SimulationsCleared),
    keys=keys,
    fold=fold,
)
