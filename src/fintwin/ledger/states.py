"""The heads that a writer decides on: as the appends in flight will leave them.

A cached state may be behind what other processes have done; that costs a conflict and another try, never a wrong result,
because every conditional change names the version and balance it was decided on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from fintwin.domain import accounts, profiles
from fintwin.domain.accounts import AccountState
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.plans import Change, State
from fintwin.store.append import Batch
from fintwin.store.rows import Head, facts_of

_MONEY = (accounts.Deposited, accounts.Withdrawn, accounts.TransferSent, accounts.TransferReceived)


def evolved(state: State | None, stream: StreamKey, event: Any, effective_at: datetime) -> State:
    """The state of a stream after one more event."""
    if stream.kind is StreamKind.ACCOUNT:
        assert state is None or isinstance(state, AccountState)
        return accounts.evolve(state, event, effective_at=effective_at)
    assert not isinstance(state, AccountState)
    return profiles.evolve(state, event)


class States:
    """Recently used states of streams, bounded in number."""

    def __init__(self, kept_max: int = 50_000) -> None:
        """``kept_max``: number of streams to keep."""
        self._states: dict[StreamKey, tuple[UUID, State]] = {}
        self._kept_max = kept_max

    def get(self, user_id: UUID, stream: StreamKey) -> State | None:
        """The state, if it is known and the user's own."""
        known = self._states.get(stream)
        return known[1] if known is not None and known[0] == user_id else None

    def put(self, user_id: UUID, stream: StreamKey, state: State) -> None:
        """Keep a state."""
        if len(self._states) >= self._kept_max and stream not in self._states:
            for old in list(self._states)[: self._kept_max // 4]:
                del self._states[old]
        self._states[stream] = (user_id, state)

    def forget(self, streams: Iterable[StreamKey]) -> None:
        """Whatever is known of these streams is in doubt."""
        for stream in streams:
            self._states.pop(stream, None)

    def refresh(self, heads: Iterable[Head]) -> None:
        """Take over heads just read."""
        for head in heads:
            if head.state is not None:
                self.put(head.user_id, head.stream, head.state)

    def apply(self, user_id: UUID, change: Change, at: datetime) -> State | None:
        """Take a change over before it is appended. A stream that is not known (a payee's) stays unknown."""
        known = self._states.get(change.stream)
        if known is None and change.conditional is False:
            return None
        owner, state = known if known is not None else (user_id, None)
        after = evolved(state, change.stream, change.event, at)
        self.put(owner, change.stream, after)
        return after

    def correct(self, stream: StreamKey, version: int, balance_minor: int | None) -> None:
        """Catch up with what the append reports, where others have paid into an account meanwhile."""
        known = self._states.get(stream)
        if known is not None and isinstance(known[1], AccountState) and known[1].version < version:
            assert balance_minor is not None
            self._states[stream] = (known[0], replace(known[1], version=version, balance_minor=balance_minor))


def add_question(batch: Batch, stream: StreamKey, state: State | None) -> None:
    """Ask the append whether a state still stands."""
    batch.add_event(
        stream, version=0 if state is None else state.version, balance_minor=_balance(state), event_type=None
    )


def add_change(
    batch: Batch, change: Change, before: State | None, after: State | None, effective_us: int | None, payload: bytes,
    metadata: bytes,
) -> None:  # fmt: skip
    """Add a decided change to a batch, with the new head facts where more changes than the balance."""
    event = change.event
    moves_money = isinstance(event, _MONEY)
    version = None
    if change.conditional:
        version = 0 if before is None else before.version
    batch.add_event(
        change.stream,
        version=version,
        balance_minor=_balance(before) if change.conditional else None,
        event_type=type(event).__name__,
        delta_minor=accounts.delta_minor(event) if moves_money else None,
        currency=event.currency if moves_money else None,
        effective_us=effective_us,
        payload=payload,
        metadata=metadata,
    )
    if moves_money or isinstance(event, accounts.TransactionAnnotated):
        return
    assert after is not None
    if isinstance(after, AccountState):
        batch.add_head_facts(after.currency, after.status, after.overdraft_limit_minor, facts_of(after))
    else:
        batch.add_head_facts(None, None, None, facts_of(after))


def _balance(state: State | None) -> int | None:
    return state.balance_minor if isinstance(state, AccountState) else None
