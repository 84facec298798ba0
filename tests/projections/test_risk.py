"""Every reason of the risk score: a history that must raise it, and a near miss that must not."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fintwin.projections import risk
from fintwin.projections.model import encode_rows, fold_all
from fintwin.projections.risk_levels import UNITS, Reason, level_of, with_anomalies
from fintwin.projections.risk_text import NOTHING_TO_SAY, advice, flag, messages
from tests.projections.lives import Life, month

MONTH = 30.44
OTHER = UUID("0198c0de-0000-7000-8000-0000000000bb")
Script = Callable[[Life], Any]


def after_a_year(life: Life) -> float:
    """Twelve usual months; the salary of the thirteenth is there."""
    for number in range(12):
        month(life, number)
    life.earn(12 * MONTH + 0.3, 3000_00, "employer")
    return 12 * MONTH + 1


def large(percent_of_ten_thousand: int) -> Script:
    def script(life: Life) -> None:
        life.earn(0, 1000_00, "employer")
        life.pay(1, 1000_00 * percent_of_ten_thousand // 10_000, "shop")

    return script


def new_counterparty(basis_points: int) -> Script:
    def script(life: Life) -> None:
        day = after_a_year(life)
        life.pay(day, life.balance * basis_points // 10_000, "stranger")

    return script


def first_payments(life: Life) -> None:
    """Large and new, but nobody is known yet."""
    life.earn(0, 1000_00, "employer")
    life.pay(1, 300_00, "landlord")


def unusual(amount_minor: int, payee: str) -> Script:
    def script(life: Life) -> None:
        day = after_a_year(life)
        life.pay(day, amount_minor, payee)

    return script


def passed_on(out_minor: int, hours: float, source: str = "unknown") -> Script:
    def script(life: Life) -> None:
        day = after_a_year(life)
        life.earn(day, 20_000_00 if source == "unknown" else 3000_00, source)
        life.pay(day + hours / 24, out_minor, "landlord")

    return script


def rested(days: float, payments: int) -> Script:
    def script(life: Life) -> None:
        after_a_year(life)
        last = 12 * MONTH - 31 + 5.9 + 21
        for number in range(payments):
            life.pay(last + days + number / 2, 30_00, "bakery")

    return script


def burst(payments: int, minutes: float) -> Script:
    def script(life: Life) -> None:
        day = after_a_year(life)
        for number in range(payments):
            life.pay(day + number * minutes / 1440, 5_00, "kiosk")

    return script


def burst_of_dates(life: Life) -> None:
    """Nine payments with a date and no time of day: they are not in one hour."""
    day = after_a_year(life)
    for _ in range(9):
        life.pay(int(day) + 1, 5_00, "kiosk", date_only=True)


def spree(amount_minor: int, payments: int = 3) -> Script:
    def script(life: Life) -> None:
        life.open(OTHER, "savings")
        day = after_a_year(life)
        life.send(day, life.balance - 4000_00, OTHER)
        for number in range(payments):
            life.pay(day + number / 100, amount_minor, "landlord")

    return script


def drained(left_basis_points: int) -> Script:
    def script(life: Life) -> None:
        day = after_a_year(life)
        life.pay(day, life.balance - (life.balance * left_basis_points + 9999) // 10_000, "landlord")

    return script


def cover(spare_minor: int, *, income: bool) -> Script:
    """Five whole periods of 1,000.00 spending from a first deposit, then so much left."""

    def script(life: Life) -> None:
        if income:
            for number in range(6):
                life.earn(number * 30, 1000_00 + (spare_minor if number == 0 else 0), "employer")
                if number < 5:
                    life.pay(number * 30 + 3, 1000_00, "landlord")
            life.pay(5 * 30 + 0.2, 1000_00, "landlord")
        else:
            life.earn(0, 6000_00 + spare_minor, "inheritance")
            for number in range(6):
                life.pay(number * 30 + 3, 1000_00, "landlord")

    return script


def overdrawn(balance_minor: int) -> Script:
    def script(life: Life) -> None:
        life.limit(1000_00)
        life.earn(0, 500_00, "employer")
        life.pay(1, 500_00 - balance_minor, "shop")

    return script


def silent(days: float, instead_minor: int = 0) -> Script:
    def script(life: Life) -> None:
        for number in range(8):
            month(life, number)
        last = 7 * MONTH + 0.3
        if instead_minor:
            life.earn(last + 28, instead_minor, "new employer")
        life.pay(last + days, 10_00, "bakery")

    return script


RAISED = {
    "large_payment": large(5001),
    "new_counterparty": new_counterparty(2510),
    "unusual_amount": unusual(301_00, "market"),
    "in_and_out": passed_on(16_000_00, 24),
    "dormant_then_busy": rested(61, 3),
    "payments_1h": burst(6, 9),
    "payments_24h": burst(11, 120),
    "payments_7d": burst(39, 240),
    "spending_1h": spree(900_00),
    "drained": drained(1000),
    "low_cover": cover(2990_00, income=False),
    "overdrawn": overdrawn(-1),
    "income_stopped": silent(42),
}
NEAR = [
    ("large_payment", large(5000)),
    ("new_counterparty", new_counterparty(2499)),
    ("new_counterparty", first_payments),
    ("unusual_amount", unusual(135_00, "market")),
    ("unusual_amount", unusual(900_00, "landlord")),
    ("in_and_out", passed_on(15_999_00, 24)),
    ("in_and_out", passed_on(16_000_00, 49)),
    ("in_and_out", passed_on(2900_00, 24, "employer")),
    ("dormant_then_busy", rested(59, 3)),
    ("dormant_then_busy", rested(61, 2)),
    ("payments_1h", burst(5, 9)),
    ("payments_1h", burst(6, 13)),
    ("payments_1h", burst_of_dates),
    ("payments_24h", burst(10, 120)),
    ("payments_7d", burst(18, 240)),
    ("spending_1h", spree(50_00)),
    ("drained", drained(1001)),
    ("low_cover", cover(3000_00, income=False)),
    ("low_cover", cover(1010_00, income=True)),
    ("overdrawn", overdrawn(0)),
    ("income_stopped", silent(39)),
    ("income_stopped", silent(42, instead_minor=3000_00)),
]


def reasons_after(script: Script) -> dict[str, Reason]:
    life = Life()
    script(life)
    return {one.code: one for one in life.score().reasons}


@pytest.mark.parametrize("code", RAISED)
def test_raised(code: str) -> None:
    """A history beyond the threshold has the reason, with figures that say so and transactions behind it."""
    found = reasons_after(RAISED[code])
    assert code in found, found
    reason = found[code]
    assert reason.points > 0
    if code in {"drained", "low_cover", "overdrawn"}:
        assert reason.observed <= reason.threshold
    else:
        assert reason.observed >= reason.threshold
    assert 1 <= len(reason.evidence) <= 4
    assert reason.unit == UNITS[code]


@pytest.mark.parametrize(("code", "script"), NEAR, ids=lambda value: value if isinstance(value, str) else "")
def test_near_misses(code: str, script: Script) -> None:
    """A history just short of the threshold does not have the reason."""
    assert code not in reasons_after(script)


def test_every_reason_is_raised_here() -> None:
    """No code is without a history that raises it; the windows of spending share one rule, anomalies are not the fold's."""
    assert UNITS.keys() - RAISED.keys() == {"spending_24h", "spending_7d", "ml_anomaly"}


