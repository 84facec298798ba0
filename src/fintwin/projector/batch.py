"""A stretch of the log, decoded as far as somebody wants it, that is only ever cut between transactions.

>>> whole = Batch(begun=0, ends=(2, 3, 5), events=(), broken=())
>>> [(part.begun, part.ends) for part in whole.halves()]
[(0, (2,)), (2, (3, 5))]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from fintwin.domain.streams import Recorded
from fintwin.store.rows import recorded


class Broken(NamedTuple):
    """An event that cannot be decoded."""

    position: int
    type: str
    fault: str


class Run:
    """The events of one user in a batch, in their order, and their types."""

    __slots__ = ("_chosen", "events", "types", "user_id")

    def __init__(self, user_id: UUID, events: list[Recorded], types: Iterable[str]) -> None:
        """``types`` are those of the events."""
        self.user_id = user_id
        self.events = events
        self.types = frozenset(types)
        self._chosen: dict[frozenset[str], Sequence[Recorded]] = {self.types: events}

    def of(self, types: frozenset[str]) -> Sequence[Recorded]:
        """The events of these types; several models want the same, which are looked for once."""
        wanted = self.types & types
        if not wanted:
            return ()
        found = self._chosen.get(wanted)
        if found is None:
            found = self._chosen[wanted] = [event for event in self.events if event.type in wanted]
        return found


def runs_of(events: Iterable[Recorded]) -> list[Run]:
    """Events by user."""
    found: dict[UUID, list[Recorded]] = {}
    for event in events:
        known = found.get(event.user_id)
        if known is None:
            found[event.user_id] = [event]
        else:
            known.append(event)
    return [Run(user, own, [event.type for event in own]) for user, own in found.items()]


def rows_by_user(rows: Iterable[Mapping[str, Any]]) -> dict[UUID, list[Mapping[str, Any]]]:
    """Rows of the log by user, in their order."""
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    present: UUID | None = None
    own: list[Mapping[str, Any]] = []
    for row in rows:
        user_id = row["user_id"]
        # Comparing ids is cheaper than looking one up, and rows of one user often lie together.
        if user_id != present:
            present, own = user_id, found.setdefault(user_id, [])
        own.append(row)
    return found


def decoded_run(user_id: UUID, rows: Iterable[Mapping[str, Any]], types: frozenset[str]) -> Run:
    """One user's rows of the log as events, those of these types. Raises what is wrong with one that cannot be decoded."""
    events = [recorded(row) for row in rows if row["type"] in types]
    return Run(user_id, events, [event.type for event in events])


class Batch(msgspec.Struct, frozen=True, dict=True):
    """Events after ``begun``; ``ends`` are the last positions of its transactions, in order."""

    begun: int
    ends: tuple[int, ...]
    events: Sequence[Recorded]
    broken: Sequence[Broken]
    last_of_log: bool = False
    """Whether the log ended here when it was read."""
    recorded_at: datetime | None = None
    """When the last event of the batch was recorded."""

    @property
    def ended(self) -> int:
        """The position that whoever took in the whole batch has reached."""
        return self.ends[-1] if self.ends else self.begun

    @cached_property
    def runs(self) -> Sequence[Run]:
        """The events by user, found once for all that fold them."""
        return runs_of(self.events)

    @cached_property
    def types(self) -> frozenset[str]:
        """The types of all its events."""
        found = frozenset(broken.type for broken in self.broken)
        return found.union(*(run.types for run in self.runs))

    def halves(self) -> tuple[Batch, Batch]:
        """The batch in two, each with at least one transaction."""
        assert len(self.ends) > 1, "one transaction is never cut"
        middle = len(self.ends) // 2
        border = self.ends[middle - 1]
        return (
            Batch(
                self.begun,
                self.ends[:middle],
                [event for event in self.events if event.position <= border],
                [event for event in self.broken if event.position <= border],
            ),
            Batch(
                border,
                self.ends[middle:],
                [event for event in self.events if event.position > border],
                [event for event in self.broken if event.position > border],
                self.last_of_log,
                self.recorded_at,
            ),
        )


def decoded(begun: int, rows: Sequence[Mapping[str, Any]], types: frozenset[str], *, last_of_log: bool) -> Batch:
    """Rows of the log as a batch; events of other types than these are counted and left out."""
    events: list[Recorded] = []
    broken: list[Broken] = []
    ends: list[int] = []
    transaction = None
    for row in rows:
        position = row["position"]
        if row["transaction_id"] == transaction:
            ends[-1] = position
        else:
            transaction = row["transaction_id"]
            ends.append(position)
        if row["type"] in types:
            try:
                events.append(recorded(row))
            except Exception as error:  # noqa: BLE001  whatever is wrong with it stops the builds that need it, and is shown
                broken.append(Broken(position, row["type"], f"cannot be decoded: {error!r}"))
    recorded_at = rows[-1]["recorded_at"] if rows else None
    return Batch(begun, tuple(ends), events, broken, last_of_log, recorded_at)
