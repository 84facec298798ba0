"""One record of a file, by the mapping, as a row: what moved, when, on which account, and what the file says of it.

>>> from fintwin.ledger.importing.mapping import read_mapping
>>> mapping = read_mapping('''
... name = "my-bank"
... currency = "EUR"
... file = {header = false, decimal = ","}
... columns = {date = 1, amount = 2}
... ''')
>>> parser = RowParser(mapping, {1: 0, 2: 1})
>>> parser.parse(7, ["2024-02-29", "-12,50"]).amount_minor
-1250
>>> parser.parse(8, ["2024-02-30", "1"])
BadRow(line=8, reason="the date '2024-02-30' is not of the form %Y-%m-%d")
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from fintwin.domain.money import is_currency, parse_minor
from fintwin.domain.refusals import Refusal
from fintwin.ledger.importing.mapping import Column, Mapping
from fintwin.ledger.movements import Party

ONLY_ACCOUNT: Final = "main"
"""What the account is called where the file has no column for it."""
NAME_MAX: Final = 100
NOTE_MAX: Final = 500

_NUMBER: Final = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(-?)")
_SPACES: Final = str.maketrans("", "", " \u00a0\u202f\u2009")
_MINUS: Final = str.maketrans("\u2212\u2013", "--")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of the file. ``amount_minor`` is signed: minus is money out. ``line`` is where it begins, from 1.

    ``id`` is the file's own name for the transaction, ``balance_minor`` the balance that the file tells after it,
    ``transfer`` whether the mapping calls it one.
    """

    line: int
    account: str
    effective_at: datetime
    date_only: bool
    amount_minor: int
    currency: str
    id: str | None = None
    note: str | None = None
    category: str | None = None
    party: Party | None = None
    balance_minor: int | None = None
    transfer: bool = False


class BadRow(msgspec.Struct, frozen=True):
    """A line that is no movement: it cannot be read, or the ledger refused it."""

    line: int
    reason: str


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    """Ends the parsing of one record; the text says why."""


