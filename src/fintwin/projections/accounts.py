"""Accounts as their owner sees them: one row each, with the balance after the last event.

The row is the account's state (`domain.accounts.evolve`) in columns, with when it was opened and the last own position.
``name`` is sealed and opaque here.

>>> from fintwin.domain.accounts import AccountFrozen
>>> MODEL.name, AccountFrozen in MODEL.events
('accounts', True)
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final, get_args
from uuid import UUID

from fintwin.domain.accounts.events import AccountEvent, AccountKind, MoneyEvent
from fintwin.domain.accounts.state import AccountState, Status, delta_minor, evolve
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows

ACCOUNT: Final = "account"
_MONEY: Final = frozenset(get_args(MoneyEvent))
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


def fold(rows: UserRows, event: Recorded) -> Changes:
    """The account after one more event of its stream."""
    key = (ACCOUNT, event.stream_id)
    before: Account | None = rows.get(key)
    if before is not None and type(event.event) in _MONEY:
        return {key: _moved(before, event)}
    state = evolve(None if before is None else before.state(), event.event, effective_at=event.effective_at)
    return {
        key: Account(
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
    }


def _moved(before: Account, event: Recorded) -> Account:
    """What `evolve` does with money, without the way over the state: nearly all events are of this kind."""
    last, effective_at = before.effective_at_last, event.effective_at
    return Account(
        before.user_id,
        before.account_id,
        before.name,
        before.kind,
        before.currency,
        before.status,
        before.balance_minor + delta_minor(event.event),
        before.overdraft_limit_minor,
        before.annual_rate_percent,
        before.closed_through,
        effective_at if last is None or effective_at > last else last,
        before.opened_at,
        before.version + 1,
        event.position,
    )


MODEL: Final = ReadModel(
    name="accounts",
    version=1,
    tables=(Table(ACCOUNT, Account, key_fields=2),),
    events=get_args(AccountEvent),
    keys=keys,
    fold=fold,
)
