r"""A row of the statement as people get it: JSON that is made once, when the row is written, with holes in it.

Statements are read far more often than booked, and most of what a page cost was making the same text again. Holes are what is
sealed, which only the reader's own key opens, and the balance of a transfer between two own accounts, which depends on the
account that is looked at. Marks, which JSON never contains, tell them apart, and a row has whole holes only, so that rows put
together are split at the marks, all of them in one go: what is done for each hole is most of what a page costs.

    {"id":"...","note":<HOLE>note|<account>|s1.<HOLE>AAAA==<HOLE>,"balance_after":<SIDES><receiver> 5.00 7.50<SIDES>}

>>> row = f'{{"note":{HOLE}note|7|s1.{HOLE}AAAA=={HOLE},"position":3}}'.encode()
>>> b"".join(pieces(row, lambda places, sealed: [b'"Rent"']))
b'{"note":"Rent","position":3}'
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from fintwin.domain.accounts.events import Counterparty
from fintwin.domain.money import to_decimal
from fintwin.domain.sealed import taken_apart

if TYPE_CHECKING:
    from fintwin.projections.statements import Statement

HOLE: Final = "\x1f" * 4
"""Not one character: bytes are split at a longer mark in half the time, as most of them are passed over."""
SIDES: Final = "\x1e"
_HOLE: Final = HOLE.encode()
_SIDES: Final = SIDES.encode()


class _Told(msgspec.Struct, gc=False):
    """The fields of `api.transaction.Transaction`, in its order; ids that every row has are text, which is encoded faster."""

    id: str
    account_id: str
    type: str
    amount: msgspec.Raw
    to_account: UUID | None
    note: msgspec.Raw | None
    created_at: datetime
    currency: str
    effective_at: datetime
    date_only: bool
    category: str | None
    counterparty: _Party | None
    balance_after: msgspec.Raw
    reverses: UUID | None
    reversed_by: UUID | None
    position: int
    brought_forward: bool = False


class _Party(msgspec.Struct, gc=False):
    name: msgspec.Raw | None
    account: msgspec.Raw | None
    bank: str | None


_encode: Final = msgspec.json.Encoder().encode
_USUAL_DECIMALS: Final = 2
_CENTS: Final = tuple(f".{cents:02d}" for cents in range(100))


def _number(amount_minor: int, decimals: int) -> msgspec.Raw:
    """An amount as JSON has it, exactly what `to_decimal` would give: the way over a decimal costs as much as all the rest."""
    if decimals == _USUAL_DECIMALS and amount_minor >= 0:
        return msgspec.Raw(f"{amount_minor // 100}{_CENTS[amount_minor % 100]}".encode())
    if not decimals:
        return msgspec.Raw(b"%d" % amount_minor)
    whole, part = divmod(abs(amount_minor), 10**decimals)
    return msgspec.Raw(b"%b%d.%0*d" % (b"-" if amount_minor < 0 else b"", whole, decimals, part))


def _hole(field: str, account_id: UUID, sealed: str) -> msgspec.Raw:
    version, text = taken_apart(sealed)
    return msgspec.Raw(f"{HOLE}{field}|{account_id.hex}|{version}{HOLE}{text}{HOLE}".encode())


def told(row: Statement) -> str:
    """The JSON of a row with its holes."""
    currency, account_id = row.currency, row.account_id
    paid, received = row.balance_after_minor, row.to_balance_after_minor
    if paid is None or received is None:
        one = received if paid is None else paid
        assert one is not None, "one side of a transaction is the user's"
        balance = _number(one, row.decimals)
    else:
        assert row.to_account is not None, "a balance of its receiver has a receiver"
        sides = f"{row.to_account.hex} {to_decimal(paid, currency)} {to_decimal(received, currency)}"
        balance = msgspec.Raw(f"{SIDES}{sides}{SIDES}".encode())
    note = None
    if row.note is not None:
        assert row.note_on is not None, "a note was sealed for some account"
        note = _hole("note", row.note_on, row.note)
    shown = _Told(
        str(row.transaction_id),
        str(account_id),
        row.type,
        _number(row.amount_minor, row.decimals),
        row.to_account,
        note,
        row.recorded_at,
        currency,
        row.effective_at,
        row.date_only,
        row.category,
        None if row.counterparty is None else _party(row.counterparty, account_id),
        balance,
        row.reverses,
        row.reversed_by,
        row.position,
    )
    return _encode(shown).decode()


def _party(sealed: Counterparty, account_id: UUID) -> _Party:
    return _Party(
        None if sealed.name is None else _hole("counterparty.name", account_id, sealed.name),
        None if sealed.account is None else _hole("counterparty.account", account_id, sealed.account),
        sealed.bank,
    )


def seen_from(text: bytes, account_id: UUID | None) -> bytes:
    """Rows put together, with the balances of one account: the receiver's where it is that one, otherwise the payer's."""
    if _SIDES not in text:
        return text
    found = text.split(_SIDES)
    receiver = b"" if account_id is None else account_id.hex.encode()
    for index in range(1, len(found), 2):
        of_account, paid, received = found[index].split(b" ")
        found[index] = received if of_account == receiver else paid
    return b"".join(found)


def pieces(text: bytes, opened: Callable[[list[bytes], list[bytes]], list[bytes]]) -> list[bytes]:
    """Rows put together, with all that is sealed filled in: ``opened`` gets all places and texts, and gives their JSON."""
    found = text.split(_HOLE)
    found[2::3] = opened(found[1::3], found[2::3])
    del found[1::3]
    return found
