"""Replaying the streams of one user: what each state is after each event, and what the heads should say.

The same `evolve` as the ledger's own, and the same bytes as the append's: a `Stream` is what a row of ``log.stream_head`` was
made of, a `Replay` all streams of the user at hand.

>>> expected_facts(StreamKind.NOTIFICATIONS, None) is None
True
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from fintwin.domain import accounts, holdings, profiles
from fintwin.domain.accounts import AccountState, Status
from fintwin.domain.hashing import GENESIS
from fintwin.domain.streams import StreamKind
from fintwin.store.auditing import Row
from fintwin.store.restoring import HEAD_COLUMNS
from fintwin.store.rows import facts_of
from fintwin.store.shard import SHARD

_CREDITS: Final = frozenset({accounts.TransferReceived, accounts.TransactionAnnotated})
_MONEY: Final = frozenset(get_args(accounts.MoneyEvent))
_DEBITS: Final = frozenset({accounts.Withdrawn, accounts.TransferSent})


class Stream(msgspec.Struct):
    """One stream as far as it has been replayed; ``decided_in`` None: any of its transactions may be meant."""

    kind: StreamKind
    id: UUID
    user_id: UUID
    version: int = 0
    position: int = 0
    link: bytes = GENESIS
    state: Any = None
    decided_in: UUID | bytes | None = None
    broken: bool = False
    """Something before was wrong: what comes after cannot be held against the rules."""

    def evolve(self, event: Any, transaction_id: UUID | bytes, effective_at: datetime, *, at_once: bool) -> None:
        """Take in a decoded event; ``at_once``: it counts from when it was recorded.

        Raises whatever the fold of an impossible history raises.
        """
        kind = self.kind
        if kind is StreamKind.ACCOUNT:
            self.state = accounts.evolve(self.state, event, effective_at=effective_at)
            # A deposit at once is taken whatever the state is, like any other credit.
            name = type(event)
            if name not in _CREDITS and not (at_once and name is accounts.Deposited):
                self.decided_in = transaction_id
        elif kind is StreamKind.PROFILE:
            self.state = profiles.evolve(self.state, event)
            self.decided_in = transaction_id
        elif kind is StreamKind.HOLDINGS:
            self.state = holdings.evolve(self.state, event)
            self.decided_in = transaction_id


def rule_broken(state: AccountState, event: Any, effective_at: datetime) -> str | None:
    """What no rule lets through, although the event can be folded: checked after each event of an account."""
    if state.balance_minor < -state.overdraft_limit_minor:
        return (
            f"the balance of {state.balance_minor} is below the limit of {-state.overdraft_limit_minor} (minor units)"
        )
    kind = type(event)
    if kind not in _MONEY:
        return None
    if event.currency != state.currency:
        return f"money in {event.currency} on an account in {state.currency}"
    if event.amount_minor <= 0:
        return "an amount that is not positive"
    if state.status is not Status.OPEN and (state.status is Status.CLOSED or kind in _DEBITS):
        return f"the account is {state.status.name.lower()}"
    if state.closed_through is not None and effective_at.date() <= state.closed_through:
        return f"the period up to {state.closed_through} is closed"
    return None


def expected_facts(kind: StreamKind, state: Any) -> str | None:
    """What the head of a stream keeps as JSON."""
    return None if kind in {StreamKind.NOTIFICATIONS, StreamKind.SIMULATIONS} or state is None else facts_of(state)


def head_row(stream: Stream) -> tuple[Any, ...]:
    """What the head of a stream should be, in the order of `restoring.HEAD_COLUMNS`."""
    state = stream.state
    account = state if isinstance(state, AccountState) else None
    return (
        SHARD,
        stream.kind.value,
        stream.id,
        stream.user_id,
        stream.version,
        stream.position,
        UUID(bytes=stream.decided_in) if isinstance(stream.decided_in, bytes) else stream.decided_in,
        stream.link,
        account and account.currency,
        account and account.status.value,
        None if account is None else account.balance_minor,
        None if account is None else account.overdraft_limit_minor,
        account and account.effective_at_last,
        expected_facts(stream.kind, state),
    )


def head_difference(stream: Stream, head: Row) -> str | None:
    """The first column in which a head is not the replay of its stream."""
    for column, value in zip(HEAD_COLUMNS, head_row(stream), strict=True):
        if head[column] != value and not (column == "decided_in" and value is None):
            return f"{column} is {_shown(head[column])}, the replay of its events gives {_shown(value)}"
    return None


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
