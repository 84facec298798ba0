import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fintwin.ledger.importing.keys import RowKeys
from fintwin.ledger.importing.mapping import Mapping, read_mapping
from fintwin.ledger.importing.parsing import BadRow, Row
from fintwin.ledger.importing.reading import HeaderError
from fintwin.ledger.importing.survey import survey_file
from tests.importing.files import HEADING, mapping_of, read_rows, write


def number_mapping(**layout: str) -> Mapping:
    """Date and amount in two columns without headings."""
    lines = "".join(f"{name} = '{value}'\n" for name, value in layout.items())
    text = f'name = "n"\ncurrency = "EUR"\n[columns]\ndate = 1\namount = 2\n[file]\nheader = false\ndelimiter = ";"\n{lines}'
    return read_mapping(text)


@pytest.mark.parametrize(
    ("text", "layout", "minor"),
    [
        ("12.50", {}, 1250),
        ("-12.5", {}, -1250),
        ("+12", {}, 1200),
        ("12.50-", {}, -1250),
        (".5", {}, 50),
        ("\u221212.50", {}, -1250),
        ("1 234.50", {}, 123450),
        ("1\u00a0234.50", {}, 123450),
        ("1,234.50", {"thousands": ","}, 123450),
        ("1.234,50", {"thousands": ".", "decimal": ","}, 123450),
        ("1'234.50", {"thousands": "\u2019", "decimal": "."}, None),
        ("12,50", {"decimal": ","}, 1250),
        ("12,50", {}, None),
        ("1.234,50", {"decimal": ","}, None),
        ("12.505", {}, None),
        ("12.500", {}, 1250),
        ("1e3", {}, None),
        ("NaN", {}, None),
        ("-12.50-", {}, None),
        ("\u0661\u0662", {}, None),
        ("9999999999999.99", {}, 999_999_999_999_999),
        ("10000000000000.00", {}, None),
        ("", {}, None),
        ("12.50 EUR", {}, None),
    ],
)
def test_an_amount_is_read_exactly_or_not_at_all(
    tmp_path: Path, text: str, layout: dict[str, str], minor: int | None
) -> None:
    """A number of another form than the mapping's makes a bad row, never another amount."""
    good, bad = read_rows(write(tmp_path, f'2024-01-05;"{text}"\n', ""), number_mapping(**layout))
    assert [row.amount_minor for row in good] == ([] if minor is None else [minor])
    assert len(bad) == (minor is None)


@pytest.mark.parametrize(
    ("form", "zone", "text", "moment", "date_only"),
    [
        ("%Y-%m-%d", "UTC", "2024-02-29", datetime(2024, 2, 29, tzinfo=UTC), True),
        ("%d.%m.%Y", "Europe/Prague", "29.02.2024", datetime(2024, 2, 29, tzinfo=UTC), True),
        ("%d.%m.%Y %H:%M", "Europe/Prague", "29.02.2024 00:30", datetime(2024, 2, 28, 23, 30, tzinfo=UTC), False),
        ("%Y-%m-%dT%H:%M:%S%z", "UTC", "2024-02-29T10:00:00+02:00", datetime(2024, 2, 29, 8, tzinfo=UTC), False),
    ],
)
def test_a_date_keeps_its_day_and_a_time_its_moment(
    tmp_path: Path, form: str, zone: str, text: str, moment: datetime, date_only: bool
) -> None:
    """A date without a time is midnight UTC of that day and marked; a time is of the mapping's zone."""
    good, _ = read_rows(write(tmp_path, f"{text};1\n", ""), number_mapping(date=form, zone=zone))
    assert (good[0].effective_at, good[0].date_only) == (moment, date_only)


def test_bad_rows_have_the_line_they_begin_on_and_the_others_are_read(tmp_path: Path) -> None:
    """A cell over two lines, an empty line, too few cells, a wrong date: each is told with its own line."""
    text = 'A,2024-01-01,1,1,"two\nlines"\n\nA,2024-01-02\nA,2024-13-01,1,,\nA,2024-01-03,2,3,ok\n,2024-01-04,2,5,\n'
    good, bad = read_rows(write(tmp_path, text), mapping_of())
    assert [(row.line, row.note) for row in good] == [(2, "two\nlines"), (7, "ok")]
    assert [row.line for row in bad] == [5, 6, 8]
    assert "at least 5 are needed" in bad[0].reason


