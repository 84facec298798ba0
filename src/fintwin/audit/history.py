"""The history of one user or one account, event by event with the balance after each, up to any point.

Three points can be named and combined: a position; what was *known at* a time (recorded by then); what counted *as of* a time
(effective by then, whenever it was recorded). The states are folded by the ledger's own `evolve` from the events that count.

>>> str(moment("2026-03-01"))
'2026-03-01 23:59:59.999999+00:00'
>>> point_of("120").position
120
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple, get_args
from uuid import UUID

import msgspec

from fintwin.audit.replaying import Stream
from fintwin.domain.accounts import AccountState
from fintwin.domain.accounts.events import AccountOpened, MoneyEvent
from fintwin.domain.accounts.state import delta_minor
from fintwin.domain.money import to_decimal
from fintwin.domain.streams import Recorded, StreamKey, StreamKind
from fintwin.store import auditing
from fintwin.store.connect import Connection
from fintwin.store.rows import recorded

PAGE_EVENTS: Final = 1_000
_ALL: Final = 2**63 - 1
_MONEY: Final = frozenset(get_args(MoneyEvent))


class Point(NamedTuple):
    """What counts: everything, or up to a position, recorded by a time, effective by a time."""

    position: int | None = None
    known_at: datetime | None = None
    as_of: datetime | None = None

    def counts(self, event: Recorded) -> bool:
        """Whether an event belongs to the history up to this point."""
        if self.known_at is not None and event.recorded_at > self.known_at:
            return False
        if self.as_of is None or event.effective_at <= self.as_of:
            return self.position is None or event.position <= self.position
        # An account that was opened after the first money that counts on it, as by an import, was there for that money.
        return type(event.event) is AccountOpened and (self.position is None or event.position <= self.position)


class Subject(NamedTuple):
    """Whose history: all streams of a user, or one stream."""

    user_id: UUID
    stream: StreamKey | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a history. Amounts are signed, decimals of ``currency``; None where no money moved."""

    position: int
    stream: str
    stream_id: UUID
    version: int
    type: str
    transaction_id: UUID
    effective_at: datetime
    recorded_at: datetime
    currency: str | None
    amount: str | None
    balance: str | None
    event: Any


def moment(text: str) -> datetime:
    """A time with its zone, or a day, which means its end in UTC. Raises ValueError."""
    try:
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    except ValueError:
        at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        msg = "a time needs its zone, like 2026-03-01T12:00:00Z"
        raise ValueError(msg)
    return at.astimezone(UTC)


def point_of(text: str) -> Point:
    """A position, or a time by which it was known. Raises ValueError."""
    return Point(position=int(text)) if text.isdecimal() else Point(known_at=moment(text))


async def subject_of(connection: Connection, *, user: UUID | None, account: UUID | None) -> Subject | None:
    """Whose history is asked for, or None where there is no such user or account."""
    if account is not None:
        owner = await auditing.owner_of(connection, StreamKind.ACCOUNT, account)
        if owner is None or user not in {None, owner}:
            return None
        return Subject(owner, StreamKey(StreamKind.ACCOUNT, account))
    assert user is not None, "the command line asks for one of the two"
    return Subject(user) if await auditing.streams_of(connection, user) else None


class Pages:
    """The subject's events, a page at a time; after the last page, those that have come since."""

    def __init__(self, subject: Subject) -> None:
        """From the first event on."""
        self._subject = subject
        self._cursor = 0

    async def next(self, connection: Connection) -> list[Recorded]:
        """The next events; none at the end of the log."""
        user_id, stream = self._subject
        if stream is None:
            rows = await auditing.page_by_user(connection, (user_id, self._cursor), user_id, _ALL, PAGE_EVENTS)
            self._cursor = rows[-1]["position"] if rows else self._cursor
        else:
            rows = await auditing.stream_page(connection, user_id, stream, self._cursor, PAGE_EVENTS)
            self._cursor = rows[-1]["version"] if rows else self._cursor
        return [recorded(row) for row in rows]


class Replay:
    """The states of a subject's streams after the events that count."""

    def __init__(self, point: Point) -> None:
        """Nothing has happened yet."""
        self.point = point
        self.count = 0
        self.streams: dict[StreamKey, Stream] = {}

    def take(self, one: Recorded) -> Entry | None:
        """The next event and the balance after it, or None where it does not count."""
        if not self.point.counts(one):
            return None
        self.count += 1
        stream = self.streams.get(one.stream)
        if stream is None:
            stream = self.streams[one.stream] = Stream(one.stream_kind, one.stream_id, one.user_id)
        at_once = one.effective_at == one.recorded_at
        stream.evolve(one.event, one.transaction_id, one.effective_at, at_once=at_once)
        stream.version, stream.position = one.version, one.position
        currency = amount = balance = None
        if type(one.event) in _MONEY:
            currency = one.event.currency
            amount = str(to_decimal(delta_minor(one.event), currency))
            balance = str(to_decimal(stream.state.balance_minor, currency))
        return Entry(
            position=one.position,
            stream=one.stream_kind.name.lower(),
            stream_id=one.stream_id,
            version=one.version,
            type=one.type,
            transaction_id=one.transaction_id,
            effective_at=one.effective_at,
            recorded_at=one.recorded_at,
            currency=currency,
            amount=amount,
            balance=balance,
            event=one.event,
        )

    def states(self) -> dict[str, dict[str, Any]]:
        """By stream (``account 0198...``), what it is; texts are sealed, and sets in an order."""
        return {
            f"{key.kind.name.lower()} {key.id}": _shown(stream)
            for key, stream in sorted(self.streams.items(), key=lambda item: item[0])
        }


def _shown(stream: Stream) -> dict[str, Any]:
    state = stream.state
    fields: dict[str, Any] = {} if state is None else msgspec.to_builtins(state)
    fields["version"] = stream.version
    if isinstance(state, AccountState):
        fields["status"] = state.status.name.lower()
        fields["balance"] = str(to_decimal(state.balance_minor, state.currency))
        fields["reversed"] = sorted(str(one) for one in state.reversed)
    return fields


def differences(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[tuple[str, str, Any, Any]]:
    """What is not the same: stream, field, value before (None: it was not there) and value after."""
    found = []
    for stream in sorted(before.keys() | after.keys()):
        old, new = before.get(stream, {}), after.get(stream, {})
        found += [
            (stream, field, old.get(field), new.get(field))
            for field in dict.fromkeys((*old, *new))
            if old.get(field) != new.get(field)
        ]
    return found
