from decimal import Decimal
from typing import Any

import pytest

from fintwin.twin import scenario as ask
from fintwin.twin.answer import Simulation, answer
from fintwin.twin.outlook import Outlook
from fintwin.twin.pace import StoppedError
from tests.twin.pasts import Past

RETURNS = ask.LogNormalReturns(rate_percent=Decimal(5), sd_percent=Decimal(10))


def simulation(tell: Any, *steps: Any, **more: Any) -> Simulation:
    past = Past()
    past.deposit(1_000_00)
    fork = past.fork()
    return Simulation(fork, Outlook(fork), ask.Document(horizon_months=24, steps=steps, **more), tell=tell)


def test_months_are_counted_to_the_end() -> None:
    """Two lines, two effects, the futures and five opened paths, eleven lines of levers: all are counted, none twice."""
    told: list[tuple[int, int]] = []
    steps = [ask.Withdraw(amount=Decimal(1)), ask.Deposit(amount=Decimal(2))]
    one = simulation(
        lambda done, of: told.append((done, of)) is None,
        *steps,
        uncertainty=ask.Uncertainty(paths=10, returns=RETURNS),
        sensitivity=ask.Sensitivity(),
    )
    answer(one)
    assert told[-1] == (24 * (2 + 2 + 1 + 5 + 11), 24 * (2 + 2 + 1 + 5 + 11))
    assert told == sorted(told)


@pytest.mark.parametrize("months_done", [5, 40, 60, 130, 300, 500])
def test_a_run_stops_wherever_it_is(months_done: int) -> None:
    """In the lines, in the effects, in the futures, in opened paths or among the levers: at the next month it is over."""
    told = []

    def tell(done: int, of: int) -> bool:
        told.append(done)
        return done < months_done

    one = simulation(
        tell,
        ask.Withdraw(amount=Decimal(1)),
        ask.Deposit(amount=Decimal(2)),
        uncertainty=ask.Uncertainty(paths=10, returns=RETURNS),
        sensitivity=ask.Sensitivity(),
    )
    with pytest.raises(StoppedError):
        answer(one)
    assert sum(done >= months_done for done in told) == 1


def test_solving_a_goal_stops_too() -> None:
    """The sum of a goal is looked for before the run begins; that is given up like everything else."""
    with pytest.raises(StoppedError):
        simulation(lambda *_: False, ask.Goal(amount=Decimal(5_000), months=24))
