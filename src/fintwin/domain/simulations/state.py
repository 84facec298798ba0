"""What a kept simulation is at one moment, as far as its owner can change it.

There is one state a simulation, taken from the read model: None where there is none (it never was, or is deleted).

    evolve(None, SimulationSaved(account_id=main, ...)) == SimulationState(account_id=main)
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from fintwin.domain.simulations.events import SimulationEvent, SimulationSaved, SimulationsCleared


class SimulationState(msgspec.Struct, frozen=True, kw_only=True):
    """One kept simulation, and the account it was made for."""

    account_id: UUID | None = None


def evolve(state: SimulationState | None, event: SimulationEvent) -> SimulationState | None:
    """The simulation after one more event that concerns it, or a clearing of its user's simulations."""
    if isinstance(event, SimulationSaved):
        return SimulationState(account_id=event.account_id)
    if state is None:
        return None
    if isinstance(event, SimulationsCleared) and event.account_id not in {None, state.account_id}:
        return state
    return None