def test_bytes_that_are_no_text_make_a_bad_row(tmp_path: Path) -> None:
    """A Latin-1 letter in a UTF-8 file and a zero byte are told, and the lines around them are read."""
    text = HEADING.encode() + b"A,2024-01-01,1,1,caf\xe9\nA,2024-01-02,1,2,x\0y\nA,2024-01-03,1,3,caf\xc3\xa9\n"
    good, bad = read_rows(write(tmp_path, text), mapping_of())
    assert [row.note for row in good] == ["café"]
    assert [row.line for row in bad] == [2, 3]


@pytest.mark.parametrize(
    ("encoding", "declared"), [("utf-8-sig", "utf-8-sig"), ("utf-8", "utf-8-sig"), ("cp1250", "cp1250")]
)
def test_a_file_is_read_in_its_encoding(tmp_path: Path, encoding: str, declared: str) -> None:
    """With and without a byte order mark, and in an old code page."""
    path = write(tmp_path, (HEADING + "A,2024-01-01,1,1,Žižkov\n").encode(encoding))
    good, _ = read_rows(path, mapping_of(file=f'{{encoding = "{declared}"}}'))
    assert good[0].note == "Žižkov"


def test_a_heading_that_is_missing_is_named_with_those_there_are(tmp_path: Path) -> None:
    """The sentence is enough to mend the mapping."""
    with pytest.raises(HeaderError, match=r"no column 'account'; it has 'konto', 'date', 'amount', 'balance', 'note'"):
        read_rows(write(tmp_path, "", "konto,date,amount,balance,note\n"), mapping_of())


def test_a_file_from_newest_to_oldest_is_read_backwards(tmp_path: Path) -> None:
    """Rows come out oldest first, with their own lines, cells over two lines whole."""
    text = 'A,2024-01-03,3,6,c\nA,2024-01-02,2,3,"b\nb"\nA,2024-01-01,1,1,a\n'
    path = write(tmp_path, text)
    good, bad = read_rows(path, mapping_of(file='{order = "newest-first"}'))
    assert not bad
    assert [(row.line, row.amount_minor, row.note) for row in good] == [
        (5, 100, "a"),
        (3, 200, "b\nb"),
        (2, 300, "c"),
    ]
    assert survey_file(path, mapping_of()).runs_backwards
    assert not survey_file(path, mapping_of(file='{order = "newest-first"}')).runs_backwards


def test_lines_before_the_heading_are_skipped(tmp_path: Path) -> None:
    """Many exports begin with an address."""
    path = write(tmp_path, "A,2024-01-01,1,1,a\n", "Statement of Account\n\n" + HEADING)
    good, _ = read_rows(path, mapping_of(file="{skip_lines = 2}"))
    assert [row.line for row in good] == [4]


DIRECTIONS = """
name = "d"
currency = "EUR"
amount = "unsigned"
columns = {date = 1, amount = 2, counterparty_account = 4}
file = {header = false}
direction = {column = 3, deposit = ["IN"], withdrawal = ["OUT", "CARD"], transfer = ["MOVE"]}
"""


@pytest.mark.parametrize(
    ("amount", "value", "minor", "transfer"),
    [
        ("5", "IN", 500, False),
        ("5", "CARD", -500, False),
        ("5", "MOVE", -500, True),
        ("-5", "OUT", None, False),
        ("5", "?", None, False),
    ],
)
def test_the_direction_of_an_amount_without_a_sign(
    tmp_path: Path, amount: str, value: str, minor: int | None, transfer: bool
) -> None:
    """A column says it; a value that the mapping does not know makes a bad row."""
    good, bad = read_rows(write(tmp_path, f"2024-01-01,{amount},{value},B\n", ""), read_mapping(DIRECTIONS))
    assert [(row.amount_minor, row.transfer) for row in good] == ([] if minor is None else [(minor, transfer)])
    assert len(bad) == (minor is None)


def test_a_sign_that_contradicts_the_kind_makes_a_bad_row(tmp_path: Path) -> None:
    """A deposit of minus five is neither."""
    signed = read_mapping(DIRECTIONS.replace('amount = "unsigned"', ""))
    good, bad = read_rows(write(tmp_path, "2024-01-01,-5,IN,\n2024-01-01,-5,OUT,\n", ""), signed)
    assert [row.amount_minor for row in good] == [-500]
    assert "contradicts 'IN'" in bad[0].reason


def test_card_statements_have_it_the_other_way_round(tmp_path: Path) -> None:
    """`inverted`: what was spent has no minus."""
    good, _ = read_rows(write(tmp_path, "A,2024-01-01,5,,\n"), mapping_of(amount='"inverted"'))
    assert good[0].amount_minor == -500


