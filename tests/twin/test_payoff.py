from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fintwin.twin.payoff import Debt, PayoffOrder, pay_off

CARD = Debt("card", 100_000, Decimal(24), 5_000)
SHOP = Debt("shop", 50_000, Decimal(6), 5_000)


def test_one_debt_by_hand() -> None:
    """1,000.00 at 12 % with 400.00 a month: 400, 400 and 218.26 (interest 10.00, 6.10, 2.16)."""
    answer = pay_off((Debt("a", 100_000, Decimal(12), 40_000),), 40_000, PayoffOrder.AVALANCHE)
    assert answer is not None
    assert [row.payments_minor[0] for row in answer.plan.rows] == [40_000, 40_000, 21_826]
    assert [row.interest_minor[0] for row in answer.plan.rows] == [1_000, 610, 216]


def test_avalanche_costs_least_and_snowball_frees_first() -> None:
    """Avalanche pays the dear debt first and less interest; snowball is rid of the small one earlier."""
    avalanche = pay_off((CARD, SHOP), 20_000, PayoffOrder.AVALANCHE)
    snowball = pay_off((CARD, SHOP), 20_000, PayoffOrder.SNOWBALL)
    assert avalanche is not None
    assert snowball is not None
    assert avalanche.plan.interest_minor < snowball.plan.interest_minor
    first = snowball.plan.free_after_months["shop"]
    later = avalanche.plan.free_after_months["shop"]
    assert first is not None
    assert later is not None
    assert first < later
    assert snowball.interest_saved_minor is not None
    assert snowball.interest_saved_minor > 0


def test_own_order_is_the_order_given() -> None:
    """With the user's own order the first debt listed is the first one that gets more than its minimum."""
    answer = pay_off((SHOP, CARD), 20_000, PayoffOrder.OWN)
    assert answer is not None
    assert answer.plan.rows[0].payments_minor == (15_000, 5_000)


def test_a_sum_below_the_minimums_is_no_plan() -> None:
    """99.99 cannot serve two minimums of 50.00."""
    assert pay_off((CARD, SHOP), 9_999, PayoffOrder.AVALANCHE) is None


def test_minimums_that_never_end_have_no_saving() -> None:
    """A minimum below the interest never pays the debt off: no month, no saving is claimed."""
    answer = pay_off((Debt("a", 100_000, Decimal(24), 1_000),), 10_000, PayoffOrder.AVALANCHE)
    assert answer is not None
    assert answer.minimums_only.months is None
    assert answer.interest_saved_minor is None
    assert answer.plan.months == 12


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.decimals(0, 30, places=1)), min_size=1, max_size=4),
    st.sampled_from(PayoffOrder),
)
def test_payments_are_debts_plus_interest(debts: list[tuple[int, Decimal]], order: PayoffOrder) -> None:
    """Where a plan ends, all payments together are what was owed plus all interest."""
    owed = tuple(Debt(str(n), balance, rate, balance // 20 + 1) for n, (balance, rate) in enumerate(debts))
    answer = pay_off(owed, sum(debt.minimum_minor for debt in owed) + 100, order)
    assert answer is not None
    assert answer.plan.months is not None
    paid = sum(sum(row.payments_minor) for row in answer.plan.rows)
    assert paid == sum(debt.balance_minor for debt in owed) + answer.plan.interest_minor
