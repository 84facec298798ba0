"""A transaction as people see it, made from a row of the statement or from what was just booked.

An incoming transfer has the payer's account in `account_id` and the caller's in `to_account`; of the other side nobody sees more
than that id. Sealed texts are opened here, at the edge.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from fintwin.api.answers import encode
from fintwin.api.money import out
from fintwin.domain import accounts
from fintwin.domain.accounts import MoneyEvent, TransferReceived, TransferSent
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.ledger import Booking
from fintwin.ledger.movements import Movement
from fintwin.projections.statement_json import pieces, seen_from
from fintwin.projections.statements import Statement
from fintwin.store.keys import UserKey, place_of
from fintwin.store.statements import StatementRow

Type = Literal["deposit", "withdrawal", "transfer"]
_TYPE_OF: dict[type, Type] = {
    accounts.Deposited: "deposit",
    accounts.Withdrawn: "withdrawal",
    TransferSent: "transfer",
    TransferReceived: "transfer",
}


class Counterparty(msgspec.Struct, frozen=True):
    """The other side of a deposit or withdrawal, as the caller told it."""

    name: str | None = None
    account: str | None = None
    bank: str | None = None


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction; money in `currency`, times in UTC. `balance_after` is that of the caller's account of this row."""

    id: UUID
    account_id: UUID
    type: Type
    amount: Decimal
    to_account: UUID | None
    note: str | None
    created_at: datetime
    currency: str
    effective_at: datetime
    date_only: bool
    category: str | None
    counterparty: Counterparty | None
    balance_after: Decimal
    reverses: UUID | None
    reversed_by: UUID | None
    position: int
    brought_forward: bool = False


def of_row(row: StatementRow, key: UserKey) -> Transaction:
    """The transaction of a row of the statement."""
    event = row.event
    account_id, to_account = _parties(event, row.stream_id)
    note = None if row.note is None else key.open(row.note, StreamKey(StreamKind.ACCOUNT, row.note_stream), "note")
    return Transaction(
        id=row.transaction_id,
        account_id=account_id,
        type=_TYPE_OF[type(event)],
        amount=out(event.amount_minor, event.currency),
        to_account=to_account,
        note=note,
        created_at=row.recorded_at,
        currency=event.currency,
        effective_at=row.effective_at,
        date_only=event.date_only,
        category=row.category,
        counterparty=_counterparty(event, row.stream_id, key),
        balance_after=out(row.balance_after_minor, event.currency),
        reverses=event.reverses,
        reversed_by=row.reversed_by,
        position=row.position,
    )


def of_booking(booking: Booking, key: UserKey) -> Transaction:
    """The transaction that was just booked: the caller's first entry that moved money, as of then."""
    entry = booking.entries[0]
    stream = entry.stream
    sealed = getattr(entry.event, "note", None)
    note = None if sealed is None else key.open(sealed, stream, "note")
    return _booked(booking, note, _counterparty(entry.event, stream.id, key))


def of_movement(booking: Booking, movement: Movement) -> Transaction:
    """The same for what was booked this very moment: nothing has to be opened that is still at hand."""
    party = movement.counterparty
    known = None if party is None else Counterparty(party.name or None, party.account or None, party.bank or None)
    if known == Counterparty() or movement.kind == "transfer":
        known = None
    return _booked(booking, movement.note, known)


def _booked(booking: Booking, note: str | None, counterparty: Counterparty | None) -> Transaction:
    entry = booking.entries[0]
    event = entry.event
    assert entry.balance_minor is not None, "a movement of money leaves a balance"
    account_id, to_account = _parties(event, entry.stream.id)
    return Transaction(
        id=booking.transaction_id,
        account_id=account_id,
        type=_TYPE_OF[type(event)],
        amount=out(event.amount_minor, event.currency),
        to_account=to_account,
        note=note,
        created_at=booking.recorded_at,
        currency=event.currency,
        effective_at=booking.effective_at,
        date_only=event.date_only,
        category=getattr(event, "category", None),
        counterparty=counterparty,
        balance_after=out(entry.balance_minor, event.currency),
        reverses=event.reverses,
        reversed_by=None,
        position=entry.position,
    )