def test_evidence_names_the_transactions() -> None:
    """The evidence of a payment is that payment, of money passed on both sides of it."""
    life = Life()
    day = after_a_year(life)
    came = life.earn(day, 20_000_00, "unknown")
    went = life.pay(day + 1, 19_000_00, "stranger")
    found = {one.code: one.evidence for one in life.score().reasons}
    assert found["new_counterparty"] == (went,)
    assert found["in_and_out"] == (came, went)


def test_reasons_fade() -> None:
    """A payment counts in full for a week, less each day after that, and not at all after three weeks."""
    life = Life()
    large(7900)(life)
    points = [life.score(day).score for day in (0, 7, 10, 14, 20, 21)]
    assert points[0] == points[1] == 28
    assert points[1] > points[2] > points[3] > points[4] > 0
    assert points[5] == 0


def test_income_stops_without_any_event() -> None:
    """A missing salary is seen when it is looked at, not when something happens."""
    life = Life()
    for number in range(8):
        month(life, number)
    assert life.score().score == 0
    assert [one.code for one in life.score(20).reasons] == ["income_stopped"]


def test_own_transfers_are_no_risk() -> None:
    """Moving everything to an own savings account raises nothing; sending it to somebody else does."""
    mine, theirs = Life(), Life()
    for life in (mine, theirs):
        if life is mine:
            life.open(OTHER, "savings")
        day = after_a_year(life)
        life.send(day, life.balance, OTHER)
    assert mine.score().score == 0
    assert theirs.score().score > 60
    assert mine.score(account=OTHER).score == 0


