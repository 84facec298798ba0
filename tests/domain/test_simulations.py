from uuid import UUID

import pytest

from fintwin.domain import simulations
from fintwin.domain.refusals import Refusal
from fintwin.domain.simulations import SimulationState

RUN, MAIN, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
SAVED = simulations.SimulationSaved(
    simulation_id=RUN,
    source="quick",
    scenario="withdrawal",
    document={"steps": [{"kind": "withdraw", "amount_minor": 500}]},
    base_position=7,
    base_hash="00",
    before_minor=1000,
    after_minor=500,
    currency="EUR",
    risk_score=20,
    level="low",
    account_id=MAIN,
)


def test_a_run_is_kept_once() -> None:
    """Keeping a run is exactly one event; keeping it again is refused: simulation_exists."""
    command = simulations.SaveSimulation(run=SAVED)
    assert simulations.decide(None, command) == [SAVED]
    refused = simulations.decide(simulations.evolve(None, SAVED), command)
    assert isinstance(refused, Refusal)
    assert refused.code.value == "simulation_exists"


def test_what_is_not_kept_cannot_be_deleted() -> None:
    """Deleting a run that is not there is refused: unknown_simulation."""
    refused = simulations.decide(None, simulations.DeleteSimulation(simulation_id=RUN))
    assert isinstance(refused, Refusal)
    assert refused.code.value == "unknown_simulation"


def test_deleting_takes_it_away() -> None:
    """A deleted run is gone."""
    (event,) = simulations.decide(SimulationState(account_id=MAIN), simulations.DeleteSimulation(simulation_id=RUN))
    assert simulations.evolve(SimulationState(account_id=MAIN), event) is None


@pytest.mark.parametrize(("account", "stays"), [(MAIN, False), (OTHER, True), (None, False)])
def test_clearing_is_for_one_account_or_all(account: UUID | None, stays: bool) -> None:
    """Clearing an account's runs leaves those of the others; clearing without an account takes all."""
    (event,) = simulations.decide(None, simulations.ClearSimulations(account_id=account, kept=1))
    after = simulations.evolve(SimulationState(account_id=MAIN), event)
    assert (after is not None) is stays


def test_clearing_nothing_is_no_event() -> None:
    """Where nothing is kept there is nothing to record."""
    assert simulations.decide(None, simulations.ClearSimulations(account_id=MAIN, kept=0)) == []
