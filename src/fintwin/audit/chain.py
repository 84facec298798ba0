"""By position: is the shard's chain unbroken, and is every transaction whole?

Each row stores its link of the chain, so segments are looked at independently of each other: a segment begins with the link
stored just before it. Whether a digest is that of its event's fields is looked at by user (`streams`); here it is taken as
stored, so that one changed event is one fault and not a broken chain up to the end.

    found = await check_segment(connection, Segment(after=0, until=50_000))
    found.faults.first()
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from fintwin.audit.findings import Faults
from fintwin.domain.accounts.events import TransferReceived, TransferSent
from fintwin.domain.catalogue import decode
from fintwin.domain.hashing import GENESIS, microseconds
from fintwin.domain.postings import postings
from fintwin.store import auditing, raw_log
from fintwin.store.auditing import Row
from fintwin.store.connect import Connection
from fintwin.store.raw_log import RawLink

PAGE_EVENTS: Final = 5_000
_HALVES: Final = {b"TransferSent": "TransferSent", b"TransferReceived": "TransferReceived"}


class Segment(NamedTuple):
    """Positions after one up to another."""

    after: int
    until: int


class Checked(NamedTuple):
    """What was looked at and what was found."""

    events: int
    faults: Faults


async def check_segment(connection: Connection, segment: Segment) -> Checked:
    """Look at a segment; a transaction that crosses its end belongs to it, one that crosses its beginning does not."""
    chain = _Chain(segment)
    if segment.after:
        chain.begin(await auditing.event_at(connection, segment.after))
    after = segment.after
    while after < segment.until:
        rows = await raw_log.links(connection, after, segment.until, PAGE_EVENTS)
        chain.take(rows)
        if len(rows) < PAGE_EVENTS:
            break
        after = rows[-1][0]
    chain.end_of_segment()
    chain.finish(await _rest_of_transaction(connection, segment.until, chain.transaction))
    return Checked(chain.events, chain.faults)


async def _rest_of_transaction(connection: Connection, after: int, transaction: bytes | None) -> list[RawLink]:
    rest: list[RawLink] = []
    while transaction is not None:
        # A transaction holds a few events: a first look of a few rows nearly always ends it.
        rows = await raw_log.links(connection, after, after + PAGE_EVENTS, max(8, len(rest)))
        own = [row for row in rows if row[1] == transaction]
        rest += own
        if not own or len(own) < len(rows):
            break
        after = rows[-1][0]
    return rest


class _Chain:
    """The running links and the open transaction. ``_whole`` False: the open one began before, or a part is missing."""

    def __init__(self, segment: Segment) -> None:
        self.faults = Faults()
        self.events = 0
        self.transaction: bytes | None = None
        self._segment = segment
        self._expected = segment.after + 1
        self._link: bytes | None = GENESIS if segment.after == 0 else None
        self._recorded_at: int | None = None
        self._whole = True
        self._torn = False
        self._halves: list[RawLink] = []
        self._first = 0

    def begin(self, before: Row | None) -> None:
        """Take over the event in front of the segment; its transaction is another segment's."""
        if before is None:
            self._torn = True
            return
        self._link = before["hash"]
        self._recorded_at = microseconds(before["recorded_at"])
        self.transaction = before["transaction_id"].bytes
        self._whole = False

    def take(self, rows: Sequence[RawLink]) -> None:
        """The next events."""
        expected, link, recorded_at = self._expected, self._link, self._recorded_at
        for row in rows:
            position, transaction, at, digest, stored, kind, _, _, _ = row
            if position != expected:
                self._missing(expected, position - 1)
                link = None
            elif link is not None and sha256(link + digest).digest() != stored:
                self.faults.add("hash", "the chain is broken between this event and the one before", position=position)
            if recorded_at is not None and at < recorded_at:
                self.faults.add("event", "recorded before the event in front of it", position=position)
            if transaction != self.transaction:
                self._end_transaction()
                self.transaction = transaction
                self._first, self._whole, self._torn = position, position == expected and not self._torn, False
            elif at != recorded_at and self._whole:
                self.faults.add("transaction", "its events were not recorded together", position=position)
            if kind in _HALVES:
                self._halves.append(row)
            expected, link, recorded_at = position + 1, stored, at
        self.events += len(rows)
        self._expected, self._link, self._recorded_at = expected, link, recorded_at

    def end_of_segment(self) -> None:
        """Nothing more comes before the segment's end."""
        if self._expected <= self._segment.until:
            self._missing(self._expected, self._segment.until)

    def finish(self, rest: Sequence[RawLink]) -> None:
        """The rest of the last transaction, from behind the segment."""
        self._halves += [row for row in rest if row[5] in _HALVES]
        self._end_transaction()

    def _missing(self, first: int, last: int) -> None:
        what = "the event is missing" if first == last else f"the events from here to position {last} are missing"
        self.faults.add("gap", what, position=first)
        self._whole = False

    def _end_transaction(self) -> None:
        halves, self._halves = self._halves, []
        if halves and self._whole:
            wrong = _what_is_wrong(halves)
            if wrong:
                self.faults.add("transaction", wrong, position=self._first)


def _what_is_wrong(halves: Sequence[RawLink]) -> str | None:
    """Why the halves of transfers in one transaction do not belong together."""
    try:
        events = [(raw[7], decode(_HALVES[raw[5]], raw[6], raw[8])) for raw in halves]
    except (msgspec.DecodeError, KeyError):
        return "a half of the transfer cannot be read"
    if len(events) == 2 and _one_transfer(*events[0], *events[1]):  # noqa: PLR2004  the two halves of nearly all of them
        return None
    sent = [(stream, event.to_account.bytes) for stream, event in events if isinstance(event, TransferSent)]
    received = [(event.from_account.bytes, stream) for stream, event in events if not isinstance(event, TransferSent)]
    if sorted(sent) != sorted(received):
        return "one half of a transfer has no other half"
    transit: dict[str, int] = {}
    for stream, event in events:
        _, other = postings(UUID(bytes=stream), event)
        transit[other.currency] = transit.get(other.currency, 0) + other.amount_minor
    left = {currency: minor for currency, minor in transit.items() if minor}
    return f"money is left in transit: {left}" if left else None


def _one_transfer(payer: bytes, sent: Any, payee: bytes, received: Any) -> bool:
    """Whether two events are the two halves of one transfer, which leaves nothing in transit."""
    return (
        type(sent) is TransferSent
        and type(received) is TransferReceived
        and sent.amount_minor == received.amount_minor
        and sent.currency == received.currency
        and sent.to_account.bytes == payee
        and received.from_account.bytes == payer
    )