def test_a_loan_of_ones_own_is_paid_not_saved() -> None:
    """What goes into a loan account has been spent; its negative balance is no overdraft."""
    life = Life()
    loan = life.open(OTHER, "loan") and OTHER
    life.limit(10_000_00, loan)
    life.send(0, 5000_00, life.user, account=loan)
    for number in range(4):
        life.send(number * 30 + 2, 1000_00, loan)
    assert life.score(account=loan).score == 0
    pot = life.rows()[life.user][risk.POT, "EUR"].state
    assert pot.liquid_minor == 1000_00
    assert pot.spent_minor == 3000_00
    assert pot.total_minor == 0


def test_a_reversal_is_neither_income_nor_spending() -> None:
    """Taking a payment back changes what is at hand and nothing else."""
    life = Life()
    life.earn(0, 1000_00, "employer")
    paid = life.pay(1, 400_00, "shop")
    life.earn(2, 400_00, "shop", reverses=paid)
    pot = life.rows()[life.user][risk.POT, "EUR"].state
    assert (pot.liquid_minor, pot.total_minor, pot.spending_minor) == (1000_00, 1000_00, 400_00)


def test_a_closed_account_has_no_risk() -> None:
    """There is nothing left to lose."""
    from fintwin.domain.accounts import AccountClosed
    from fintwin.domain.streams import StreamKind

    life = Life()
    life.earn(0, 1000_00, "employer")
    life.pay(1, 1000_00, "stranger")
    assert life.score().score > 0
    life.add(StreamKind.ACCOUNT, life.user, AccountClosed())
    assert life.score().score == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("large_payment", "exceeds 50%"), ("payments_1h", "high frequency"), ("payments_7d", "high frequency"),
        ("low_cover", "low balance"), ("drained", "low balance"), ("overdrawn", "overdrawn"),
    ],
)  # fmt: skip
def test_flags_have_the_words_that_clients_know(code: str, words: str) -> None:
    """The public wording by which clients recognise flags is kept."""
    assert words in flag(reasons_after(RAISED[code])[code], "EUR")


@pytest.mark.parametrize("code", UNITS)
def test_every_reason_has_words(code: str) -> None:
    """Each code has a flag and advice in which no placeholder is left; money is written as the locale has it."""
    reason = Reason(code, 10, UNITS[code], 123_456, 50_000)
    for text in (flag(reason, "EUR", "de_DE"), advice(reason, "EUR", "de_DE")):
        assert text
        assert "{" not in text
    if UNITS[code] == "money":
        assert "1.234,56" in flag(reason, "EUR", "de_DE")


def test_anomalies_are_one_more_reason() -> None:
    """Their points are added, at most 20, and the sum is still the score; with nothing else the score is theirs."""
    life = Life()
    life.earn(0, 1000_00, "employer")
    none = life.score()
    found = with_anomalies(none, 2, 50, (UUID(int=1), UUID(int=2)))
    assert (found.score, [one.code for one in found.reasons]) == (10, ["ml_anomaly"])
    assert flag(found.reasons[0], "EUR").startswith("ML anomaly")
    life.pay(1, 1000_00, "stranger")
    full = with_anomalies(life.score(), 1, 100, (UUID(int=1),))
    assert full.score == sum(one.points for one in full.reasons) == min(100, life.score().score + 20)


