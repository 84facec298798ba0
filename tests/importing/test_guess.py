from typing import Any

import msgspec
import pytest

from fintwin.ledger.importing.guess import guess
from fintwin.ledger.importing.mapping import Mapping
from fintwin.ledger.importing.sampling import NoGuessError
from fintwin.ledger.importing.survey import survey_file
from tests.importing.files import read_rows
from tests.twin.berka import FOLDER, needs_berka

# Exports in the manner of banks of different countries; every one has to be read without a word said about it.
GERMAN = """Kontoauszug;;;;
Inhaber: ...;;;;
Buchungstag;Empfänger;Verwendungszweck;Betrag;Saldo
31.01.2024;Vermieter;Miete;-1.150,00;2.349,50
30.01.2024;Arbeitgeber;Gehalt;3.200,00;3.499,50
29.01.2024;Laden;Einkauf;-0,50;299,50
"""
BRITISH = """Date,Description,Paid out,Paid in,Balance
02/01/2024,Rent,750.00,,250.00
15/01/2024,Wages,,"1,200.00","1,450.00"
16/01/2024,Shop,9.99,,"1,440.01"
"""
AMERICAN = """Transaction Date,Description,Category,Type,Amount
01/13/2024,Rent,Home & Garden,Debit,1150.00
01/14/2024,Pay,Income,Credit,3200.00
01/15/2024,Shop,Groceries,Debit,12.34
"""
BARE = "2024-01-02,-5.00,Tea\n2024-01-03,7.00,Refund\n2024-01-03,-1.00,Bun\n"
SWISS = """Datum;Text;Betrag;Währung;Saldo
05.01.2024;A;-1'250.50;CHF;8'749.50
06.01.2024;B;50;CHF;8'799.50
07.01.2024;C;1.25;CHF;8'800.75
"""
TIMED = (
    "id,completed date,description,amount,currency\na1,2024-01-02 10:00:00,x,-5,EUR\na2,2024-01-02 11:30:00,y,6,EUR\n"
)


def guessed(text: str | bytes, currency: str = "EUR") -> tuple[Mapping, list[int], tuple[str, ...]]:
    """The mapping, the amounts that it reads, oldest first, and the doubts."""
    content = text if isinstance(text, bytes) else text.encode()
    found = guess(content, currency)
    good, bad = read_rows(content, found.mapping)
    assert bad == []
    return found.mapping, [row.amount_minor for row in good], found.doubts


@pytest.mark.parametrize(
    ("text", "amounts", "expected"),
    [
        (
            GERMAN,
            [-50, 3200_00, -1150_00],
            {
                "columns.date": "Buchungstag", "columns.amount": "Betrag", "columns.balance": "Saldo",
                "columns.counterparty_name": "Empfänger", "columns.note": "Verwendungszweck", "file.skip_lines": 2,
                "file.order": "newest-first", "file.decimal": ",", "file.thousands": ".", "file.date": "%d.%m.%Y",
                "opening": "first-row",
            },
        ),
        (
            BRITISH,
            [-750_00, 1200_00, -9_99],
            {
                "columns.credit": "Paid in", "columns.debit": "Paid out", "columns.balance": "Balance",
                "columns.note": "Description", "file.date": "%d/%m/%Y", "file.thousands": ",",
            },
        ),
        (
            AMERICAN,
            [-1150_00, 3200_00, -12_34],
            {
                "columns.amount": "Amount", "amount": "unsigned", "direction.column": "Type", "file.date": "%m/%d/%Y",
                "category": {"Category": {"Home & Garden": "home_garden", "Income": "income", "Groceries": "groceries"}},
                "opening": "zero",
            },
        ),
        (BARE, [-5_00, 7_00, -1_00], {"columns.date": 1, "columns.amount": 2, "columns.note": 3, "file.header": False}),
        (SWISS, [-1250_50, 50_00, 1_25], {"columns.currency": "Währung", "file.thousands": "'", "file.delimiter": ";"}),
        (TIMED, [-5_00, 6_00], {"columns.id": "id", "columns.currency": "currency", "file.date": "%Y-%m-%d %H:%M:%S"}),
    ],
    ids=["german", "british", "american", "bare", "swiss", "timed"],
)  # fmt: skip
def test_an_export_is_read_without_a_word_said_about_it(
    text: str, amounts: list[int], expected: dict[str, Any]
) -> None:
    """Columns, order, form of dates and numbers; no row is bad and every amount is right."""
    mapping, found, _ = guessed(text, "CHF" if "CHF" in text else "EUR")
    assert found == amounts
    told = msgspec.to_builtins(mapping)
    for path, value in expected.items():
        where = told
        for name in path.split("."):
            where = where[name]
        assert where == value, path


def test_an_old_code_page_is_read() -> None:
    """Bytes that are no UTF-8 are taken for Western European ones."""
    mapping, _, _ = guessed(GERMAN.encode("cp1252"))
    assert mapping.file.encoding == "cp1252"
    assert mapping.columns.counterparty_name == "Empfänger"


def test_the_order_of_the_rows_tells_day_from_month() -> None:
    """03/01, 04/01, 05/01 could be both; a statement that jumps through the year is the wrong reading."""
    lines = "".join(f"{month:02}/{day:02}/2024,1.00\n" for month, day in [(1, 3), (1, 9), (2, 1), (2, 11), (3, 2)])
    assert guessed("Date,Amount\n" + lines)[0].file.date == "%m/%d/%Y"


def test_what_is_in_doubt_is_said() -> None:
    """A single day that can be read both ways, and amounts that all are positive."""
    _, _, doubts = guessed("Date,Amount\n03/01/2024,5.00\n")
    assert len(doubts) == 2
    assert "Day and month could be the other way round" in doubts[0]
    assert "No amount has a minus" in doubts[1]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "dates"),
        (b"hello", "dates"),
        (b"a,b\nc,d\n", "dates"),
        (b"Date,Amount\n", "no rows"),
        (b"Date,Text\n2024-01-01,x\n", "amount"),
        ("Date,Amount\n2024-01-01,1\n".encode("utf-16"), "UTF-16"),
        (b"\xff\x00\x01" * 50, "UTF-16"),
        (bytes(range(1, 256)) * 8, "dates"),
    ],
)
def test_what_is_no_table_of_transactions_is_refused_in_a_sentence(content: bytes, why: str) -> None:
    """Whatever the bytes are."""
    with pytest.raises(NoGuessError) as refusal:
        guess(content, "EUR")
    assert why in str(refusal.value)


@needs_berka
def test_one_account_of_a_real_bank_is_guessed_right() -> None:
    """The bank's own columns: every balance follows from the rows."""
    lines = (FOLDER / "transactions.csv").read_text("utf-8").splitlines(keepends=True)
    for account in ("576", "1539", "2"):
        text = lines[0] + "".join(line for line in lines[1:] if line.split(";")[1] == account)
        found = guess(text.encode(), "CZK").mapping
        assert (found.columns.amount, found.columns.balance, found.columns.id) == (
            "posted_amount",
            "balance",
            "trans_id",
        )
        survey = survey_file(text.encode(), found)
        assert survey.rows > 10
        assert (survey.bad.count, survey.mismatches.count) == (0, 0)
