"""What the columns of a bank's file mean: a small TOML file, written once for each kind of export.

Nothing is guessed while booking. A mapping names the columns, the format of dates and numbers, which values mean money in,
money out or a transfer, and what becomes the category; what it does not name is not looked at.

>>> mapping = read_mapping('''
... name = "my-bank"
... currency = "EUR"
... [columns]
... date = "Date"
... amount = "Amount"
... ''')
>>> mapping.amount, mapping.file.delimiter
('signed', ',')
>>> read_mapping('name = "my-bank"')
Traceback (most recent call last):
fintwin.ledger.importing.mapping.MappingError: The mapping lacks `columns`.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from fintwin.domain.accounts.events import AccountKind
from fintwin.domain.money import is_currency

Column = str | int
"""A column by its heading, or by its number from 1 where the file has none."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class MappingError(Exception):
    """The mapping cannot be used; one sentence says why."""


class Format(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the file is written."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    skip_lines: int = 0
    order: Literal["oldest-first", "newest-first"] = "oldest-first"
    date: str = "%Y-%m-%d"
    zone: str = "UTC"
    decimal: Literal[".", ","] = "."
    thousands: str = ""
    nothing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Everything that would only fail in the middle of a file fails here."""
        try:
            codecs.lookup(self.encoding)
            ZoneInfo(self.zone)
        except (LookupError, ZoneInfoNotFoundError, ValueError):
            msg = f"no such encoding or time zone: {self.encoding}, {self.zone}"
            raise ValueError(msg) from None
        if codecs.lookup(self.encoding).name.startswith(("utf-16", "utf-32")):
            msg = "files in UTF-16 or UTF-32 have to be saved as UTF-8 first"
            raise ValueError(msg)
        if len(self.delimiter) != 1 or len(self.quote) != 1 or len(self.thousands) > 1:
            msg = "delimiter, quote and thousands are single characters"
            raise ValueError(msg)
        if self.thousands == self.decimal:
            msg = "the decimal sign and the sign between thousands must differ"
            raise ValueError(msg)

    @property
    def has_time(self) -> bool:
        """Whether the dates of the file tell a time of day as well."""
        return any(mark in self.date for mark in ("%H", "%I", "%T", "%X", "%c", "%s"))


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which column holds what. Either ``amount``, or ``credit`` and ``debit``."""

    date: Column
    amount: Column | None = None
    credit: Column | None = None
    debit: Column | None = None
    account: Column | None = None
    currency: Column | None = None
    id: Column | None = None
    balance: Column | None = None
    note: Column | tuple[Column, ...] = ()
    counterparty_name: Column | None = None
    counterparty_account: Column | None = None
    counterparty_bank: Column | None = None

    def __post_init__(self) -> None:
        """One way to tell an amount, not two and not none."""
        if (self.amount is None) == (self.credit is None or self.debit is None):
            msg = "give either `amount`, or both `credit` and `debit`"
            raise ValueError(msg)

    @property
    def notes(self) -> tuple[Column, ...]:
        """The columns of the note, in order."""
        return self.note if isinstance(self.note, tuple) else (self.note,)


class Direction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which values of a column mean what."""

    column: Column
    deposit: tuple[str, ...] = ()
    withdrawal: tuple[str, ...] = ()
    transfer: tuple[str, ...] = ()


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole mapping.

    ``name`` is part of every idempotency key: the same file under another name is another import. ``amount`` says what the
    sign means: ``signed`` (minus is money out), ``inverted`` (minus is money in, as on card statements) or ``unsigned``
    (``direction`` says it). ``opening`` says whether accounts begin at zero or with what the first row's balance implies.
    ``category`` goes from column to value to category; the first column that has a known value decides.
    """

    name: str
    columns: Columns
    currency: str | None = None
    account_kind: AccountKind = "checking"
    account_name: str = "Account {account}"
    opening: Literal["zero", "first-row"] = "zero"
    amount: Literal["signed", "inverted", "unsigned"] = "signed"
    file: Format = Format()
    direction: Direction | None = None
    category: dict[str, dict[str, str]] = {}
    category_otherwise: str | None = None

    def __post_init__(self) -> None:
        """What belongs together is there together."""
        if not _NAME.fullmatch(self.name):
            msg = "`name` is up to 64 small letters, digits, dots, dashes and underscores"
            raise ValueError(msg)
        if self.currency is None and self.columns.currency is None:
            msg = "give either `currency` or `columns.currency`"
            raise ValueError(msg)
        if self.currency is not None and not is_currency(self.currency):
            msg = f"{self.currency!r} is not a currency of ISO 4217"
            raise ValueError(msg)
        if self.amount == "unsigned" and self.direction is None:
            msg = "amounts without a sign need `direction`"
            raise ValueError(msg)
        if self.opening == "first-row" and self.columns.balance is None:
            msg = '`opening = "first-row"` needs `columns.balance`'
            raise ValueError(msg)
        if self.direction is not None and self.direction.transfer and self.columns.counterparty_account is None:
            msg = "transfers need `columns.counterparty_account`"
            raise ValueError(msg)
        try:
            self.account_name.format(account="")
        except (KeyError, IndexError, ValueError):
            msg = "`account_name` may contain {account} and nothing else in braces"
            raise ValueError(msg) from None


_MISSING = re.compile(r"Object missing required field `(\w+)`(?: - at `\$\.?(.*?)`)?")


def read_mapping(text: str) -> Mapping:
    """The mapping in a TOML text. Raises `MappingError`."""
    try:
        return msgspec.convert(tomllib.loads(text), Mapping)
    except tomllib.TOMLDecodeError as error:
        msg = f"The mapping is no TOML: {error}."
        raise MappingError(msg) from None
    except msgspec.ValidationError as error:
        found = _MISSING.match(str(error))
        if found:
            msg = f"The mapping lacks `{'.'.join(part for part in (found[2], found[1]) if part)}`."
        else:
            msg = f"The mapping cannot be used: {error}."
        raise MappingError(msg) from None
