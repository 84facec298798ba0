from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fintwin.twin.interest import round_half_up
from fintwin.twin.loans import (
    exact_balance_minor,
    instalment_minor,
    reamortised_instalment_minor,
    schedule,
    total_interest_minor,
)

PRINCIPAL = 30_000_000


def test_instalment_by_formula() -> None:
    """300,000 over 360 months: 1,798.65 at 6 %, 2,097.64 at 7.5 %."""
    assert instalment_minor(PRINCIPAL, Decimal(6), 360) == 179_865
    assert instalment_minor(PRINCIPAL, Decimal("7.5"), 360) == 209_764


def test_balance_after_sixty_payments() -> None:
    """279,163.07 unrounded, 279,163.14 in cent rows."""
    assert round_half_up(exact_balance_minor(PRINCIPAL, Decimal(6), 360, paid=60)) == 27_916_307
    assert schedule(PRINCIPAL, Decimal(6), 360)[59].balance_minor == 27_916_314


def test_reamortised_over_what_is_left() -> None:
    """1.5 points more from month 61 on, spread over 300 months: 2,062.99."""
    assert reamortised_instalment_minor(27_916_307, Decimal("7.5"), 300) == 206_299
    assert reamortised_instalment_minor(27_916_314, Decimal("7.5"), 300) == 206_299


def test_last_payment_clears_the_cents() -> None:
    """The 360th payment is 1,800.09 and leaves nothing."""
    rows = schedule(PRINCIPAL, Decimal(6), 360)
    assert (len(rows), rows[-1].payment_minor, rows[-1].balance_minor) == (360, 180_009, 0)


def test_extra_payments_end_the_loan_earlier() -> None:
    """10,000.00 on top in month 12 shortens the loan and saves interest; the instalment stays."""
    plain = schedule(PRINCIPAL, Decimal(6), 360)
    extra = schedule(PRINCIPAL, Decimal(6), 360, extra_minor={12: 1_000_000})
    assert extra[11].payment_minor == 179_865 + 1_000_000
    assert extra[12].payment_minor == 179_865
    assert len(extra) < len(plain)
    assert total_interest_minor(extra) < total_interest_minor(plain)


def test_a_loan_without_interest() -> None:
    """1,000.00 over three months at 0 %: two instalments of 333.33 and a last one of 333.34."""
    assert [row.payment_minor for row in schedule(100_000, Decimal(0), 3)] == [33_333, 33_333, 33_334]
    assert exact_balance_minor(90_000, Decimal(0), 3, paid=1) == 60_000


@given(st.integers(1, 10**10), st.decimals(0, 30, places=2), st.integers(1, 480), st.integers(0, 10**6))
def test_principal_is_paid_back_exactly(principal: int, rate: Decimal, months: int, extra: int) -> None:
    """Whatever the loan, the principal parts add up to what was lent and the last balance is nought."""
    rows = schedule(principal, rate, months, extra_each_month_minor=extra)
    assert sum(row.principal_minor for row in rows) == principal
    assert rows[-1].balance_minor == 0
    assert all(row.payment_minor == row.interest_minor + row.principal_minor for row in rows)