def test_credit_and_debit_in_two_columns(tmp_path: Path) -> None:
    """Exactly one of them is filled in."""
    mapping = read_mapping(
        'name = "c"\ncurrency = "EUR"\ncolumns = {date = 1, credit = 2, debit = 3}\nfile = {header = false}'
    )
    good, bad = read_rows(write(tmp_path, "2024-01-01,5,\n2024-01-01,,5\n2024-01-01,,-5\n2024-01-01,,\n", ""), mapping)
    assert [row.amount_minor for row in good] == [500, -500, -500]
    assert [row.line for row in bad] == [4]


def test_the_first_column_with_a_known_value_is_the_category(tmp_path: Path) -> None:
    """In the order of the mapping; else the one for all others."""
    mapping = mapping_of(category_otherwise='"other"', category='{note = {RENT = "rent"}, account = {A = "household"}}')
    good, _ = read_rows(write(tmp_path, "A,2024-01-01,1,,RENT\nA,2024-01-01,1,,x\nB,2024-01-01,1,,x\n"), mapping)
    assert [row.category for row in good] == ["rent", "household", "other"]


def test_equal_rows_have_keys_of_their_own_and_the_same_ones_again(tmp_path: Path) -> None:
    """Two equal coffees are two; the file read again is the same two; another category changes nothing."""
    path = write(tmp_path, "A,2024-01-01,-3,97,coffee\nA,2024-01-01,-3,94,coffee\nA,2024-01-02,-3,91,coffee\n")
    plain, other = mapping_of(), mapping_of(category_otherwise='"food"')
    first, again = RowKeys("my-bank"), RowKeys("my-bank")
    found = [first.of(row) for row in read_rows(path, plain)[0]]
    assert len({key.key for key in found}) == 3
    assert found == [again.of(row) for row in read_rows(path, other)[0]]
    assert found[0].key != RowKeys("other-bank").of(read_rows(path, plain)[0][0]).key


def test_a_named_transaction_keeps_its_key_when_its_text_changes() -> None:
    """The file's own name is the key; that the content differs shows in the body."""
    row = Row(
        line=1, account="A", effective_at=datetime(2024, 1, 1, tzinfo=UTC), date_only=True, amount_minor=1,
        currency="EUR", id="77", note="a",
    )  # fmt: skip
    changed = Row(
        line=1, account="A", effective_at=datetime(2024, 1, 1, tzinfo=UTC), date_only=True, amount_minor=1,
        currency="EUR", id="77", note="b",
    )  # fmt: skip
    keys = RowKeys("m")
    assert keys.of(row).key == keys.of(changed).key
    assert keys.of(row).body != keys.of(changed).body


def test_the_survey_follows_each_balance(tmp_path: Path) -> None:
    """Deepest point, what the file begins with, and the lines where its figures do not add up."""
    text = "A,2024-01-01,-5,95,\nB,2024-01-01,1,1,\nA,2024-01-02,-120,-25,\nA,2024-01-03,1,0,\nA,2024-01-02,1,1,\n"
    survey = survey_file(write(tmp_path, text), mapping_of())
    account = survey.accounts["A"]
    assert account.opening_told_minor == 100_00
    assert account.overdraft_minor(100_00) == 25_00
    assert account.overdraft_minor(0) == 125_00
    assert survey.accounts["B"].overdraft_minor(0) == 0
    assert [(one.line, one.told_minor, one.expected_minor) for one in survey.mismatches] == [(5, 0, -24_00)]
    assert list(survey.bad) == [BadRow(6, "the date lies before that of the account's row before it")]


@pytest.mark.parametrize("order", ["oldest-first", "newest-first"])
def test_a_longer_file_takes_no_more_memory(tmp_path: Path, order: str) -> None:
    """Four times the rows: forwards the same, backwards 16 bytes a row more."""
    peaks = []
    for rows in (4_000, 16_000):
        numbers = range(rows) if order == "oldest-first" else reversed(range(rows))
        text = "".join(
            f"A,{1900 + day // 336}-{day // 28 % 12 + 1:02}-{day % 28 + 1:02},1,,row {number}\n"
            for number in numbers
            for day in (number // 8,)
        )
        path = write(tmp_path, text)
        mapping = mapping_of(file=f'{{order = "{order}"}}')
        tracemalloc.start()
        survey = survey_file(path, mapping)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (survey.rows, survey.bad.count) == (rows, 0)
    # Holding the 12,000 rows more would take over a megabyte.
    assert peaks[1] < peaks[0] + (100_000 if order == "oldest-first" else 100_000 + 16 * 12_000)
