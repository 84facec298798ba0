"""What counted when on one account: how low its balance has been since a moment of the past.

A booking that counts from an earlier day changes every balance from there on. Money that comes in only lifts them; a payment
needs the lowest of them. `Past` holds the movements in the order in which they count, whatever the order they were booked in.

An account that took in 100.00 on the 1st, paid 90.00 on the 5th and took in 50.00 on the 9th has 60.00 today; since the 3rd it
had 10.00 at the least, on the 5th:

>>> from datetime import UTC, datetime
>>> def day(number):
...     return datetime(2026, 3, number, tzinfo=UTC)
>>> past = Past([(day(1), 100_00), (day(9), 50_00)]).moved(day(5), -90_00)
>>> lowest = past.lowest(since=day(3), balance_minor=60_00)
>>> lowest.balance_minor, lowest.at.day
(1000, 5)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple


class Lowest(NamedTuple):
    """The lowest balance of a stretch of time, and since when it was so low."""

    balance_minor: int
    at: datetime


class Past:
    """The movements of one account by the moment they count; a value that is never seen to change.

    A movement that counts last, as nearly all do, is put at the end of lists that the values before share and do not look at:
    a history of n movements costs n steps, not n copies. One process may use such a chain of values in one thread.
    """

    __slots__ = ("_count", "_deltas_minor", "_moments")

    def __init__(self, moves: Iterable[tuple[datetime, int]] = ()) -> None:
        """``moves``: moment and signed minor units, those of one moment in the order of booking."""
        ordered = sorted(moves, key=itemgetter(0))
        self._moments = [at for at, _ in ordered]
        self._deltas_minor = [delta_minor for _, delta_minor in ordered]
        self._count = len(ordered)

    def __eq__(self, other: object) -> bool:
        """Whether the same movements counted at the same moments."""
        return isinstance(other, Past) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # nothing looks a past up

    def __len__(self) -> int:
        """How many movements there were."""
        return self._count

    def __iter__(self) -> Iterator[tuple[datetime, int]]:
        """The movements in the order they count."""
        return zip(self._moments[: self._count], self._deltas_minor[: self._count], strict=True)

    def moved(self, at: datetime, delta_minor: int) -> Past:
        """The past with one movement more."""
        count, moments = self._count, self._moments
        if count == len(moments) and (count == 0 or moments[-1] <= at):
            moments.append(at)
            self._deltas_minor.append(delta_minor)
            return _view(moments, self._deltas_minor, count + 1)
        place = bisect_right(moments, at, 0, count)
        deltas = self._deltas_minor
        return _view(
            [*moments[:place], at, *moments[place:count]],
            [*deltas[:place], delta_minor, *deltas[place:count]],
            count + 1,
        )

    def lowest(self, since: datetime, balance_minor: int) -> Lowest:
        """The lowest balance from a moment on, what counts in that very moment included.

        ``balance_minor`` is the balance after all movements. What counts in one moment counts together: no balance in the
        middle of it has ever been there.
        """
        moments, deltas = self._moments, self._deltas_minor
        first = bisect_right(moments, since, 0, self._count)
        lowest, at, later = balance_minor, since, None
        for index in range(self._count - 1, first - 1, -1):
            moment = moments[index]
            if moment != later and (later is None or balance_minor <= lowest):
                lowest, at = balance_minor, moment
            later = moment
            balance_minor -= deltas[index]
        return Lowest(balance_minor, since) if balance_minor <= lowest else Lowest(lowest, at)


def _view(moments: list[datetime], deltas_minor: list[int], count: int) -> Past:
    past = Past.__new__(Past)
    past._moments, past._deltas_minor, past._count = moments, deltas_minor, count  # noqa: SLF001  its own kind
    return past
