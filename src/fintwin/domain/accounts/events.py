"""Facts about accounts, as they stand in the log for good.

Field order is the order of the stored JSON; fields at their default are left out. New fields must have defaults, and a
field never changes its meaning or type. Texts that can name a person (``name``, ``note``, a counterparty's ``name`` and
``account``) arrive here sealed and are opaque; ``payee_ref`` is a keyed pseudonym by which movements to and from one
counterparty can be told to belong together without knowing who it is.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

AccountKind = Literal["checking", "savings", "investment", "cash", "loan"]


class Counterparty(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=False):
    """The other side of a deposit or withdrawal: sealed name and account, the bank's code in clear."""

    name: str | None = None
    account: str | None = None
    bank: str | None = None


class AccountOpened(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An account exists from now on, with balance zero, and belongs to the user of the stream."""

    name: str
    kind: AccountKind
    currency: str
    annual_rate_percent: Decimal | None = None


class AccountRenamed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The owner calls the account differently."""

    name: str


class RateSet(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The nominal yearly interest rate in percent; None takes it away. The ledger itself posts no interest."""

    annual_rate_percent: Decimal | None = None


class OverdraftLimitSet(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The balance may go this far below zero (minor units, not negative)."""

    overdraft_limit_minor: int


class AccountFrozen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The account takes deposits but pays nothing until it is unfrozen."""


class AccountUnfrozen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The account pays again."""


class AccountClosed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The account is at zero and stays there."""


class PeriodClosed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Nothing with an effective date up to and including this day is booked any more."""

    through: date


class Deposited(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Money came in from outside the ledger."""

    amount_minor: int
    currency: str
    category: str | None = None
    note: str | None = None
    counterparty: Counterparty | None = None
    payee_ref: str | None = None
    reverses: UUID | None = None
    date_only: bool = False


class Withdrawn(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Money left the ledger."""

    amount_minor: int
    currency: str
    category: str | None = None
    note: str | None = None
    counterparty: Counterparty | None = None
    payee_ref: str | None = None
    reverses: UUID | None = None
    date_only: bool = False


class TransferSent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The paying half of a transfer, in the payer's own amount and currency.

    ``counter_*`` and ``rate`` are for transfers between currencies and stay empty until there are any.
    """

    amount_minor: int
    currency: str
    to_account: UUID
    counter_amount_minor: int | None = None
    counter_currency: str | None = None
    rate: Decimal | None = None
    category: str | None = None
    note: str | None = None
    reverses: UUID | None = None
    date_only: bool = False


class TransferReceived(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The receiving half of a transfer. It carries nothing of the payer but the account id."""

    amount_minor: int
    currency: str
    from_account: UUID
    counter_amount_minor: int | None = None
    counter_currency: str | None = None
    rate: Decimal | None = None
    reverses: UUID | None = None
    date_only: bool = False


class TransactionAnnotated(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The owner gave a transaction another category or note. UNSET leaves a field, None clears it."""

    transaction_id: UUID
    category: str | msgspec.UnsetType | None = msgspec.UNSET
    note: str | msgspec.UnsetType | None = msgspec.UNSET
    payee_ref: str | msgspec.UnsetType | None = msgspec.UNSET


MoneyEvent = Deposited | Withdrawn | TransferSent | TransferReceived
AccountEvent = (
    AccountOpened
    | AccountRenamed
    | RateSet
    | OverdraftLimitSet
    | AccountFrozen
    | AccountUnfrozen
    | AccountClosed
    | PeriodClosed
    | MoneyEvent
    | TransactionAnnotated
)
