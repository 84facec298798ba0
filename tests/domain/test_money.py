import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintwin.domain.money import MINOR_MAX, exponent, in_words, is_currency, parse_minor, to_decimal
from fintwin.domain.refusals import Code, Refusal

EXACT = [
    ("1250.50", "EUR", 125050),
    ("1250.5", "EUR", 125050),
    ("1.2505E+3", "EUR", 125050),
    ("1250.500000", "EUR", 125050),
    ("0.01", "USD", 1),
    ("0.001", "BHD", 1),
    ("0.0001", "CLF", 1),
    ("500", "JPY", 500),
    ("500.000", "JPY", 500),
    ("9999999999999.99", "EUR", MINOR_MAX),
    ("999999999999999", "JPY", MINOR_MAX),
    ("-0.05", "EUR", -5),
    ("0", "EUR", 0),
    ("-0", "EUR", 0),
    ("0E+999999999", "EUR", 0),
    ("0E-999999999", "EUR", 0),
    ("1." + "0" * 6000, "EUR", 100),
]
REFUSED = [
    ("NaN", "EUR", Code.AMOUNT_NOT_FINITE),
    ("sNaN", "EUR", Code.AMOUNT_NOT_FINITE),
    ("Infinity", "EUR", Code.AMOUNT_NOT_FINITE),
    ("-Infinity", "EUR", Code.AMOUNT_NOT_FINITE),
    ("1e400", "EUR", Code.AMOUNT_TOO_LARGE),
    ("1e999999999", "JPY", Code.AMOUNT_TOO_LARGE),
    ("10000000000000.00", "EUR", Code.AMOUNT_TOO_LARGE),
    ("1000000000000000", "JPY", Code.AMOUNT_TOO_LARGE),
    ("1234567890123456", "EUR", Code.AMOUNT_TOO_LARGE),
    ("9" * 6000, "EUR", Code.AMOUNT_TOO_LARGE),
    ("0.001", "USD", Code.AMOUNT_PRECISION),
    ("12.345", "USD", Code.AMOUNT_PRECISION),
    ("0.5", "JPY", Code.AMOUNT_PRECISION),
    ("0.0001", "BHD", Code.AMOUNT_PRECISION),
    ("1e-999999999", "EUR", Code.AMOUNT_PRECISION),
    ("1." + "0" * 6000 + "1", "EUR", Code.AMOUNT_PRECISION),
    ("1", "eur", Code.UNKNOWN_CURRENCY),
    ("1", "XXX", Code.UNKNOWN_CURRENCY),
    ("1", "XAU", Code.UNKNOWN_CURRENCY),
    ("1", "", Code.UNKNOWN_CURRENCY),
    ("1", "EUR ", Code.UNKNOWN_CURRENCY),
    ("1", "BTC", Code.UNKNOWN_CURRENCY),
]


@pytest.mark.parametrize(("amount", "currency", "minor"), EXACT, ids=lambda value: str(value)[:24])
def test_exact_amounts(amount: str, currency: str, minor: int) -> None:
    """An amount that fits the currency becomes exactly its minor units, however it is written."""
    assert parse_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(("amount", "currency", "code"), REFUSED, ids=lambda value: str(value)[:24])
def test_refused_amounts(amount: str, currency: str, code: Code) -> None:
    """What is no finite amount of this currency within 15 digits is refused with the reason, and in an instant."""
    begun = time.thread_time()
    answer = parse_minor(Decimal(amount), currency)
    assert isinstance(answer, Refusal)
    assert answer.code is code
    assert answer.detail
    assert time.thread_time() - begun < 0.1


@given(st.integers(-MINOR_MAX, MINOR_MAX), st.sampled_from(["EUR", "JPY", "BHD", "CLF"]))
def test_there_and_back(minor: int, currency: str) -> None:
    """Minor units written as a decimal and read again are the same minor units."""
    written = to_decimal(minor, currency)
    assert parse_minor(written, currency) == minor
    assert parse_minor(Decimal(str(written)), currency) == minor
    assert -int(written.as_tuple().exponent) == exponent(currency)


@given(st.decimals(allow_nan=True, allow_infinity=True), st.sampled_from(["EUR", "JPY", "BHD", "XXX", "?"]))
def test_never_rounded_never_raised(amount: Decimal, currency: str) -> None:
    """Any decimal is either kept exactly or refused."""
    answer = parse_minor(amount, currency)
    if isinstance(answer, int):
        assert to_decimal(answer, currency) == amount
        assert abs(answer) <= MINOR_MAX


def test_only_currencies_with_minor_units() -> None:
    """Money is kept in currencies that ISO 4217 gives a number of decimals; metals and test codes have none."""
    assert [code for code in ("EUR", "JPY", "BHD", "XAU", "XTS", "EURO") if is_currency(code)] == ["EUR", "JPY", "BHD"]


def test_in_words() -> None:
    """An amount in a sentence has all the decimals of its currency."""
    assert [in_words(5, "EUR"), in_words(5, "JPY"), in_words(-5, "BHD")] == ["0.05 EUR", "5 JPY", "-0.005 BHD"]
