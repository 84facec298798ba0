"""Unusual transactions, found by an isolation forest in a worker process that starts on first use.

scikit-learn's IsolationForest tells which transactions stand apart from the rest: by amount (against the counterparty's own
amounts where there are enough, else against all in that direction), direction, how often the counterparty turns up, and the
time since it last did. It isolates something in any data, however even, so its word alone is not enough: what counts must
also lie outside the usual spread of amounts, and its severity grows with the logarithm of how far outside: a 500-fold amount
is worse than a 3-fold one by more than three times, and forty equal payments hold none.

Worked example: forty payments of 25.00, a week apart, then one of 12,500.00:

    find([...]).anomalies == (Anomaly(index=40, transaction_id=..., severity=0.9),)

Below `HISTORY_MIN` transactions nothing is said. The forest is seeded: the same history gives the same answer.
"""

from __future__ import annotations

import asyncio
import math
import multiprocessing
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from statistics import median
from typing import Final
from uuid import UUID

import msgspec

from fintwin.simulations.lifeline import hold_on_to_parent

MODEL_NAME: Final = "IsolationForest"
HISTORY_MIN: Final = 20
HISTORY_MAX: Final = 2_000
"""So many of the newest transactions are looked at."""
OF_COUNTERPARTY_MIN: Final = 4
TREES: Final = 100
STANDS_APART: Final = -0.55
"""Scores of the forest below this are apart; its middle is -0.5, the lowest -1."""
SPREADS: Final = 4.5
"""Three robust standard deviations: 3 times 1.5 times the median absolute deviation."""
SEVEREST: Final = math.log(1_000)
"""A thousandfold amount has severity 1."""
ROUNDING: Final = 1e-9
"""What the rounding of logarithms may add up to: equal amounts are equal."""
NOTE_TOO_FEW: Final = f"At least {HISTORY_MIN} transactions are needed before any can be called unusual."
_DAY: Final = 86_400


class Observation(msgspec.Struct, frozen=True, array_like=True):
    """One transaction: when (seconds since 1970), signed minor units, and which counterparty."""

    transaction_id: UUID
    at: int
    amount_minor: int
    counterparty: str | None = None


class Anomaly(msgspec.Struct, frozen=True):
    """An unusual transaction: its place in the list that was given, and how unusual, above 0 and at most 1."""

    index: int
    transaction_id: UUID
    severity: float


class Anomalies(msgspec.Struct, frozen=True):
    """What was found, worst first; ``note`` says why nothing was looked for. ``score`` is the worst severity, else 0."""

    anomalies: tuple[Anomaly, ...] = ()
    note: str | None = None

    @property
    def score(self) -> float:
        """The severity of the worst one."""
        return max((one.severity for one in self.anomalies), default=0.0)


def find(observations: Sequence[Observation]) -> Anomalies:
    """The unusual ones among transactions in booking order. Takes some 0.2 s and loads scikit-learn: for a worker."""
    seen = list(enumerate(observations))[-HISTORY_MAX:]
    seen = [(index, one) for index, one in seen if one.amount_minor]
    if len(seen) < HISTORY_MIN:
        return Anomalies(note=NOTE_TOO_FEW)
    features, excess = _features([one for _, one in seen])
    outside = [place for place, value in enumerate(excess) if value > 0]
    if not outside:
        return Anomalies()
    import numpy as np
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=TREES, random_state=0, n_jobs=1)
    scores = forest.fit(np.array(features)).score_samples(np.array([features[place] for place in outside]))
    found = [
        Anomaly(seen[place][0], seen[place][1].transaction_id, round(min(1.0, excess[place] / SEVEREST), 4))
        for place, score in zip(outside, scores.tolist(), strict=True)
        if score < STANDS_APART
    ]
    found.sort(key=lambda one: (-one.severity, -one.index))
    return Anomalies(tuple(found))


def _features(seen: list[Observation]) -> tuple[list[list[float]], list[float]]:
    """What the forest sees of each transaction, and by how much (in logarithms) its amount is outside the usual spread."""
    logs = [math.log(abs(one.amount_minor)) for one in seen]
    of_direction: dict[bool, list[float]] = defaultdict(list)
    of_counterparty: dict[tuple[bool, str], list[float]] = defaultdict(list)
    for one, log in zip(seen, logs, strict=True):
        of_direction[one.amount_minor > 0].append(log)
        if one.counterparty is not None:
            of_counterparty[one.amount_minor > 0, one.counterparty].append(log)
    usual: dict[int, tuple[float, float]] = {}
    last: dict[tuple[bool, str | None], int] = {}
    features, excess = [], []
    for one, log in zip(seen, logs, strict=True):
        incoming = one.amount_minor > 0
        own = of_counterparty.get((incoming, one.counterparty or ""), [])
        group = own if len(own) >= OF_COUNTERPARTY_MIN else of_direction[incoming]
        middle, spread = usual.get(id(group)) or usual.setdefault(id(group), _middle_and_spread(group))
        days = (one.at - last.get((incoming, one.counterparty), one.at)) / _DAY
        last[incoming, one.counterparty] = one.at
        features.append([log - middle, 1.0 if incoming else 0.0, len(own) / len(seen), math.log1p(max(0.0, days))])
        excess.append(abs(log - middle) - spread)
    return features, [value if value > ROUNDING else 0.0 for value in excess]


def _middle_and_spread(logs: list[float]) -> tuple[float, float]:
    middle = median(logs)
    return middle, SPREADS * median(abs(log - middle) for log in logs)


class AnomalyFinder:
    """Runs `find` in one process of its own, started when it is first asked."""

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._pool: ProcessPoolExecutor | None = None

    @property
    def started(self) -> bool:
        """Whether there is a worker."""
        return self._pool is not None

    async def find(self, observations: Sequence[Observation]) -> Anomalies:
        """The unusual ones among transactions in booking order; a worker that died is replaced once."""
        newest = list(observations)
        for last_try in (False, True):
            pool = self._started()
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, find, newest)
            except BrokenProcessPool:
                self._drop(pool)
                if last_try:
                    raise
        raise AssertionError("the loop returns or raises")

    def close(self) -> None:
        """Ends the worker."""
        if self._pool is not None:
            self._drop(self._pool)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=hold_on_to_parent
            )
        return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)
