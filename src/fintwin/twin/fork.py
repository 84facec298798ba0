"""The fork: a user's own streams, replayed into memory by the rules and folds that production runs.

What comes in is the list of the user's recorded events; what comes out is what the accounts are, what is planned, and the
rows of every read model. A fork can be branched, and hypothetical events appended to the branch: they run through the same
`evolve` and the same folds, so a branch shows exactly what the live tables would show. Nothing here can reach the log.

    fork = replay(events, at=now)            # up to the end of the list
    branch = fork.branch(models=("risk",))   # the fork itself stays as it is
    branch.book(account_id, Deposited(amount_minor=500, currency="EUR"), on=dt.date(2027, 1, 1))
    branch.accounts[account_id].balance_minor
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from fintwin.domain import accounts
from fintwin.domain.accounts import AccountState
from fintwin.domain.catalogue import SCHEMA_VERSIONS
from fintwin.domain.profiles.plans import NOTHING, Plans, after
from fintwin.domain.streams import Recorded, StreamKey, StreamKind
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import Changes, Fold, Key, ReadModel, Rows

HYPOTHETICAL: Final = UUID("5e0c6b1e-6c1b-5d53-8f6e-0a4d3f0f7a11")
"""The ids of transactions that never were are counted from here, by position."""
MODEL_NAMES: Final = tuple(model.name for model in READ_MODELS)


def fold_version() -> str:
    """Names the folds that a fork went through: what another version has folded is not taken for this one's."""
    return ",".join(f"{model.name}:{model.version}" for model in READ_MODELS)