def test_nothing_to_say() -> None:
    """Where no reason is, the one message is the wording that clients know."""
    life = Life()
    life.earn(0, 1000_00, "employer")
    assert [(one.message, one.type) for one in messages(life.score(), "EUR")] == [(NOTHING_TO_SAY, "Info")]


@pytest.mark.parametrize(
    ("points", "level"), [(0, "low"), (30, "low"), (31, "medium"), (60, "medium"), (61, "high"), (100, "high")]
)
def test_levels(points: int, level: str) -> None:
    """Up to 30 low, up to 60 medium, above high."""
    assert level_of(points) == level


steps = st.lists(
    st.tuples(
        st.sampled_from(["earn", "pay", "send", "own", "late"]),
        st.integers(1, 3000_00),
        st.floats(0, 40, allow_nan=False),
        st.sampled_from(["a", "b", None]),
    ),
    max_size=40,
)


def played(script: list[tuple[str, int, float, str | None]], factor: int = 1) -> Life:
    life = Life(limit_minor=500_00, factor=factor)
    life.open(OTHER, "savings")
    day = 0.0
    for kind, amount, gap, name in script:
        day += gap
        able = life.balance + 500_00
        if kind == "earn" or able <= 0:
            life.earn(day, amount, name)
        elif kind == "late":
            life.pay(day - 3, min(amount, able), name)
        elif kind == "pay":
            life.pay(day, min(amount, able), name)
        else:
            life.send(day, min(amount, able), OTHER if kind == "own" else UUID(int=9))
    return life


@settings(max_examples=60, deadline=None)
@given(steps)
def test_any_history(script: list[tuple[str, int, float, str | None]]) -> None:
    """On any history points sum to the score, times a hundred it is the same, and folding again gives the same bytes."""
    life = played(script)
    found = life.score()
    assert sum(one.points for one in found.reasons) == found.score <= 100
    again = fold_all(risk.MODEL, life.events)
    assert encode_rows(risk.MODEL, again) == encode_rows(risk.MODEL, life.rows())
    hundred = played(script, factor=100).score()
    assert [(one.code, one.points) for one in hundred.reasons] == [(one.code, one.points) for one in found.reasons]
    pot = life.rows()[life.user].get((risk.POT, "EUR"))
    assert pot is None or pot.state.liquid_minor == sum(life.balances[one] for one in (life.user, OTHER))


def test_the_state_does_not_grow() -> None:
    """Ten thousand events of many counterparties and sources leave a state of bounded size."""
    life = Life()
    sizes = []
    rows: Any = {}
    for number in range(10_000):
        day = number / 9
        if number % 5 == 0:
            life.earn(day, 4000_00 + number, f"source {number % 37}")
        else:
            life.pay(day, 100_00 + number * 7 % 9000, f"payee {number}")
        fold_all(risk.MODEL, life.events[-1:] if number else life.events, rows)
        if number in {2_000, 9_999}:
            sizes.append(len(encode_rows(risk.MODEL, rows)))
    assert sizes[1] < sizes[0] * 1.2
    assert sizes[1] < 12_000


def test_nothing_is_changed_in_place_and_rows_survive_storing() -> None:
    """An event leaves the rows it was shown as they were; rows stored and loaded between all events end the same."""
    life = played([("earn", 900_00, 1.0, "a"), ("pay", 400_00, 0.1, "b"), ("own", 100_00, 1.0, None)] * 25)
    tables = {table.name: table.row for table in risk.MODEL.tables}
    kept: Any = {}
    stored: Any = {life.user: {}}
    for event in life.events:
        before = encode_rows(risk.MODEL, kept)
        shown = {user: dict(rows) for user, rows in kept.items()}
        fold_all(risk.MODEL, [event], kept)
        assert encode_rows(risk.MODEL, shown) == before
        fold_all(risk.MODEL, [event], stored)
        for key, row in stored[life.user].items():
            stored[life.user][key] = msgspec.json.decode(msgspec.json.encode(row), type=tables[key[0]])
    assert encode_rows(risk.MODEL, stored) == encode_rows(risk.MODEL, kept)
