"""A file at first sight: encoding, separator, headings, and which columns hold dates and figures, in what form.

Only the beginning of the file is looked at. `guess` gives the columns their meaning.

    table = table_of(content)
    dates = date_column(table, doubts)
    figures = Figures(table, [0, 2, 3])
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from fintwin.ledger.importing.mapping import Column

SAMPLE_BYTES: Final = 256 * 1024
SAMPLE_ROWS: Final = 400
DATE_FORMS: Final = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%y",
    "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y",
)  # fmt: skip
TIME_FORMS: Final = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M:%S%z", "T%H:%M:%S.%f%z", " %H:%M:%S%z")
HEADINGS: Final[dict[str, str]] = {
    "date": r"date|datum|fecha|booked|buchung|valuta|tag\b|时间|日付",
    "amount": r"amount|betrag|castka|částka|importe|montant|bedrag|kwota|value\b|summe?\b|umsatz",
    "credit": r"credit|paid in|money in|deposit|haben|ingreso|kredit|income\b",
    "debit": r"debit|paid out|money out|withdraw|soll\b|lastschrift|cargo|spent|expense",
    "balance": r"balance|saldo|kontostand|zůstatek|solde|stav",
    "currency": r"currency|währung|waehrung|měna|mena\b|ccy|devise|moneda|valuta",
    "id": r"\bid\b|trans.*id|reference|\bref\b|transaktionsnummer|\bnr\b",
    "note": r"note|description|purpose|verwendung|memo|detail|text|message|popis|poznámka|narrative|concept",
    "counterparty_name": r"payee|counterparty|name|merchant|beneficiary|empfänger|auftraggeber|partner|recipient",
    "counterparty_account": r"iban|counter.*account|gegenkonto|protiúčet|payee account",
    "counterparty_bank": r"\bbic\b|swift|bank code|\bblz\b",
    "category": r"category|kategorie|categoría|catégorie",
    "direction": r"type|direction|dr.?cr|soll.haben|credit.debit|indicator",
}
_FIGURE: Final = re.compile(r"[+\-\u2212]?[0-9][0-9 .,'\u00a0\u202f]*-?")


class NoGuessError(Exception):
    """The file is no table of transactions that can be told from its figures; one sentence says what is missing."""


class Table(NamedTuple):
    """The rows of the sample, all of one width, without the headings."""

    encoding: str
    delimiter: str
    skip_lines: int
    headings: list[str] | None
    rows: list[list[str]]

    def column(self, index: int) -> list[str]:
        """The cells of a column, without outer spaces."""
        return [row[index].strip() for row in self.rows]

    def name(self, index: int) -> Column:
        """By its heading where that is the only one of its name, else by its number."""
        if self.headings is not None and self.headings[index] and self.headings.count(self.headings[index]) == 1:
            return self.headings[index]
        return index + 1

    def headed(self, what: str, among: Sequence[int]) -> list[int]:
        """The columns whose heading speaks of this."""
        if self.headings is None:
            return []
        return [index for index in among if re.search(HEADINGS[what], self.headings[index].casefold())]


def table_of(content: bytes) -> Table:
    """The table at the beginning of a file. Raises `NoGuessError`."""
    encoding = _encoding(content)
    text = content[:SAMPLE_BYTES].decode(encoding, "replace")
    if len(content) > SAMPLE_BYTES:
        text = text.rpartition("\n")[0]
    best: tuple[tuple[int, int], str, list[list[str]]] | None = None
    for delimiter in (";", ",", "\t", "|"):
        try:
            records = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
        except csv.Error:
            continue
        widths = Counter(len(record) for record in records if len(record) > 1)
        if widths:
            width, count = widths.most_common(1)[0]
            if best is None or (count, width) > best[0]:
                best = ((count, width), delimiter, records)
    if best is None:
        raise NoGuessError("No column of the file holds dates in every row.")
    (_, width), delimiter, records = best
    first = _first_row(records, width)
    headings = None
    if first > 0 and len(records[first - 1]) == width:
        headings = [cell.strip() for cell in records[first - 1]]
    rows = [record for record in records[first:] if len(record) == width][:SAMPLE_ROWS]
    lines = sum(1 + sum(cell.count("\n") for cell in record) for record in records[: first - (headings is not None)])
    return Table(encoding, delimiter, lines, headings, rows)


def _first_row(records: Sequence[Sequence[str]], width: int) -> int:
    """Where the transactions begin: two rows with a date in one column (or the last row of all)."""
    usual = [index for index, record in enumerate(records) if len(record) == width]
    dated = {
        index: {column for column, cell in enumerate(records[index]) if _date_forms(cell.strip())}
        for index in usual[:60]
    }
    for index, after in pairwise([*usual, None]):
        if index is not None and dated.get(index) and (after is None or dated[index] & dated.get(after, set())):
            return index
    if len(usual) == 1:
        raise NoGuessError("The file has headings and no rows.")
    raise NoGuessError("No column of the file holds dates in every row.")


def _encoding(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:200]:
        raise NoGuessError("The file is in UTF-16: save it as UTF-8 first.")
    try:
        content.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


class Dates(NamedTuple):
    """The column of dates, their form, and every row's moment."""

    column: int
    form: str
    moments: list[datetime]