class Fork:
    """A user's state in memory; see the module. Only a branch is ever changed."""

    __slots__ = (
        "_concerned", "_folded", "_versions", "accounts", "at", "events", "hash", "origin", "plans", "position", "rows",
        "shard", "user_id",
    )  # fmt: skip

    def __init__(self, user_id: UUID, at: dt.datetime, models: Sequence[ReadModel] = READ_MODELS) -> None:
        """An empty fork. ``at`` is its present: hypothetical events of that day are recorded then."""
        self.user_id = user_id
        self.at = at
        self.shard = 0
        self.position = 0
        self.hash = ""
        self.origin: Fork = self
        """The fork that this is a branch of; itself where it is none."""
        self.events: list[Recorded] = []
        self.accounts: dict[UUID, AccountState] = {}
        self.plans: Plans = NOTHING
        self.rows: dict[str, dict[Key, Any]] = {model.name: {} for model in models}
        self._versions: dict[StreamKind, int] = {}
        self._folded = [(model, self.rows[model.name]) for model in models]
        self._concerned = self._by_event(models)

    @property
    def today(self) -> dt.date:
        """The day of `at`, in UTC."""
        return self.at.astimezone(dt.UTC).date()

    def take(self, events: Iterable[Recorded]) -> None:
        """Replay recorded events, oldest first; used for building the fork only."""
        taken = list(events)
        assert all(event.user_id == self.user_id for event in taken), "a fork holds one user's streams"
        self.events.extend(taken)
        for event in taken:
            self._follow(event)
        for model, rows in self._folded:
            concerned = frozenset(model.events)
            run = [event for event in taken if type(event.event) in concerned]
            if run:
                _change(rows, model.fold(rows, run))

    def branch(self, models: Collection[str] = MODEL_NAMES, at: dt.datetime | None = None) -> Fork:
        """A copy to change; only the rows of ``models`` come along and go on being folded."""
        kept = [model for model in READ_MODELS if model.name in models and model.name in self.rows]
        copy = Fork(self.user_id, at or self.at, kept)
        copy.shard, copy.position, copy.hash = self.shard, self.position, self.hash
        copy.origin = self.origin
        copy.events = self.events
        copy.accounts = dict(self.accounts)
        copy.plans = self.plans
        for name, rows in copy.rows.items():
            rows.update(self.rows[name])
        copy._versions = dict(self._versions)
        return copy

    def moment(self, on: dt.date) -> dt.datetime:
        """When something of a day happens in the fork: now, or at the beginning of a later day."""
        if on <= self.today:
            return self.at
        return dt.datetime(on.year, on.month, on.day, tzinfo=dt.UTC)

    def book(self, account_id: UUID, event: Any, *, on: dt.date, transaction_id: UUID | None = None) -> UUID:
        """Append a hypothetical event to an account; returns its transaction."""
        return self.append(StreamKey(StreamKind.ACCOUNT, account_id), event, on=on, transaction_id=transaction_id)

    def append(self, stream: StreamKey, event: Any, *, on: dt.date, transaction_id: UUID | None = None) -> UUID:
        """Append a hypothetical event to one of the user's streams; returns its transaction."""
        self.position += 1
        moment = self.moment(on)
        name = type(event).__name__
        found = transaction_id or UUID(int=HYPOTHETICAL.int + self.position)
        if not self.rows and stream.kind is StreamKind.ACCOUNT:
            # Nobody folds: the account is all there is to change.
            self.accounts[stream.id] = accounts.evolve(self.accounts[stream.id], event, effective_at=moment)
            return found
        self._apply(
            Recorded(
                shard=self.shard,
                position=self.position,
                stream_kind=stream.kind,
                stream_id=stream.id,
                version=self._version(stream) + 1,
                user_id=self.user_id,
                type=name,
                schema_version=SCHEMA_VERSIONS[name],
                transaction_id=found,
                effective_at=moment,
                recorded_at=moment,
                event=event,
                metadata={},
            )
        )
        return found

    def replace(self, event: Recorded) -> None:
        """Take over a recorded event of a changed past: its place, ids and times stay what they were."""
        self._apply(event)

    def as_rows(self, name: str) -> Rows:
        """The rows of a read model in the form of `projections.model`."""
        return {self.user_id: self.rows[name]}

    def _apply(self, event: Recorded) -> None:
        self._follow(event)
        for fold, rows in self._concerned.get(type(event.event), ()):
            _change(rows, fold(rows, (event,)))

    def _follow(self, event: Recorded) -> None:
        """Accounts, plans and versions after one more event."""
        happened = event.event
        self.position = event.position
        if event.stream_kind is StreamKind.ACCOUNT:
            stream_id = event.stream_id
            known = self.accounts.get(stream_id)
            self.accounts[stream_id] = accounts.evolve(known, happened, effective_at=event.effective_at)
        else:
            self._versions[event.stream_kind] = event.version
            if event.stream_kind is StreamKind.PROFILE:
                self.plans = after(self.plans, happened)

    def _version(self, stream: StreamKey) -> int:
        """How many events a stream has: an account counts its own, of the other kinds a user has one stream each."""
        if stream.kind is StreamKind.ACCOUNT:
            return self.accounts[stream.id].version
        return self._versions.get(stream.kind, 0)

    def _by_event(self, models: Sequence[ReadModel]) -> dict[type, list[tuple[Fold, dict[Key, Any]]]]:
        concerned: dict[type, list[tuple[Fold, dict[Key, Any]]]] = {}
        for model in models:
            for event in model.events:
                concerned.setdefault(event, []).append((model.fold, self.rows[model.name]))
        return concerned


def _change(rows: dict[Key, Any], changes: Changes) -> None:
    for key, row in changes.items():
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row


def replay(
    user_id: UUID,
    events: Iterable[Recorded],
    *,
    at: dt.datetime,
    known_at: dt.datetime | None = None,
    until: int | None = None,
) -> Fork:
    """A fork of a user's history: all of it, what was recorded by ``known_at``, or the events up to a position.

    ``at`` is the present of whoever asks. The fork's own present is ``known_at`` where that is given.
    """
    fork = Fork(user_id, known_at or at)
    fork.take(
        event
        for event in events
        if (known_at is None or event.recorded_at <= known_at) and (until is None or event.position <= until)
    )
    return fork
