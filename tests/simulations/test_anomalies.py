import os
import random
import signal
from uuid import UUID

import pytest

from fintwin.simulations.anomalies import HISTORY_MIN, NOTE_TOO_FEW, Anomalies, AnomalyFinder, Observation, find

WEEK = 7 * 86_400


def regular(count: int, amount_minor: int = -25_00, counterparty: str | None = "shop") -> list[Observation]:
    """Equal payments, a week apart."""
    return [Observation(UUID(int=number + 1), number * WEEK, amount_minor, counterparty) for number in range(count)]


def with_one_of(times: int, counterparty: str | None = "shop") -> list[Observation]:
    """Forty equal payments and one of so many times the amount."""
    return [*regular(40), Observation(UUID(int=99), 40 * WEEK, -25_00 * times, counterparty)]


def test_forty_equal_payments_hold_no_anomaly() -> None:
    """A perfectly regular history has nothing unusual in it."""
    assert find(regular(40)) == Anomalies()


@pytest.mark.parametrize("counterparty", ["shop", "stranger", None])
def test_a_500_fold_outlier_is_found_and_far_worse_than_a_3_fold_one(counterparty: str | None) -> None:
    """The large outlier is the only anomaly; its severity is at least three times that of the small one."""
    large, small = find(with_one_of(500, counterparty)), find(with_one_of(3, counterparty))
    assert [one.transaction_id for one in large.anomalies] == [UUID(int=99)]
    assert large.anomalies[0].index == 40
    assert [one.transaction_id for one in small.anomalies] == [UUID(int=99)]
    assert large.score >= 3 * small.score > 0


def test_too_short_a_history_says_so() -> None:
    """Below the minimum nothing is called unusual, whatever it is."""
    few = [*regular(HISTORY_MIN - 2), Observation(UUID(int=99), 40 * WEEK, -10_000_00, None)]
    assert find(few) == Anomalies(note=NOTE_TOO_FEW)


def test_a_usual_life_with_one_odd_payment() -> None:
    """Salary, rent and everyday spending are usual although they differ by a factor of a hundred; one odd payment is not."""
    dice = random.Random(4)
    life: list[Observation] = []
    for month in range(18):
        begin = month * 30 * 86_400
        life.append(Observation(UUID(int=len(life) + 1), begin, 3000_00, "employer"))
        life.append(Observation(UUID(int=len(life) + 1), begin + 86_400, -900_00, "landlord"))
        for day in range(2, 30, 2):
            life.append(
                Observation(UUID(int=len(life) + 1), begin + day * 86_400, -dice.randint(15_00, 60_00), "market")
            )
    assert find(life) == Anomalies()
    odd = Observation(UUID(int=7777), life[-1].at + 86_400, -4000_00, "market")
    assert [one.transaction_id for one in find([*life, odd]).anomalies] == [UUID(int=7777)]


def test_times_a_hundred_is_the_same() -> None:
    """The size of the money does not matter."""
    plain = with_one_of(500)
    hundred = [Observation(one.transaction_id, one.at, one.amount_minor * 100, one.counterparty) for one in plain]
    assert [(one.index, one.severity) for one in find(hundred).anomalies] == [
        (one.index, one.severity) for one in find(plain).anomalies
    ]


async def test_the_worker_starts_on_first_use_and_is_replaced_when_it_dies() -> None:
    """Nothing runs before the first question; after a kill the next question gets its answer from a new worker."""
    finder = AnomalyFinder()
    assert not finder.started
    try:
        first = await finder.find(with_one_of(500))
        assert finder.started
        assert first == find(with_one_of(500))
        assert finder._pool is not None
        (worker,) = finder._pool._processes
        os.kill(worker, signal.SIGKILL)
        assert await finder.find(with_one_of(500)) == first
    finally:
        finder.close()
    assert not finder.started
