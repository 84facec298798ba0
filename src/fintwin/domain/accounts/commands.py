"""What can be asked of an account.

``at`` is the moment of asking: the core has no clock. ``effective_at`` is when a movement counts; None means "when it is
recorded". Texts are sealed before a command is made. ``as_command`` turns a recorded money event back into the command
that would cause it again, which is how the twin replays a changed past.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from fintwin.domain.accounts.events import (
    AccountKind,
    Counterparty,
    Deposited,
    MoneyEvent,
    TransferReceived,
    TransferSent,
    Withdrawn,
)


class OpenAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Open an account that does not exist yet."""

    at: datetime
    name: str
    kind: AccountKind
    currency: str
    annual_rate_percent: Decimal | None = None


class RenameAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Give the account another name."""

    at: datetime
    name: str


class SetRate(msgspec.Struct, frozen=True, kw_only=True):
    """Set or take away the nominal yearly interest rate in percent."""

    at: datetime
    annual_rate_percent: Decimal | None


class SetOverdraftLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Allow the balance to go this far below zero (operator only)."""

    at: datetime
    overdraft_limit_minor: int


class FreezeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Stop the account from paying."""

    at: datetime


class UnfreezeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Let the account pay again."""

    at: datetime


class CloseAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Close the account for good; its balance must be zero."""

    at: datetime


class ClosePeriod(msgspec.Struct, frozen=True, kw_only=True):
    """Accept no more bookings up to and including this day (operator only)."""

    at: datetime
    through: date


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """Book money that came in from outside."""

    at: datetime
    amount_minor: int
    currency: str | None = None
    effective_at: datetime | None = None
    category: str | None = None
    note: str | None = None
    counterparty: Counterparty | None = None
    payee_ref: str | None = None
    reverses: UUID | None = None
    date_only: bool = False


class Withdraw(msgspec.Struct, frozen=True, kw_only=True):
    """Book money that leaves."""

    at: datetime
    amount_minor: int
    currency: str | None = None
    effective_at: datetime | None = None
    category: str | None = None
    note: str | None = None
    counterparty: Counterparty | None = None
    payee_ref: str | None = None
    reverses: UUID | None = None
    date_only: bool = False


class SendTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """Pay another account of the ledger. ``account_id`` is the payer's own, to tell a payment to oneself."""

    at: datetime
    account_id: UUID
    to_account: UUID
    amount_minor: int
    currency: str | None = None
    effective_at: datetime | None = None
    category: str | None = None
    note: str | None = None
    reverses: UUID | None = None
    date_only: bool = False


class ReceiveTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """The receiving half: accepted by an open account of the same currency."""

    at: datetime
    from_account: UUID
    amount_minor: int
    currency: str
    effective_at: datetime | None = None
    reverses: UUID | None = None
    date_only: bool = False


class Annotate(msgspec.Struct, frozen=True, kw_only=True):
    """Change category or note of a transaction that this account took part in."""

    at: datetime
    transaction_id: UUID
    category: str | msgspec.UnsetType | None = msgspec.UNSET
    note: str | msgspec.UnsetType | None = msgspec.UNSET
    payee_ref: str | msgspec.UnsetType | None = msgspec.UNSET


MoneyCommand = Deposit | Withdraw | SendTransfer | ReceiveTransfer
AccountCommand = (
    OpenAccount
    | RenameAccount
    | SetRate
    | SetOverdraftLimit
    | FreezeAccount
    | UnfreezeAccount
    | CloseAccount
    | ClosePeriod
    | MoneyCommand
    | Annotate
)


def as_command(event: MoneyEvent, *, account_id: UUID, effective_at: datetime, recorded_at: datetime) -> MoneyCommand:
    """The command that causes a recorded money event again.

    Law: on any true history, ``decide(state before the event, as_command(event, ...)) == [event]``.
    """
    # An event that counts from the moment of recording asks nothing of the order of effective dates.
    explicit = None if effective_at == recorded_at else effective_at
    at = max(recorded_at, effective_at)
    match event:
        case Deposited() | Withdrawn():
            kind = Deposit if isinstance(event, Deposited) else Withdraw
            return kind(
                at=at,
                effective_at=explicit,
                amount_minor=event.amount_minor,
                currency=event.currency,
                category=event.category,
                note=event.note,
                counterparty=event.counterparty,
                payee_ref=event.payee_ref,
                reverses=event.reverses,
                date_only=event.date_only,
            )
        case TransferSent():
            return SendTransfer(
                at=at,
                effective_at=explicit,
                account_id=account_id,
                to_account=event.to_account,
                amount_minor=event.amount_minor,
                currency=event.currency,
                category=event.category,
                note=event.note,
                reverses=event.reverses,
                date_only=event.date_only,
            )
        case TransferReceived():
            return ReceiveTransfer(
                at=at,
                effective_at=explicit,
                from_account=event.from_account,
                amount_minor=event.amount_minor,
                currency=event.currency,
                reverses=event.reverses,
                date_only=event.date_only,
            )
