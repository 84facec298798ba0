"""A mapping for a file that nobody has described: what its columns most likely are.

The strongest sign is arithmetic: where one column's steps are the other column's figures, these are balance and amount, and the
direction in which that holds is the order of the file. Dates take the form that fits every row; headings decide what figures
leave open. A guess is shown to a person before anything is booked, together with what was in doubt.

>>> file = b'''Date;Amount;Balance;Text
... 05.01.2024;-12,50;87,50;Books
... 06.01.2024;100;187,50;Pay
... 07.01.2024;-5;182,50;Pie
... '''
>>> guessed = guess(file, "EUR")
>>> guessed.mapping.columns.amount, guessed.mapping.columns.balance, guessed.mapping.file.decimal
('Amount', 'Balance', ',')
>>> guess(b"nothing to see here", "EUR")
Traceback (most recent call last):
fintwin.ledger.importing.guess.NoGuessError: No column of the file holds dates in every row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

import msgspec

from fintwin.domain.money import is_currency
from fintwin.ledger.importing.mapping import Columns, Direction, Format, Mapping
from fintwin.ledger.importing.sampling import Figures, NoGuessError, Table, date_column, table_of

CATEGORIES_MAX: Final = 60
DEPOSIT_WORDS: Final = frozenset({"credit", "cr", "c", "in", "+", "deposit", "income", "haben", "h", "kredit", "crdt"})
WITHDRAWAL_WORDS: Final = frozenset(
    {"debit", "dr", "d", "out", "-", "withdrawal", "expense", "soll", "s", "debet", "dbit"}
)


class Guess(msgspec.Struct, frozen=True):
    """A mapping and, in plain sentences, what was in doubt."""

    mapping: Mapping
    doubts: tuple[str, ...]


def guess(content: bytes, currency: str, name: str = "guessed") -> Guess:
    """The likeliest mapping of a file for an account in a currency. Raises `NoGuessError`."""
    table = table_of(content)
    doubts: list[str] = []
    width = len(table.rows[0])
    dates = date_column(table, doubts)
    figures = Figures(table, [index for index in range(width) if index != dates.column])
    money = _money(table, figures, dates.moments, doubts)
    left = [index for index in range(width) if index not in {dates.column, *money.columns.values()}]
    texts = _texts(table, left, currency)
    chosen = {what: table.name(index) for what, index in {**money.columns, **texts}.items() if what != "category"}
    layout = Format(
        encoding=table.encoding,
        delimiter=table.delimiter,
        header=table.headings is not None,
        skip_lines=table.skip_lines,
        order=money.order,
        date=dates.form,
        decimal=figures.decimal,
        thousands=figures.thousands,
    )
    try:
        mapping = Mapping(
            name=name,
            currency=currency,
            columns=Columns(date=table.name(dates.column), **chosen),
            opening="first-row" if "balance" in money.columns else "zero",
            amount=money.sign,
            direction=money.direction,
            category=_categories(table, texts.get("category")),
            file=layout,
        )
    except ValueError as error:
        raise NoGuessError(f"The file cannot be read as transactions: {error}.") from None
    return Guess(mapping, tuple(doubts))


class _Money(NamedTuple):
    columns: dict[str, int]
    order: Literal["oldest-first", "newest-first"]
    sign: Literal["signed", "unsigned"]
    direction: Direction | None


def _money(table: Table, figures: Figures, moments: Sequence[datetime], doubts: list[str]) -> _Money:
    back = sum(after < before for before, after in pairwise(moments))
    on = sum(after > before for before, after in pairwise(moments))
    order: Literal["oldest-first", "newest-first"] = "newest-first" if back > on else "oldest-first"
    full = [index for index in figures.indexes if None not in figures.values[index]]
    for amount in full:
        for balance in full:
            way = _adds_up(figures.values[amount], figures.values[balance], abs)
            if balance != amount and way is not None:
                signed = _adds_up(figures.values[amount], figures.values[balance], int) is not None
                found = _Money({"amount": amount, "balance": balance}, way, "signed", None)
                return found if signed else _directed(table, figures, found, doubts)
    columns: dict[str, int] = {}
    credit, debit = table.headed("credit", figures.indexes), table.headed("debit", figures.indexes)
    halves = [(c, d) for c in credit for d in debit if c != d and _complete(figures.values[c], figures.values[d])]
    if halves:
        columns["credit"], columns["debit"] = halves[0]
    named = table.headed("balance", [index for index in full if index not in columns.values()])
    if named:
        columns["balance"] = named[0]
    if "credit" not in columns:
        rest = [index for index in full if index not in columns.values()]
        amounts = table.headed("amount", rest) or [index for index in rest if _has_signs(figures.values[index])] or rest
        if not amounts:
            raise NoGuessError("No column of the file holds an amount in every row.")
        columns["amount"] = amounts[0]
        if len(amounts) > 1:
            doubts.append(f"Several columns could be the amount: {table.name(amounts[0])!r} was taken.")
        if not _has_signs(figures.values[amounts[0]]):
            return _directed(table, figures, _Money(columns, order, "signed", None), doubts)
    return _Money(columns, order, "signed", None)


def _adds_up(
    amounts: Sequence[Any], balances: Sequence[Any], size: Callable[[int], int]
) -> Literal["oldest-first", "newest-first"] | None:
    """In which order every balance is the one before it and the amount; ``size`` says whether signs count."""
    if len(amounts) < 3 or not any(amounts):  # noqa: PLR2004 - two steps at least
        return None
    steps = range(1, len(amounts))
    if all(size(balances[i] - balances[i - 1]) == size(amounts[i]) for i in steps):
        return "oldest-first"
    if all(size(balances[i - 1] - balances[i]) == size(amounts[i - 1]) for i in steps):
        return "newest-first"
    return None


def _complete(first: Sequence[int | None], second: Sequence[int | None]) -> bool:
    return all((not one) != (not other) for one, other in zip(first, second, strict=True))


def _has_signs(values: Sequence[int | None]) -> bool:
    return any(value is not None and value < 0 for value in values)


def _directed(table: Table, figures: Figures, money: _Money, doubts: list[str]) -> _Money:
    """Amounts without a sign: a column of words for in and out says it."""
    for index in range(len(table.rows[0])):
        if index in figures.indexes:
            continue
        words = {cell for cell in table.column(index) if cell}
        inward = tuple(sorted(word for word in words if word.casefold() in DEPOSIT_WORDS))
        outward = tuple(sorted(word for word in words if word.casefold() in WITHDRAWAL_WORDS))
        if words and len(inward) + len(outward) == len(words):
            direction = Direction(column=table.name(index), deposit=inward, withdrawal=outward)
            return money._replace(sign="unsigned", direction=direction)
    doubts.append("No amount has a minus: all of them were taken for money that came in.")
    return money


def _texts(table: Table, left: Sequence[int], currency: str) -> dict[str, int]:
    """The columns of words, by their headings; the longest texts are the note where nothing says so."""
    found: dict[str, int] = {}
    cells = {index: table.column(index) for index in left}
    wordy = [index for index in left if any(any(letter.isalpha() for letter in cell) for cell in cells[index])]
    for what in (
        "currency",
        "id",
        "category",
        "counterparty_account",
        "counterparty_bank",
        "counterparty_name",
        "note",
    ):
        for index in table.headed(what, [index for index in left if index not in found.values()]):
            if _fits(what, cells[index], currency):
                found[what] = index
                break
    rest = [index for index in wordy if index not in found.values()]
    if "note" not in found and rest:
        longest = max(rest, key=lambda index: len(set(cells[index])) * sum(map(len, cells[index])))
        found["note"] = longest
    return found


def _fits(what: str, cells: Sequence[str], currency: str) -> bool:
    filled = [cell for cell in cells if cell]
    if what == "currency":
        return len(filled) == len(cells) and all(
            cell.upper() == currency or is_currency(cell.upper()) for cell in filled
        )
    if what == "id":
        return len(filled) == len(cells) == len(set(cells))
    return bool(filled)


def _categories(table: Table, index: int | None) -> dict[str, dict[str, str]]:
    """The file's own categories, as they are."""
    if index is None or not isinstance(name := table.name(index), str):
        return {}
    values = sorted({cell for cell in table.column(index) if cell})
    if len(values) > CATEGORIES_MAX:
        return {}
    return {name: {value: re.sub(r"\W+", "_", value.casefold()).strip("_")[:100] or "other" for value in values}}
