"""How long 10,000 paths of 30 years take, measured against drawing the normals in the same run."""

import time
from collections.abc import Callable

import numpy as np

from fintwin.twin.draws import Centre, log_normal
from fintwin.twin.monte_carlo import Plan, Pot, simulate

PATHS = 10_000
MONTHS = 360
TIMES = 5


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _plan(monthly_minor: int) -> Plan:
    growth = 1.05 ** (1 / 12)
    line = [10_000_000]
    for _ in range(MONTHS):
        line.append(round(line[-1] * growth) + monthly_minor)
    return Plan((Pot(tuple(line), growth, market=True, residuals_minor=tuple(range(-60_000, 60_001, 5_000))),))


def run() -> dict[str, float]:
    """Return the medians: the time of baseline and scenario together as a multiple of NumPy's normals."""
    plans = [_plan(20_000), _plan(5_000)]
    market = log_normal(5, 15, Centre.MEAN)
    normals, both = [], []
    for seed in range(TIMES):
        rng = np.random.default_rng(seed)
        normals.append(_seconds(lambda rng=rng: rng.standard_normal((MONTHS, PATHS))))
        both.append(_seconds(lambda seed=seed: simulate(plans, seed=seed, paths=PATHS, market=market)))
    normals_s, both_s = sorted(normals)[TIMES // 2], sorted(both)[TIMES // 2]
    return {
        "normals_ms": round(normals_s * 1000, 1),
        "simulate_ms": round(both_s * 1000, 1),
        "simulate_to_normals": round(both_s / normals_s, 2),
    }
