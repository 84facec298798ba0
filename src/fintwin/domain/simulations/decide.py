"""The rules of kept simulations.

Checked in one order: the simulation exists (or, to keep one, does not yet), and there is something to change. Clearing
where nothing is kept causes no event and is no refusal.

>>> from uuid import UUID
>>> decide(None, DeleteSimulation(simulation_id=UUID(int=1))).code.value
'unknown_simulation'
>>> decide(None, ClearSimulations(account_id=None, kept=0))
[]
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.simulations.events import SimulationDeleted, SimulationEvent, SimulationSaved, SimulationsCleared
from fintwin.domain.simulations.state import SimulationState

Decision = list[SimulationEvent] | Refusal

UNKNOWN_SIMULATION: Final = Refusal(Code.UNKNOWN_SIMULATION, "There is no such simulation.")
SIMULATION_EXISTS: Final = Refusal(Code.SIMULATION_EXISTS, "This simulation is kept already.")


class SaveSimulation(msgspec.Struct, frozen=True, kw_only=True):
    """Keep a run; the run is described by the event that it will become."""

    run: SimulationSaved


class DeleteSimulation(msgspec.Struct, frozen=True, kw_only=True):
    """Keep a run no longer."""

    simulation_id: UUID


class ClearSimulations(msgspec.Struct, frozen=True, kw_only=True):
    """Keep no run of an account (None: of the user) any longer; ``kept`` is how many there are."""

    account_id: UUID | None
    kept: int


SimulationCommand = SaveSimulation | DeleteSimulation | ClearSimulations


def decide(state: SimulationState | None, command: SimulationCommand) -> Decision:
    """The events that a command causes, or the first rule that forbids it. The state is that of the one simulation."""
    match command:
        case SaveSimulation():
            return [command.run] if state is None else SIMULATION_EXISTS
        case DeleteSimulation():
            if state is None:
                return UNKNOWN_SIMULATION
            return [SimulationDeleted(simulation_id=command.simulation_id)]
        case ClearSimulations():
            return [SimulationsCleared(account_id=command.account_id)] if command.kept else []