def of_statement(row: Statement, key: UserKey, account_id: UUID | None = None) -> Transaction:
    """The transaction of a row of the read model, seen from one account, or without one from the payer's if it is an own one."""
    note = None
    if row.note is not None:
        assert row.note_on is not None, "a note was sealed for some account"
        note = key.open(row.note, StreamKey(StreamKind.ACCOUNT, row.note_on), "note")
    return Transaction(
        id=row.transaction_id,
        account_id=row.account_id,
        type=row.type,
        amount=out(row.amount_minor, row.currency),
        to_account=row.to_account,
        note=note,
        created_at=row.recorded_at,
        currency=row.currency,
        effective_at=row.effective_at,
        date_only=row.date_only,
        category=row.category,
        counterparty=_opened_party(row.counterparty, row.account_id, key),
        balance_after=out(_balance_minor(row, account_id), row.currency),
        reverses=row.reverses,
        reversed_by=row.reversed_by,
        position=row.position,
    )


def of_page(rows: bytes, key: UserKey, account_id: UUID | None = None) -> bytes:
    """The same of rows as the read model tells them (`statement_json`), put together with commas: a JSON array."""

    def opened(places: list[bytes], sealed: list[bytes]) -> list[bytes]:
        known = {place: _place(place) for place in set(places)}
        return [encode(text.decode()) for text in key.open_all(sealed, [known[place] for place in places])]

    return b"".join([b"[", *pieces(seen_from(rows, account_id), opened), b"]"])


def _place(told: bytes) -> bytes:
    field, account_id, version = told.decode().split("|", 2)
    return place_of(StreamKey(StreamKind.ACCOUNT, UUID(account_id)), field, version)


def _balance_minor(row: Statement, account_id: UUID | None) -> int:
    balance_minor = row.balance_after_minor
    if balance_minor is None or (account_id is not None and account_id == row.to_account):
        balance_minor = row.to_balance_after_minor
    assert balance_minor is not None, "one side of a transaction is the user's"
    return balance_minor


def brought_forward(account_id: UUID, oldest_shown: Statement, newest_hidden: Statement) -> Transaction:
    """One row in place of all older ones, so that whoever adds up the rows gets the balance."""
    balance_minor = _balance_minor(newest_hidden, account_id)
    currency = newest_hidden.currency
    return Transaction(
        id=uuid5(account_id, f"brought forward:{newest_hidden.position}"),
        account_id=account_id,
        type="withdrawal" if balance_minor < 0 else "deposit",
        amount=out(abs(balance_minor), currency),
        to_account=None,
        note="Balance brought forward",
        created_at=newest_hidden.recorded_at,
        currency=currency,
        effective_at=min(newest_hidden.effective_at, oldest_shown.effective_at),
        date_only=newest_hidden.date_only,
        category=None,
        counterparty=None,
        balance_after=out(balance_minor, currency),
        reverses=None,
        reversed_by=None,
        position=newest_hidden.position,
        brought_forward=True,
    )


def _parties(event: MoneyEvent, stream_id: UUID) -> tuple[UUID, UUID | None]:
    match event:
        case TransferReceived():
            return event.from_account, stream_id
        case TransferSent():
            return stream_id, event.to_account
        case _:
            return stream_id, None


def _counterparty(event: MoneyEvent, stream_id: UUID, key: UserKey) -> Counterparty | None:
    return _opened_party(getattr(event, "counterparty", None), stream_id, key)


def _opened_party(sealed: accounts.Counterparty | None, account_id: UUID, key: UserKey) -> Counterparty | None:
    if sealed is None:
        return None
    stream = StreamKey(StreamKind.ACCOUNT, account_id)
    return Counterparty(
        name=None if sealed.name is None else key.open(sealed.name, stream, "counterparty.name"),
        account=None if sealed.account is None else key.open(sealed.account, stream, "counterparty.account"),
        bank=sealed.bank,
    )
