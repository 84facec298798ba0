"""Accounts as their owner sees them: one row each, with the balance after the last event.

The row is the account's state (`domain.accounts.evolve`) in columns, with when it was opened and the last own position.
``name`` is sealed and opaque here.

>>> from fintwin.domain.accounts import AccountFrozen
>>> MODEL.name, AccountFrozen in MODEL.events
('accounts', True)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from fintwin.domain.accounts.events import AccountEvent, AccountKind
from fintwin.domain.accounts.state import SIGNS, AccountState, Status, evolve
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows, current

ACCOUNT: Final = "account"
_STATUS: Final = {status.value: status for status in Status}


class Account(Row, frozen=True):
    """One account; ``status`` is a number of `domain.accounts.state.Status`."""

    user_id: UUID
    account_id: UUID
    name: str
    kind: AccountKind
    currency: str
    status: int
    balance_minor: int
    overdraft_limit_minor: int
    annual_rate_percent: Decimal | None
    closed_through: date | None
    effective_at_last: datetime | None
    opened_at: datetime
    version: int
    position: int

    def state(self) -> AccountState:
        """What the account is, for rules and for the twin; which transactions are reversed is not known here."""
        return AccountState(
            version=self.version,
            currency=self.currency,
            kind=self.kind,
            name=self.name,
            status=_STATUS[self.status],
            balance_minor=self.balance_minor,
            overdraft_limit_minor=self.overdraft_limit_minor,
            annual_rate_percent=self.annual_rate_percent,
            effective_at_last=self.effective_at_last,
            closed_through=self.closed_through,
        )


def keys(event: Recorded) -> list[Key]:
    """The account of the stream."""
    return [(ACCOUNT, event.stream_id)]


class _Moving(msgspec.Struct, gc=False):
    """An account while movements are folded: its row before them, and what they change."""

    before: Account
    balance_minor: int
    effective_at_last: datetime | None
    version: int
    position: int

    def row(self) -> Account:
        before = self.before
        return Account(
            before.user_id,
            before.account_id,
            before.name,
            before.kind,
            before.currency,
            before.status,
            self.balance_minor,
            before.overdraft_limit_minor,
            before.annual_rate_percent,
            before.closed_through,
            self.effective_at_last,
            before.opened_at,
            self.version,
            self.position,
        )


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """The accounts after more events of their streams.

    Money is folded as `evolve` does it, without the way over the state: nearly all events are of this kind.
    """
    changes: dict[Key, Any] = {}
    moving: dict[UUID, _Moving] = {}
    account: _Moving | None = None
    present: UUID | None = None
    for event in events:
        what = event.event
        # Comparing ids is cheaper than looking one up, and a run seldom changes accounts.
        if event.stream_id != present:
            present = event.stream_id
            account = moving.get(present)
        assert present is not None
        sign = SIGNS.get(type(what))
        if sign is None:
            key = (ACCOUNT, present)
            if account is not None:
                changes[key] = moving.pop(present).row()
                account = None
            changes[key] = _evolved(current(rows, changes, key), event)
            continue
        if account is None:
            before: Account | None = current(rows, changes, (ACCOUNT, present))
            assert before is not None, f"money on an account that is not open: {present}"
            account = moving[present] = _Moving(
                before, before.balance_minor, before.effective_at_last, before.version, before.position
            )
        account.balance_minor += sign * what.amount_minor
        last, effective_at = account.effective_at_last, event.effective_at
        if last is None or effective_at > last:
            account.effective_at_last = effective_at
        account.version += 1
        account.position = event.position
    for stream_id, account in moving.items():
        changes[ACCOUNT, stream_id] = account.row()
    return changes


def _evolved(before: Account | None, event: Recorded) -> Account:
    state = evolve(None if before is None else before.state(), event.event, effective_at=event.effective_at)
    return Account(
        user_id=event.user_id,
        account_id=event.stream_id,
        name=state.name,
        kind=state.kind,
        currency=state.currency,
        status=state.status.value,
        balance_minor=state.balance_minor,
        overdraft_limit_minor=state.overdraft_limit_minor,
        annual_rate_percent=state.annual_rate_percent,
        closed_through=state.closed_through,
        effective_at_last=state.effective_at_last,
        opened_at=event.recorded_at if before is None else before.opened_at,
        version=state.version,
        position=event.position,
    )


MODEL: Final = ReadModel(
    name="accounts",
    version=1,
    tables=(Table(ACCOUNT, Account, key_fields=2),),
    events=get_args(AccountEvent),
    keys=keys,
    fold=fold,
)