def _date_forms(text: str) -> list[str]:
    """All forms that this text can have."""
    if not 6 <= len(text) <= 40 or not any(letter.isdigit() for letter in text):  # noqa: PLR2004 - dates' lengths
        return []
    return [form + more for form in DATE_FORMS for more in TIME_FORMS if _moment(text, form + more) is not None]


def _moment(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=None)  # noqa: DTZ007 - only their order is looked at
    except ValueError:
        return None


def date_column(table: Table, doubts: list[str]) -> Dates:
    """The column and form of the dates; what could be otherwise is added to ``doubts``. Raises `NoGuessError`."""
    found: list[Dates] = []
    for index in range(len(table.rows[0])):
        cells = table.column(index)
        for form in _date_forms(cells[0]):
            moments = [_moment(cell, form) for cell in cells]
            known = [moment for moment in moments if moment is not None]
            if len(known) == len(cells):
                found.append(Dates(index, form, known))
    if not found:
        raise NoGuessError("No column of the file holds dates in every row.")
    named = table.headed("date", [one.column for one in found])
    # Dates of a statement are in order; of forms that fit all the same, the one that keeps the order is the right one.
    best = min(
        found, key=lambda one: (one.column not in named, turns(one.moments), DATE_FORMS.index(one.form[: _day(one)]))
    )
    rivals = [one for one in found if one.column == best.column and one.form != best.form]
    if any(turns(one.moments) == turns(best.moments) for one in rivals):
        doubts.append(f"Day and month could be the other way round: they were read as {best.form}.")
    return best


def _day(one: Dates) -> int:
    """Where the form of the day ends."""
    return min((at for mark in ("T%H", " %H") if (at := one.form.find(mark)) > 0), default=len(one.form))


def turns(moments: Sequence[datetime]) -> int:
    """How many steps go against the way that most go."""
    back = sum(after < before for before, after in pairwise(moments))
    on = sum(after > before for before, after in pairwise(moments))
    return min(back, on)


class Figures:
    """The columns of figures, and how figures are written in this file."""

    def __init__(self, table: Table, among: Sequence[int]) -> None:
        cells = {index: table.column(index) for index in among}
        self.indexes = [index for index in among if _is_figures(cells[index])]
        text = [cell for index in self.indexes for cell in cells[index]]
        commas, points = (sum(1 for cell in text if re.search(sign + r"\d{1,2}\D*$", cell)) for sign in (",", r"\."))
        self.decimal: Literal[".", ","] = "," if commas > points else "."
        other = "." if self.decimal == "," else ","
        self.thousands = (
            other if any(other in cell for cell in text) else "'" if any("'" in cell for cell in text) else ""
        )
        self.values = {index: [self._value(cell) for cell in cells[index]] for index in self.indexes}

    def _value(self, cell: str) -> int | None:
        """In ten-thousandths, to compare; None where the cell is empty."""
        plain = re.sub(r"[ \u00a0\u202f]", "", cell.replace("\u2212", "-"))
        if self.thousands:
            plain = plain.replace(self.thousands, "")
        whole, _, part = plain.strip("+-").partition(self.decimal)
        if not (whole + part).isdigit():
            return None
        value = int(whole or "0") * 10_000 + int((part + "0000")[:4])
        return -value if "-" in plain else value


def _is_figures(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(_FIGURE.fullmatch(cell) for cell in filled)
