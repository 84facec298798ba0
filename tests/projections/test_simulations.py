from typing import Any
from uuid import UUID

from fintwin.domain import simulations
from fintwin.domain.streams import StreamKind
from fintwin.projections.model import encode_rows, fold_all
from fintwin.projections.simulations import MODEL, SIMULATION, Simulation
from tests.projections.lives import USER, Life

OTHER = UUID("0198c0de-0000-7000-8000-0000000000aa")


def run(number: int, account: UUID | None = USER, **more: Any) -> simulations.SimulationSaved:
    return simulations.SimulationSaved(
        simulation_id=UUID(int=number), source="quick", scenario="withdrawal", base_position=number, base_hash="ab",
        document={"steps": [{"kind": "withdraw", "amount_minor": 500, "share": 0.25}], "note": None}, before_minor=1000_00,
        after_minor=-500_00, currency="EUR", risk_score=70, level="high", account_id=account, amount_minor=1500_00,
        summary={"months": 0}, **more,
    )  # fmt: skip


def kept(life: Life) -> dict[int, Simulation]:
    rows = fold_all(MODEL, life.events).get(life.user, {})
    return {row.simulation_id.int: row for key, row in rows.items() if key[0] == SIMULATION}


def history(*events: simulations.SimulationEvent) -> Life:
    life = Life()
    for event in events:
        life.add(StreamKind.SIMULATIONS, USER, event)
    return life


def test_a_kept_run_is_a_row() -> None:
    """The row says what the event said, when it was recorded and where."""
    life = history(run(7, name="s1.n"))
    row = kept(life)[7]
    event = life.events[-1]
    assert (row.position, row.created_at) == (event.position, event.recorded_at)
    for field in simulations.SimulationSaved.__struct_fields__:
        assert getattr(row, field) == getattr(event.event, field)


def test_deleting_takes_one_away() -> None:
    """The others stay; deleting what is not there changes nothing."""
    life = history(
        run(1), run(2), simulations.SimulationDeleted(simulation_id=UUID(int=1)),
        simulations.SimulationDeleted(simulation_id=UUID(int=9)),
    )  # fmt: skip
    assert kept(life).keys() == {2}


def test_clearing_takes_an_account_s_runs_or_all() -> None:
    """With an account those of that account, without one all; later ones are kept again."""
    saved = (run(1), run(2, OTHER), run(3, None))
    assert kept(history(*saved, simulations.SimulationsCleared(account_id=OTHER))).keys() == {1, 3}
    assert kept(history(*saved, simulations.SimulationsCleared())).keys() == set()
    assert kept(history(*saved, simulations.SimulationsCleared(), run(4))).keys() == {4}


def test_folding_again_gives_the_same_bytes() -> None:
    """The rows depend on the events alone."""
    life = history(run(1), run(2), simulations.SimulationDeleted(simulation_id=UUID(int=1)))
    assert encode_rows(MODEL, fold_all(MODEL, life.events)) == encode_rows(MODEL, fold_all(MODEL, life.events))
