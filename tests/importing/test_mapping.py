import pytest

from fintwin.ledger.importing.mapping import MappingError, read_mapping
from tests.importing.files import DOCS, SIMPLE

BASE = 'name = "b"\ncurrency = "EUR"\n'
COLUMNS = '[columns]\ndate = "d"\namount = "a"\n'


def test_the_mappings_of_the_documentation_are_mappings() -> None:
    """Every file in docs/mappings can be used as it is."""
    found = sorted((DOCS / "mappings").glob("*.toml"))
    assert found
    for path in found:
        assert read_mapping(path.read_text("utf-8")).name == path.stem


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name = ", "is no TOML"),
        (COLUMNS, "lacks `name`"),
        (BASE, "lacks `columns`"),
        (BASE + '[columns]\namount = "a"\n', "lacks `columns.date`"),
        (BASE + '[columns]\ndate = "d"\n', "either `amount`, or both `credit` and `debit`"),
        (BASE + '[columns]\ndate = "d"\ncredit = "c"\n', "either `amount`, or both"),
        (BASE + COLUMNS + 'debit = "x"\ncredit = "y"\n', "either `amount`, or both"),
        (BASE + COLUMNS + 'colour = "x"\n', "unknown field `colour`"),
        ('name = "My Bank"\ncurrency = "EUR"\n' + COLUMNS, "small letters"),
        ('name = "b"\n' + COLUMNS, "either `currency` or `columns.currency`"),
        ('name = "b"\ncurrency = "EURO"\n' + COLUMNS, "is not a currency"),
        (BASE + 'amount = "unsigned"\n' + COLUMNS, "need `direction`"),
        (BASE + 'opening = "first-row"\n' + COLUMNS, "needs `columns.balance`"),
        (BASE + 'account_name = "{owner}"\n' + COLUMNS, "{account} and nothing else"),
        (BASE + COLUMNS + '[file]\nencoding = "klingon"\n', "no such encoding"),
        (BASE + COLUMNS + '[file]\nencoding = "utf-16"\n', "saved as UTF-8"),
        (BASE + COLUMNS + '[file]\nzone = "Moon/Base"\n', "time zone"),
        (BASE + COLUMNS + '[file]\ndelimiter = "::"\n', "single characters"),
        (BASE + COLUMNS + '[file]\nthousands = "."\n', "must differ"),
        (BASE + COLUMNS + '[direction]\ncolumn = "t"\ntransfer = ["T"]\n', "need `columns.counterparty_account`"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_in_a_sentence(text: str, why: str) -> None:
    """What would fail in the middle of a file is said before the file is opened."""
    with pytest.raises(MappingError) as refusal:
        read_mapping(text)
    assert why in str(refusal.value)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value).strip()


def test_the_simple_mapping_has_the_usual_format() -> None:
    """Commas, a heading, ISO dates and a decimal point need not be said."""
    mapping = read_mapping(SIMPLE)
    assert (mapping.file.delimiter, mapping.file.header, mapping.file.date) == (",", True, "%Y-%m-%d")
    assert not mapping.file.has_time
