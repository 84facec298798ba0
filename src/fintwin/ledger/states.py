"""The heads that a writer decides on: as the appends in flight will leave them.

A cached state may be behind what other processes have done; that costs a conflict and another try, never a wrong result,
because every conditional change names the state it was decided on (`Known`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from fintwin.domain import accounts, holdings, profiles
from fintwin.domain.accounts import AccountState
from fintwin.domain.holdings import HoldingsState
from fintwin.domain.profiles import ProfileState
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
    if stream.kind is StreamKind.HOLDINGS:
        assert state is None or isinstance(state, HoldingsState)
        return holdings.evolve(state, event)
    assert state is None or isinstance(state, ProfileState)
    return profiles.evolve(state, event)


class Known(NamedTuple):
    """A stream as far as this process knows it.

    ``basis`` is the transaction of the last change that was decided on the stream's state. Two states with the same basis,
    version and balance are the same for every decision: after the basis only money came in.
    """

    owner: UUID
    state: State
    basis: UUID


class States:
    """Recently used states of streams, bounded in number."""

    def __init__(self, kept_max: int = 50_000, *, exact: bool = False) -> None:
        """``kept_max``: number of streams to keep. ``exact``: nobody else can change them meanwhile."""
        self._exact = exact
        self._known: dict[StreamKey, Known] = {}
        self._kept_max = kept_max
        self.aside: set[StreamKey] = set()
        """Accounts whose commands wait for their past, see `slices.Slice`."""

    def get(self, user_id: UUID, stream: StreamKey) -> Known | None:
        """What is known of a stream, if it is the user's own."""
        known = self._known.get(stream)
        return known if known is not None and known.owner == user_id else None

    def put(self, stream: StreamKey, known: Known) -> None:
        """Keep a state."""
        if len(self._known) >= self._kept_max and stream not in self._known:
            for old in list(self._known)[: self._kept_max // 4]:
                del self._known[old]
        self._known[stream] = known

    def forget(self, streams: Iterable[StreamKey]) -> None:
        """Whatever is known of these streams is in doubt."""
        for stream in streams:
            self._known.pop(stream, None)

    def refresh(self, heads: Iterable[Head]) -> None:
        """Take over heads just read."""
        for head in heads:
            if head.state is not None:
                self.put(head.stream, Known(head.user_id, head.state, head.decided_in))

    def apply(self, user_id: UUID, transaction_id: UUID, change: Change, at: datetime) -> State | None:
        """Take a change over before it is appended. A stream that is not known (a payee's) stays unknown."""
        known = self._known.get(change.stream)
        if known is None:
            if not change.conditional:
                return None
            after = evolved(None, change.stream, change.event, at)
            if self._exact and isinstance(after, AccountState):
                after = accounts.remembering(after)
            self.put(change.stream, Known(user_id, after, transaction_id))
            return after
        after = evolved(known.state, change.stream, change.event, at)
        basis = transaction_id if change.conditional else known.basis
        self._known[change.stream] = Known(known.owner, after, basis)
        return after

    def catch_up(self, stream: StreamKey, version: int, balance_minor: int | None) -> None:
        """Take over version and balance that the append tells, where others have paid in meanwhile.

        If they have done more than that, the basis is no longer true, and whatever is decided on it is decided again.
        """
        known = self._known.get(stream)
        if known is None or known.state.version >= version:
            return
        if isinstance(known.state, AccountState) and balance_minor is not None:
            state = replace(known.state, version=version, balance_minor=balance_minor, past=None)
            self._known[stream] = Known(known.owner, state, known.basis)
        else:
            del self._known[stream]


def add_question(batch: Batch, stream: StreamKey, known: Known | None) -> None:
    """Ask the append whether a state still stands."""
    version, balance_minor, basis = _named(known)
    batch.add_event(stream, version=version, balance_minor=balance_minor, basis=basis, event_type=None)


def add_change(
    batch: Batch, change: Change, before: Known | None, after: State | None, effective_us: int | None, payload: bytes,
    metadata: bytes,
) -> None:  # fmt: skip
    """Add a decided change to a batch, with the new head facts where more changes than the balance."""
    event = change.event
    moves_money = isinstance(event, _MONEY)
    version, balance_minor, basis = _named(before) if change.conditional else (None, None, None)
    if moves_money and (isinstance(event, accounts.Deposited) or _knows_past(before)):
        balance_minor = None
    batch.add_event(
        change.stream,
        version=version,
        balance_minor=balance_minor,
        basis=basis,
        event_type=type(event).__name__,
        delta_minor=accounts.delta_minor(event) if moves_money else None,
        currency=event.currency if moves_money else None,
        effective_us=effective_us,
        payload=payload,
        metadata=metadata,
    )
    if moves_money or isinstance(event, accounts.TransactionAnnotated):
        return
    if after is None:
        assert not change.conditional, "a change of a state knows what it becomes"
        return  # a stream that keeps no state on its head
    if isinstance(after, AccountState):
        batch.add_head_facts(after.currency, after.status, after.overdraft_limit_minor, facts_of(after))
    else:
        batch.add_head_facts(None, None, None, facts_of(after))


def _knows_past(known: Known | None) -> bool:
    """Whether a movement was decided in the order in which everything counts; then it may count before the last one."""
    return known is not None and isinstance(known.state, AccountState) and known.state.past is not None


def _named(known: Known | None) -> tuple[int, int | None, UUID | None]:
    if known is None:
        return 0, None, None
    state = known.state
    return state.version, state.balance_minor if isinstance(state, AccountState) else None, known.basis