class RowParser:
    """Turns records into rows by one mapping; ``places`` says in which cell each of its columns is."""

    def __init__(self, mapping: Mapping, places: dict[Column, int]) -> None:
        """Everything that is the same for every row is worked out here."""
        self._mapping = mapping
        self._cells_min = max(places.values()) + 1
        self._places = places
        self._nothing = {"", *mapping.file.nothing}
        self._zone = ZoneInfo(mapping.file.zone)
        self._date = lru_cache(512)(self._read_date)
        self._signs: dict[str, int] = {}
        self._transfers: frozenset[str] = frozenset()
        if mapping.direction is not None:
            self._signs = dict.fromkeys(mapping.direction.deposit, 1) | dict.fromkeys(mapping.direction.withdrawal, -1)
            self._transfers = frozenset(mapping.direction.transfer)

    def parse(self, line: int, cells: Sequence[str]) -> Row | BadRow:
        """The row of a record."""
        try:
            return self._row(line, cells)
        except _Unreadable as error:
            return BadRow(line, str(error))

    def _row(self, line: int, cells: Sequence[str]) -> Row:
        if len(cells) < self._cells_min:
            msg = f"the line has {len(cells)} cells where at least {self._cells_min} are needed"
            raise _Unreadable(msg)
        mapping, columns = self._mapping, self._mapping.columns
        currency = mapping.currency or ""
        if columns.currency is not None:
            currency = self._cell(cells, columns.currency).upper() or currency
            if not is_currency(currency):
                msg = f"{currency!r} is not a currency"
                raise _Unreadable(msg)
        account = ONLY_ACCOUNT if columns.account is None else self._cell(cells, columns.account)
        if not account:
            msg = "the row names no account"
            raise _Unreadable(msg)
        effective_at = self._date(self._cell(cells, columns.date))
        amount_minor, transfer = self._amount(cells, currency)
        balance_minor = None
        if columns.balance is not None and (told := self._cell(cells, columns.balance)):
            balance_minor = self._number(told, currency, "balance")
        return Row(
            line=line,
            account=self._text(account),
            effective_at=effective_at,
            date_only=not mapping.file.has_time,
            amount_minor=amount_minor,
            currency=currency,
            id=None if columns.id is None else self._cell(cells, columns.id) or None,
            note=self._note(cells),
            category=self._category(cells),
            party=self._party(cells),
            balance_minor=balance_minor,
            transfer=transfer,
        )

    def _cell(self, cells: Sequence[str], column: Column) -> str:
        return cells[self._places[column]].strip()

    def _read_date(self, text: str) -> datetime:
        layout = self._mapping.file
        try:
            found = datetime.strptime(text, layout.date)  # noqa: DTZ007 - the zone is put in below
            if found.tzinfo is None:
                found = found.replace(tzinfo=self._zone if layout.has_time else UTC)
            return found.astimezone(UTC)
        except (ValueError, OverflowError):
            msg = f"the date {text!r} is not of the form {layout.date}"
            raise _Unreadable(msg) from None

    def _amount(self, cells: Sequence[str], currency: str) -> tuple[int, bool]:
        mapping, columns = self._mapping, self._mapping.columns
        if columns.amount is not None:
            amount = self._number(self._cell(cells, columns.amount), currency, "amount")
        else:
            assert columns.credit is not None, "a mapping has `amount` or `credit`"
            assert columns.debit is not None, "a mapping has `amount` or `debit`"
            credit, debit = self._cell(cells, columns.credit), self._cell(cells, columns.debit)
            if bool(credit) == bool(debit):
                msg = "the row has to have either money in or money out"
                raise _Unreadable(msg)
            amount = abs(self._number(credit or debit, currency, "amount")) * (1 if credit else -1)
        if mapping.amount == "inverted":
            amount = -amount
        if mapping.direction is None:
            return amount, False
        value = self._cell(cells, mapping.direction.column)
        transfer = value in self._transfers
        sign = self._signs.get(value, 0)
        if not transfer and sign == 0:
            msg = f"the mapping does not say what {value!r} in {mapping.direction.column!r} means"
            raise _Unreadable(msg)
        if mapping.amount == "unsigned":
            if amount < 0:
                msg = "the amount has a sign where the mapping says that it has none"
                raise _Unreadable(msg)
            return (-amount if transfer or sign < 0 else amount), transfer
        if sign * amount < 0:
            msg = f"the sign of the amount contradicts {value!r}"
            raise _Unreadable(msg)
        return amount, transfer

    def _number(self, text: str, currency: str, what: str) -> int:
        layout = self._mapping.file
        plain = text.translate(_SPACES).translate(_MINUS)
        if layout.thousands:
            plain = plain.replace(layout.thousands, "")
        if layout.decimal == ",":
            # A point that is no sign between thousands must not slip through as a decimal point.
            plain = plain.replace(".", "?").replace(",", ".")
        found = _NUMBER.fullmatch(plain)
        if found is None or (found[1] and found[3]):
            msg = f"the {what} {text!r} is no number of this file's form"
            raise _Unreadable(msg)
        minor = parse_minor(Decimal(found[2]), currency)
        if isinstance(minor, Refusal):
            msg = f"the {what} {text!r}: {minor.detail}"
            raise _Unreadable(msg)
        return -minor if "-" in (found[1], found[3]) else minor

    def _note(self, cells: Sequence[str]) -> str | None:
        parts = [self._cell(cells, column) for column in self._mapping.columns.notes]
        return self._text(" ".join(part for part in parts if part not in self._nothing), NOTE_MAX) or None

    def _party(self, cells: Sequence[str]) -> Party | None:
        columns = self._mapping.columns
        found: list[str | None] = []
        for column in (columns.counterparty_name, columns.counterparty_account, columns.counterparty_bank):
            text = "" if column is None else self._cell(cells, column)
            found.append(None if text in self._nothing else self._text(text, NAME_MAX))
        return Party(*found) if any(found) else None

    def _category(self, cells: Sequence[str]) -> str | None:
        for column, values in self._mapping.category.items():
            known = values.get(self._cell(cells, column))
            if known is not None:
                return known
        return self._mapping.category_otherwise

    def _text(self, text: str, longest: int = NAME_MAX) -> str:
        if "\0" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
            msg = f"the row holds bytes that are no text in {self._mapping.file.encoding}"
            raise _Unreadable(msg)
        return text if len(text) <= longest else text[: longest - 1] + "\u2026"
