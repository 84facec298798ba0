"""Statements: every transaction of a user as one row, in booking order, with the balance right after it.

A transfer between two own accounts is one row with two balances: ``balance_after_minor`` of the paying account and
``to_balance_after_minor`` of the receiving one. Of a transfer from somebody else the payer's balance is empty, of one to
somebody else the receiver's. ``position`` is that of the user's first event of the transaction; it rules the order and the
paging, and is never rewritten. Category and note follow later annotations; ``note_on`` names the account under which the note
was sealed. A transaction that was taken back says by which (``reversed_by``), and that one says of which (``reverses``).

>>> from fintwin.domain.accounts import TransactionAnnotated
>>> TransactionAnnotated in MODEL.events
True
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from fintwin.domain.accounts.events import (
    Counterparty,
    Deposited,
    TransactionAnnotated,
    TransferReceived,
    TransferSent,
    Withdrawn,
)
from fintwin.domain.accounts.state import SIGNS
from fintwin.domain.money import exponent
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows, current
from fintwin.projections.statement_json import told

STATEMENT: Final = "statement"
ACCOUNT: Final = "statement_account"


class Statement(Row, frozen=True):
    """One transaction; ``account_id`` is the paying account of a transfer. ``decimals`` are those of the currency."""

    user_id: UUID
    transaction_id: UUID
    position: int
    type: Literal["deposit", "withdrawal", "transfer"]
    account_id: UUID
    to_account: UUID | None
    amount_minor: int
    currency: str
    decimals: int
    category: str | None
    note: str | None
    note_on: UUID | None
    counterparty: Counterparty | None
    payee_ref: str | None
    effective_at: datetime
    recorded_at: datetime
    date_only: bool
    balance_after_minor: int | None
    to_balance_after_minor: int | None
    reverses: UUID | None
    reversed_by: UUID | None

    def delta_minor(self, account_id: UUID) -> int:
        """By how much the transaction changed one of the user's accounts."""
        incoming = self.type == "deposit" or self.to_account == account_id
        return self.amount_minor if incoming else -self.amount_minor


class StatementAccount(Row, frozen=True):
    """The balance after the last transaction and the number of transactions: what the next row goes on from."""

    user_id: UUID
    account_id: UUID
    balance_minor: int
    transactions: int


def keys(event: Recorded) -> list[Key]:
    """The account, the transaction that is annotated or taken back, and the paying half of a transfer to oneself."""
    happened = event.event
    if type(happened) is TransactionAnnotated:
        return [(STATEMENT, happened.transaction_id)]
    named: list[Key] = [(ACCOUNT, event.stream_id)]
    if type(happened) is TransferReceived:
        named.append((STATEMENT, event.transaction_id))
    if happened.reverses is not None:
        named.append((STATEMENT, happened.reverses))
    return named


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """The rows of the transactions, the accounts' balances, and the marks on transactions that are taken back."""
    changes: dict[Key, Any] = {}
    accounts: dict[UUID, list[int]] = {}
    account = [0, 0]
    present: UUID | None = None
    for event in events:
        happened = event.event
        kind = type(happened)
        if kind is TransactionAnnotated:
            _annotate(rows, changes, event)
            continue
        # Comparing ids is cheaper than looking one up, and a run seldom changes accounts.
        if event.stream_id != present:
            present = event.stream_id
            account = _account(rows, accounts, present)
        account[0] = balance_minor = account[0] + SIGNS[kind] * happened.amount_minor
        account[1] += 1
        key = (STATEMENT, event.transaction_id)
        sent: Statement | None = None
        if kind is TransferReceived:
            sent = current(rows, changes, key)
        if sent is not None:
            changes[key] = replace(sent, to_balance_after_minor=balance_minor)
        elif kind is Deposited or kind is Withdrawn:
            changes[key] = _outside(event, balance_minor)
        else:
            changes[key] = _between(event, balance_minor)
        if happened.reverses is not None:
            original: Statement | None = current(rows, changes, (STATEMENT, happened.reverses))
            if original is not None:
                changes[STATEMENT, happened.reverses] = replace(original, reversed_by=event.transaction_id)
    for stream_id, (balance_minor, transactions) in accounts.items():
        row = StatementAccount(events[0].user_id, stream_id, balance_minor, transactions)
        changes[ACCOUNT, stream_id] = row
    return changes


def _account(rows: UserRows, accounts: dict[UUID, list[int]], account_id: UUID) -> list[int]:
    """Balance and number of transactions of an account, as the run has left them."""
    known = accounts.get(account_id)
    if known is None:
        row: StatementAccount | None = rows.get((ACCOUNT, account_id))
        known = accounts[account_id] = [0, 0] if row is None else [row.balance_minor, row.transactions]
    return known


def _outside(event: Recorded, balance_minor: int) -> Statement:
    """The row of a deposit or withdrawal."""
    happened = event.event
    note, currency = happened.note, happened.currency
    return Statement(
        event.user_id,
        event.transaction_id,
        event.position,
        "deposit" if type(happened) is Deposited else "withdrawal",
        event.stream_id,
        None,
        happened.amount_minor,
        currency,
        exponent(currency) or 0,
        happened.category,
        note,
        None if note is None else event.stream_id,
        happened.counterparty,
        happened.payee_ref,
        event.effective_at,
        event.recorded_at,
        happened.date_only,
        balance_minor,
        None,
        happened.reverses,
        None,
    )


def _between(event: Recorded, balance_minor: int) -> Statement:
    """The row of a transfer by the user's first half of it."""
    happened = event.event
    received = type(happened) is TransferReceived
    note = None if received else happened.note
    return Statement(
        event.user_id,
        event.transaction_id,
        event.position,
        "transfer",
        happened.from_account if received else event.stream_id,
        event.stream_id if received else happened.to_account,
        happened.amount_minor,
        happened.currency,
        exponent(happened.currency) or 0,
        None if received else happened.category,
        note,
        None if note is None else event.stream_id,
        None,
        None,
        event.effective_at,
        event.recorded_at,
        happened.date_only,
        None if received else balance_minor,
        balance_minor if received else None,
        happened.reverses,
        None,
    )


def _annotate(rows: UserRows, changes: dict[Key, Any], event: Recorded) -> None:
    said: TransactionAnnotated = event.event
    key = (STATEMENT, said.transaction_id)
    row: Statement | None = current(rows, changes, key)
    if row is None:
        return
    new: dict[str, Any] = {}
    if said.category is not msgspec.UNSET:
        new["category"] = said.category
    if said.note is not msgspec.UNSET:
        new["note"] = said.note
        new["note_on"] = None if said.note is None else event.stream_id
    if said.payee_ref is not msgspec.UNSET:
        new["payee_ref"] = said.payee_ref
    changes[key] = replace(row, **new)


MODEL: Final = ReadModel(
    name="statements",
    version=1,
    tables=(
        Table(STATEMENT, Statement, key_fields=2, made=("told", told)),
        Table(ACCOUNT, StatementAccount, key_fields=2),
    ),
    events=(Deposited, Withdrawn, TransferSent, TransferReceived, TransactionAnnotated),
    keys=keys,
    fold=fold,
)
