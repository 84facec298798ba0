"""Balances at any day, on both clocks: what counted by then (``as_of``), as far as it was known by then (``known_at``).

One cell per (account, day it counts, day it was recorded) with what moved, so that ``balance(as_of, known_at)`` adds up cells,
and its cost grows with days and not with transactions. Where a moment is asked for that lies inside a day, the cells of that
day are left out and their events are looked at one by one; each cell tells between which positions they lie.

>>> from datetime import UTC
>>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
>>> Moment.of(noon).day_whole, Moment.of(noon.replace(hour=23, minute=59, second=59, microsecond=999999)).day_whole
(False, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple
from uuid import UUID

from fintwin.domain.accounts.events import Deposited, TransferReceived, TransferSent, Withdrawn
from fintwin.domain.accounts.state import SIGNS, delta_minor
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows

CELL: Final = "balance_cell"


class Cell(Row, frozen=True):
    """What moved on one account, counting on one UTC day and recorded on one."""

    user_id: UUID
    account_id: UUID
    effective_on: date
    recorded_on: date
    in_minor: int
    out_minor: int
    first_position: int
    last_position: int


def keys(event: Recorded) -> list[Key]:
    """The cell of the event's two days."""
    return [(CELL, event.stream_id, event.effective_at.date(), event.recorded_at.date())]


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """The cells with the events' money."""
    changes: dict[Key, Any] = {}
    user_id, stream_id = events[0].user_id, events[0].stream_id
    for event in events:
        effective_on, recorded_on, position = event.effective_at.date(), event.recorded_at.date(), event.position
        if event.stream_id != stream_id:
            stream_id = event.stream_id
        key = (CELL, stream_id, effective_on, recorded_on)
        what = event.event
        if SIGNS[type(what)] > 0:
            in_minor, out_minor = what.amount_minor, 0
        else:
            in_minor, out_minor = 0, what.amount_minor
        before: Cell | None = changes.get(key) or rows.get(key)
        if before is None:
            first_position = position
        else:
            in_minor += before.in_minor
            out_minor += before.out_minor
            first_position = before.first_position
        changes[key] = Cell(
            user_id, stream_id, effective_on, recorded_on, in_minor, out_minor, first_position, position
        )
    return changes


class Moment(NamedTuple):
    """A moment as a day and whether all of that day lies before its end."""

    at: datetime
    day: date
    day_whole: bool

    @classmethod
    def of(cls, at: datetime) -> Moment:
        """``at``: aware."""
        utc = at.astimezone(UTC)
        return cls(utc, utc.date(), utc.time() == time.max)

    def includes(self, day: date) -> bool | None:
        """Whether a whole day lies before this moment; None where only a part of it does."""
        if day == self.day and not self.day_whole:
            return None
        return day <= self.day


def balance_minor(
    cells: Iterable[Cell], events: Iterable[Recorded], *, as_of: Moment | None, known_at: Moment | None
) -> int:
    """The balance of one account by its cells and, where a day lies before a moment only in part, by its events."""
    whole = sum(cell.in_minor - cell.out_minor for cell in cells if part_of(cell, as_of, known_at))
    return whole + partial_days_minor(events, as_of=as_of, known_at=known_at)


def partial_days_minor(events: Iterable[Recorded], *, as_of: Moment | None, known_at: Moment | None) -> int:
    """What those events of one account moved that count and were recorded by then, on days that `part_of` left out."""
    total = 0
    for event in events:
        counts = as_of.includes(event.effective_at.date()) if as_of else True
        known = known_at.includes(event.recorded_at.date()) if known_at else True
        if counts is not None and known is not None:
            continue
        if (as_of is None or event.effective_at <= as_of.at) and (known_at is None or event.recorded_at <= known_at.at):
            total += delta_minor(event.event)
    return total


def part_of(cell: Cell, as_of: Moment | None, known_at: Moment | None) -> bool | None:
    """Whether a cell belongs to a balance: True, False, or None where its events have to be looked at."""
    counts = as_of.includes(cell.effective_on) if as_of else True
    known = known_at.includes(cell.recorded_on) if known_at else True
    if counts is False or known is False:
        return False
    return None if counts is None or known is None else True


MODEL: Final = ReadModel(
    name="balances",
    version=1,
    tables=(Table(CELL, Cell, key_fields=4),),
    events=(Deposited, Withdrawn, TransferSent, TransferReceived),
    keys=keys,
    fold=fold,
)
