"""What a verification finds: each fault with its kind, where it is, and what is wrong.

Kinds, in the order in which they are looked for at one place:

``gap``        a position or version is missing, or one is there that must not be
``digest``     fields or bytes of an event are not those that were hashed
``hash``       the shard's chain is broken between an event and the one before
``stream``     the stream's chain, its numbering or its owner is broken
``event``      an event cannot be read, or no rule could have made it at this place
``transaction`` half a transfer, money left in transit, a transaction in two pieces
``books``      the accounts of a currency do not add up to what came in and went out
``end``        the head of the log is not at its last event
``head``       the head of a stream is not the replay of its events
``key``        an idempotency row, and ``reversal`` a reversal row, that no event stands behind
``read model`` a row that is not the replay of the events
``published``  an entry of the published stream is missing, or is not the event of its position
``signed head`` the log is not the one that a signed head was exported from

>>> faults = Faults(kept_max=2)
>>> faults.add("digest", position=7, what="bytes were changed")
>>> faults.add("digest", position=3, what="bytes were changed")
>>> faults.add("gap", position=9, what="missing")
>>> faults.count, [fault.position for fault in faults.first()]
(3, [3, 7])
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final

import msgspec

KINDS: Final = (
    "gap", "digest", "hash", "stream", "event", "transaction", "books", "end", "head", "key", "reversal", "read model",
    "published", "signed head",
)  # fmt: skip
_ORDER: Final = {kind: number for number, kind in enumerate(KINDS)}
# Bytes that are missing or changed are the cause, broken chains and rules the consequence, what is made of events comes last.
_GROUPS: Final = {"gap": 0, "digest": 0, "hash": 1, "stream": 1, "event": 1, "transaction": 2}
_LAST_GROUP: Final = 3
KEPT_MAX: Final = 100
_NOWHERE: Final = 2**63


class Fault(msgspec.Struct, frozen=True):
    """One fault. ``position`` is the event's, or of the last event that a head or row stands for; None: of the whole."""

    kind: str
    what: str
    position: int | None = None
    where: str = ""

    def sort_key(self) -> tuple[int, int, int]:
        """Causes before consequences, then by position: the first fault is the one to look at."""
        return (
            _GROUPS.get(self.kind, _LAST_GROUP),
            _NOWHERE if self.position is None else self.position,
            _ORDER[self.kind],
        )

    def sentence(self) -> str:
        """For people."""
        place = "" if self.position is None else f"position {self.position}"
        place = ", ".join(part for part in (place, self.where) if part)
        return f"{place}: {self.kind}: {self.what}" if place else f"{self.kind}: {self.what}"


class Faults:
    """Counts faults and keeps the first ones, however many there are."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        """``kept_max``: how many to keep."""
        self.count = 0
        self._kept: list[tuple[tuple[int, int, int], int, Fault]] = []
        self._kept_max = kept_max
        self._pushed = 0

    def add(self, kind: str, what: str, *, position: int | None = None, where: str = "") -> None:
        """One more fault."""
        self.take([Fault(kind, what, position, where)])

    def take(self, faults: Iterable[Fault], count: int | None = None) -> None:
        """Faults found elsewhere, ``count`` of them of which these are the first."""
        for fault in faults:
            group, position, kind = fault.sort_key()
            self._pushed += 1
            entry = ((-group, -position, -kind), -self._pushed, fault)
            if len(self._kept) < self._kept_max:
                heapq.heappush(self._kept, entry)
            else:
                heapq.heappushpop(self._kept, entry)
            if count is None:
                self.count += 1
        if count is not None:
            self.count += count

    def first(self) -> list[Fault]:
        """The first ones, in order."""
        return [fault for _, _, fault in sorted(self._kept, reverse=True)]
