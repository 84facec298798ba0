"""Which question is meant."""

from datetime import date
from decimal import Decimal

import pytest

from fintwin.assistant.dates import amount_in, day_in
from fintwin.assistant.guide import HOW_TO, WHAT_IS
from fintwin.assistant.questions import Kind, understood
from fintwin.assistant.verbatim import Keeper

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What is my balance?", Kind.BALANCE),
        ("how much money do I have", Kind.BALANCE),
        ("How much is left?", Kind.BALANCE),
        ("What changed?", Kind.CHANGES),
        ("what's changed since last month", Kind.CHANGES),
        ("Why is my risk 45?", Kind.RISK),
        ("what makes my risk score so high", Kind.RISK),
        ("Can I afford 500 by next month?", Kind.AFFORD),
        ("could I buy a car for 12k in 6 months", Kind.AFFORD),
        ("do I have enough for rent of 900 on 2027-01-01", Kind.AFFORD),
        ("When do I run out of money?", Kind.AHEAD),
        ("What is my lowest balance in the next 90 days?", Kind.AHEAD),
        ("where does my money go", Kind.SPENDING),
        ("Where did all my money go?", Kind.SPENDING),
        ("where has my money gone", Kind.SPENDING),
        ("What did I spend on food?", Kind.SPENDING),
        ("what is my savings rate", Kind.SAVINGS),
        ("What is my net worth?", Kind.WORTH),
        ("Hello!", Kind.GREETING),
        ("who are you?", Kind.GREETING),
        ("Should I buy shares of that company?", Kind.ADVICE),
        ("which fund is best", Kind.ADVICE),
        ("xyzzy", Kind.UNKNOWN),
        ("", Kind.UNKNOWN),
    ],
)
def test_kind(text: str, kind: Kind) -> None:
    """Common ways to ask are understood, and what is not understood is not guessed."""
    assert understood(text, TODAY).kind is kind


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("How do I import my bank's CSV?", "import"),
        ("how can I undo a payment", "reverse"),
        ("How do I send money to a friend?", "transfer"),
        ("where can I export everything", "export"),
        ("How do I delete my data?", "erase"),
        ("what is the risk score", "risk_score"),
        ("What does baseline mean?", "baseline"),
        ("explain the fan chart", "fan"),
        ("what is XIRR", "xirr"),
        ("what is FinTwin", "fintwin"),
    ],
)
def test_topic(text: str, topic: str) -> None:
    """Features and words of the product are found by the words people use."""
    found = understood(text, TODAY)
    assert found.kind in {Kind.HOW_TO, Kind.WHAT_IS}
    assert found.topic == topic


@pytest.mark.parametrize(
    ("text", "amount", "day"),
    [
        ("afford 1,200 by March", Decimal(1200), date(2027, 3, 31)),
        ("1.250,50 EUR on 15 March 2027", Decimal("1250.50"), date(2027, 3, 15)),
        ("12k in two months", Decimal(12000), date(2027, 1, 22)),
        ("pay 99.90 tomorrow", Decimal("99.90"), date(2026, 11, 23)),
        ("March 3rd: 75", Decimal(75), date(2027, 3, 3)),
        ("500 by the end of the year", Decimal(500), date(2026, 12, 31)),
        ("by 31 February 80", Decimal(80), None),
        ("2 thousand", Decimal(2000), None),
        ("nothing at all", None, None),
        ("in 3 weeks", None, date(2026, 12, 13)),
    ],
)
def test_amount_and_day(text: str, amount: Decimal | None, day: date | None) -> None:
    """Amounts and days as people write them; a day that does not exist is none."""
    assert amount_in(text) == amount
    assert day_in(text, TODAY) == day


def test_no_text_promises() -> None:
    """No text of the guide says that anything is safe or should be done with one's money."""
    texts = " ".join(entry.text for entry in (*HOW_TO.values(), *WHAT_IS.values())).lower()
    assert not any(word in texts for word in ("is safe", "guarantee", "you should invest", "recommend"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("You have 1.250,50 €.", True),
        ("You have 1250.5.", True),
        ("It was minus 1,250.50.", True),
        ("You have 1,250.51.", False),
        ("That is 25 % of it.", False),
        ("Two reasons, 2 of them new.", True),
        ("No number at all.", True),
        ("On 2026-11-30.", True),
        ("On 2026-11-29.", False),
    ],
)
def test_only_given_numbers_pass(text: str, *, kept: bool) -> None:
    """A sentence passes if each of its numbers, however it is grouped, was given."""
    keeper = Keeper(["€1,250.50 on 2026-11-30"])
    assert bool(keeper.take(text) + keeper.rest()) is kept
