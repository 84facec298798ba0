"""By user: are events what was hashed, streams unbroken, and heads, keys, reversals and read models their replay?

The events of one user after the other, in order of positions, from the first. Heads are read first, with the position of the
log that they belong to, and the events up to there after them: no snapshot is held, and appends may go on meanwhile. Memory is
that of one page and of one user's states and rows.

    found = await check_users(connection, users, comparing={"balances"}, until=end.position)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.audit.claims import Claims
from fintwin.audit.findings import Faults
from fintwin.audit.read_models import Comparing
from fintwin.audit.replaying import Stream, head_difference, rule_broken
from fintwin.domain.catalogue import EVENTS, decode
from fintwin.domain.hashing import from_microseconds
from fintwin.domain.postings import postings
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.store import auditing, raw_log
from fintwin.store.auditing import Row, Users
from fintwin.store.connect import Connection
from fintwin.store.raw_log import RawEvent
from fintwin.store.shard import SHARD

PAGE_EVENTS: Final = 5_000
_ACCOUNTS: Final = UUID(int=0)
_NOTHING: Final = (0, None)
_EVENTS: Final = {kind: frozenset(events) for kind, events in EVENTS.items()}
_KINDS: Final = {kind.value: kind for kind in StreamKind}


class UsersChecked(msgspec.Struct):
    """What was looked at and found; ``moved_minor`` by account name as `postings` has it and currency, accounts as one."""

    events: int
    heads: int
    rows: int
    faults: Faults
    moved_minor: Counter[tuple[str, str]]


async def check_users(
    connection: Connection, users: Users, *, comparing: Collection[str], books_until: int
) -> UsersChecked:
    """Look at everything of some users. ``comparing`` names read models; the books count events up to a position."""
    models = Comparing(await auditing.live_rows(connection, users, Comparing.tables(comparing)), comparing)
    position, heads = await auditing.heads(connection, users)
    keys = await auditing.idempotency_rows(connection, users)
    reversals = await auditing.reversal_rows(connection, users)
    replay = _Replay(models, heads, Claims(keys, reversals, position), books_until)
    after = (users.after, 2**63 - 1)
    while True:
        events = await raw_log.page_by_user(connection, after, users.until, position, PAGE_EVENTS)
        for event in events:
            replay.take(event)
        if len(events) < PAGE_EVENTS:
            break
        last = events[-1]
        after = (UUID(bytes=last[4]), last[0])
    replay.end()
    await replay.claims.look_up(connection, replay.checked.faults)
    return replay.checked


class _Replay:
    """The user at hand, and what is stored of all of them."""

    def __init__(self, models: Comparing, heads: Sequence[Row], claims: Claims, books_until: int) -> None:
        self.checked = UsersChecked(0, len(heads), 0, Faults(), Counter())
        self.claims = claims
        self._faults = self.checked.faults
        self._models = models
        self._heads = {(head["stream_kind"], head["stream_id"].bytes): head for head in heads}
        self._books_until = books_until
        self._moved: dict[tuple[type, str], tuple[int, Any]] = {}
        self._streams: dict[tuple[int, bytes], Stream] = {}
        self._user: bytes | None = None
        self._broken = False

    def take(self, raw: RawEvent) -> None:
        """The next event."""
        (
            position, kind, stream_id, version, user_id, name, schema_version, _, _, _, payload, _, digest, stream_hash,
            computed,
        ) = raw  # fmt: skip
        if user_id != self._user:
            self._end_user()
            self._user, self._streams, self._broken = user_id, {}, False
        self.checked.events += 1
        if computed != digest:
            self._fault("digest", "its fields and bytes are not those that were hashed", position)
        stream = self._streams.get((kind, stream_id)) or self._open_stream(raw)
        if stream is None:
            return
        if version != stream.version + 1:
            self._fault("stream", f"version {version} follows version {stream.version} of its stream", position)
            stream.broken = True
        elif sha256(stream.link + digest).digest() != stream_hash:
            self._fault("stream", "the chain of its stream is broken here", position)
        stream.version, stream.position, stream.link = version, position, stream_hash
        if stream.broken:
            return
        try:
            event = decode(name, schema_version, payload)
        except (msgspec.DecodeError, KeyError, ValueError, TypeError) as error:
            self._fault("event", f"it cannot be read: {error!r}", position)
            stream.broken = True
        else:
            self._fold(stream, event, raw)

    def _open_stream(self, raw: RawEvent) -> Stream | None:
        position, number, stream_id, _, user_id, *_ = raw
        kind = _KINDS.get(number)
        if kind is None:
            self._fault("event", f"there is no stream of kind {number}", position)
            return None
        if kind is not StreamKind.ACCOUNT and stream_id != user_id:
            self._fault("stream", "the stream is not its user's own", position)
        stream = self._streams[kind, stream_id] = Stream(kind, UUID(bytes=stream_id), UUID(bytes=user_id))
        return stream

    def _fold(self, stream: Stream, event: Any, raw: RawEvent) -> None:
        position, transaction_id, effective, recorded_us = raw[0], raw[7], raw[8], raw[9]
        if type(event) not in _EVENTS[stream.kind]:
            self._fault("event", f"no {stream.kind.name.lower()} stream has such an event", position)
            stream.broken = True
            return
        reverses = getattr(event, "reverses", None)
        if reverses is not None and stream.state is not None and reverses in stream.state.reversed:
            self._fault("event", "it reverses a transaction that has been reversed before", position)
        try:
            effective_at = from_microseconds(effective)
            stream.evolve(event, transaction_id, effective_at, at_once=effective == recorded_us)
        except (AssertionError, KeyError, TypeError, AttributeError, OverflowError) as error:
            self._fault("event", f"it cannot follow the events before it: {error}", position)
            stream.broken = True
            return
        balance_minor = None
        if stream.kind is StreamKind.ACCOUNT:
            state = stream.state
            wrong = rule_broken(state, event, effective_at)
            if wrong:
                self._fault("event", wrong, position)
            amount_minor = getattr(event, "amount_minor", None)
            if amount_minor is not None:
                balance_minor = state.balance_minor
                if position <= self._books_until:
                    key = (type(event), event.currency)
                    self._moved[key] = (self._moved.get(key, _NOTHING)[0] + amount_minor, event)
        self.claims.event(transaction_id, position, balance_minor, event, reverses)
        if self._models and not self._broken:
            self._models.take(_recorded(stream, event, raw))

    def _end_user(self) -> None:
        if self._user is None:
            return
        user = UUID(bytes=self._user)
        for key, stream in self._streams.items():
            head = self._heads.pop(key, None)
            where = f"{stream.kind.name.lower()} stream {stream.id}"
            if head is None:
                self._faults.add("head", "there is none", position=stream.position, where=where)
            elif not stream.broken:
                difference = head_difference(stream, head)
                if difference:
                    self._faults.add("head", difference, position=stream.position, where=where)
        self.claims.end_user(user, self._faults, whole=not self._broken)
        self.checked.rows += self._models.end_user(user, self._faults, whole=not self._broken)

    def end(self) -> None:
        """No event is left: what still has a head, a key or rows has no event."""
        self._end_user()
        for head in self._heads.values():
            where = f"stream {head['stream_id']}"
            self._faults.add("head", "there is no event of this stream", position=head["position"], where=where)
        self.claims.end(self._faults)
        self.checked.rows += self._models.end(self._faults)
        for total, event in self._moved.values():
            for line in postings(_ACCOUNTS, msgspec.structs.replace(event, amount_minor=total)):
                name = "accounts" if line.account == _ACCOUNTS else str(line.account).partition(":")[0]
                self.checked.moved_minor[name, line.currency] += line.amount_minor

    def _fault(self, kind: str, what: str, position: int) -> None:
        self._broken = True
        self._faults.add(kind, what, position=position)


def _recorded(stream: Stream, event: Any, raw: RawEvent) -> Recorded:
    """What the folds of read models take."""
    position, _, _, version, _, name, schema_version, transaction_id, effective, recorded, _, metadata, *_ = raw
    return Recorded(
        shard=SHARD,
        position=position,
        stream_kind=stream.kind,
        stream_id=stream.id,
        version=version,
        user_id=stream.user_id,
        type=name,
        schema_version=schema_version,
        transaction_id=UUID(bytes=transaction_id),
        effective_at=from_microseconds(effective),
        recorded_at=from_microseconds(recorded),
        event=event,
        metadata=msgspec.json.decode(metadata),
    )
