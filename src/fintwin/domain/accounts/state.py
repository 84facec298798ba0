"""What an account is at one moment: the fold of its events.

``evolve`` is total over the events of an account stream and never refuses: what is in the log has happened. The store
keeps this very state on the account's head, so that deciding does not need the history.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from fintwin.domain.accounts.events import (
    AccountClosed,
    AccountEvent,
    AccountFrozen,
    AccountKind,
    AccountOpened,
    AccountRenamed,
    AccountUnfrozen,
    Deposited,
    OverdraftLimitSet,
    PeriodClosed,
    RateSet,
    TransactionAnnotated,
    TransferReceived,
    TransferSent,
    Withdrawn,
)
from fintwin.domain.accounts.past import Past


class Status(IntEnum):
    """Status of an account; the numbers are stored on its head."""

    OPEN = 1
    FROZEN = 2
    CLOSED = 3


class AccountState(msgspec.Struct, frozen=True, kw_only=True):
    """One account. Money in minor units of ``currency``; ``version`` counts its events.

    ``reversed`` holds the transactions of this account that a later one has reversed. A replay knows them all; a state
    loaded from a head knows those that the caller asked about. So with ``past``, which only a late payment asks for: None is
    a past that is not known, and what begins as `remembering` keeps it.
    """

    version: int
    currency: str
    kind: AccountKind
    name: str
    status: Status = Status.OPEN
    balance_minor: int = 0
    overdraft_limit_minor: int = 0
    annual_rate_percent: Decimal | None = None
    effective_at_last: datetime | None = None
    closed_through: date | None = None
    reversed: frozenset[UUID] = frozenset()
    past: Past | None = None

    @property
    def available_minor(self) -> int:
        """What can be paid out now: the balance and the overdraft limit."""
        return self.balance_minor + self.overdraft_limit_minor

    def counts_late(self, effective_at: datetime | None) -> bool:
        """Whether a movement of that date (None: of now) counts before one that is booked already."""
        last = self.effective_at_last
        return effective_at is not None and last is not None and effective_at < last


def remembering(state: AccountState, past: Past | None = None) -> AccountState:
    """The account with its past so far, nothing for one just opened; `evolve` keeps it from here on."""
    return replace(state, past=past or Past())


SIGNS: Final[dict[type, int]] = {Deposited: 1, TransferReceived: 1, Withdrawn: -1, TransferSent: -1}
"""The events that move money, and which way."""


def delta_minor(event: Any) -> int:
    """By how much an event of an account stream changes the balance (0 for events that move no money)."""
    sign = SIGNS.get(type(event))
    return sign * event.amount_minor if sign is not None else 0


def _move(sign: int, state: AccountState, event: Any, effective_at: datetime) -> AccountState:
    last = state.effective_at_last
    return replace(
        state,
        version=state.version + 1,
        balance_minor=state.balance_minor + sign * event.amount_minor,
        effective_at_last=effective_at if last is None or effective_at > last else last,
        reversed=state.reversed | {event.reverses} if event.reverses is not None else state.reversed,
        past=None if state.past is None else state.past.moved(effective_at, sign * event.amount_minor),
    )


def _unchanged(state: AccountState, _event: Any, _effective_at: datetime) -> AccountState:
    return replace(state, version=state.version + 1)


def _status(status: Status, state: AccountState, _event: Any, _effective_at: datetime) -> AccountState:
    return replace(state, version=state.version + 1, status=status)


def _rename(state: AccountState, event: AccountRenamed, _effective_at: datetime) -> AccountState:
    return replace(state, version=state.version + 1, name=event.name)


def _rate(state: AccountState, event: RateSet, _effective_at: datetime) -> AccountState:
    return replace(state, version=state.version + 1, annual_rate_percent=event.annual_rate_percent)


def _limit(state: AccountState, event: OverdraftLimitSet, _effective_at: datetime) -> AccountState:
    return replace(state, version=state.version + 1, overdraft_limit_minor=event.overdraft_limit_minor)


def _close_period(state: AccountState, event: PeriodClosed, _effective_at: datetime) -> AccountState:
    return replace(state, version=state.version + 1, closed_through=event.through)


_EVOLVE: Final[dict[type, Callable[[AccountState, Any, datetime], AccountState]]] = {
    AccountRenamed: _rename,
    RateSet: _rate,
    OverdraftLimitSet: _limit,
    AccountFrozen: partial(_status, Status.FROZEN),
    AccountUnfrozen: partial(_status, Status.OPEN),
    AccountClosed: partial(_status, Status.CLOSED),
    PeriodClosed: _close_period,
    Deposited: partial(_move, 1),
    TransferReceived: partial(_move, 1),
    Withdrawn: partial(_move, -1),
    TransferSent: partial(_move, -1),
    TransactionAnnotated: _unchanged,
}


def evolve(state: AccountState | None, event: AccountEvent, *, effective_at: datetime) -> AccountState:
    """The account after one more event."""
    if state is None:
        assert isinstance(event, AccountOpened), f"an account stream begins with {type(event).__name__}"
        return AccountState(
            version=1,
            currency=event.currency,
            kind=event.kind,
            name=event.name,
            annual_rate_percent=event.annual_rate_percent,
        )
    return _EVOLVE[type(event)](state, event, effective_at)
