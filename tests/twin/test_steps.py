import datetime as dt
from decimal import Decimal

import pytest

from fintwin.twin import scenario as ask
from fintwin.twin.faults import ScenarioError
from fintwin.twin.outlook import mark
from fintwin.twin.payoff import PayoffOrder
from fintwin.twin.schedule import Weekend
from tests.twin.pasts import SAVINGS, TODAY, USER, Past

MONTHLY = ask.Every()


def with_savings(balance: int) -> Past:
    past = Past()
    past.open(SAVINGS, kind="savings")
    past.deposit(balance)
    return past


def test_a_goal_is_paid_from_another_account() -> None:
    """1,200 in a year take 100 a month by transfer; where the payer runs dry the step says that it falls short."""
    goal = ask.Goal(amount=Decimal(1_200), months=12, account_id=SAVINGS, from_account=USER)
    told = with_savings(5_000_00).run(12, goal).steps[0]
    assert told.goal is not None
    assert (told.goal.monthly_minor, told.goal.reached, told.goal.balance_minor) == (100_00, True, 1_200_00)
    poor = with_savings(550_00).run(12, goal).steps[0]
    assert poor.goal is not None
    assert (poor.goal.reached, poor.goal.balance_minor) == (False, 500_00)
    assert "refused" in poor.sentence


@pytest.mark.parametrize(("order", "months"), [(PayoffOrder.AVALANCHE, 8), (PayoffOrder.SNOWBALL, 9)])
def test_a_payoff_moves_its_sums(order: PayoffOrder, months: int) -> None:
    """What is paid leaves the account month by month, what is owed falls to nothing, and net worth counts both."""
    past = with_savings(5_000_00)
    debts = (
        ask.DebtTerms(balance=Decimal(1000), annual_rate_percent=Decimal(24), minimum=Decimal(50)),
        ask.DebtTerms(balance=Decimal(500), annual_rate_percent=Decimal(6), minimum=Decimal(50)),
    )
    found = past.run(12, ask.Payoff(debts=debts, monthly=Decimal(200), order=order))
    told = found.steps[0].payoff
    assert told is not None
    assert (told.months, told.free_on) == (months, mark(TODAY, months))
    total = found.totals[0]
    paid = 5_000_00 - total.scenario.final_minor
    assert paid == 1_500_00 + told.interest_minor
    assert total.net_worth.scenario_minor[0] == 5_000_00 - 1_500_00
    assert total.net_worth.scenario_minor[-1] == total.scenario.final_minor


def test_a_loan_is_no_income() -> None:
    """It is paid out and back; net worth falls by its interest only, and the savings rate does not see the payout."""
    past = with_savings(5_000_00)
    loan = ask.Loan(amount=Decimal(1_200), annual_rate_percent=Decimal(0), months=12)
    total = past.run(12, loan).totals[0]
    assert total.scenario.final_minor == total.baseline.final_minor
    assert total.scenario.income_minor == 0
    assert set(total.net_worth.scenario_minor) == {5_000_00}


def test_a_month_end_is_a_month_end() -> None:
    """The 31st, on the business day before a weekend: 31 March, 30 April, 29 May."""
    past = with_savings(5_000_00)
    every = ask.Every(day=31, weekend=Weekend.BEFORE)
    step = ask.Withdraw(amount=Decimal(1), every=every, until=dt.date(2026, 5, 31))
    found = past.run(3, step)
    assert "from 2026-03-31 to 2026-05-29, 3 times" in found.steps[0].sentence


def test_spending_of_one_category() -> None:
    """Only the plan of that category doubles."""
    past = with_savings(5_000_00)
    past.plan(-100_00, category="food")
    past.plan(-70_00, category="rent")
    total = past.run(2, ask.ChangeSpending(percent=Decimal(100), category="food")).totals[0]
    assert total.scenario.final_minor == 5_000_00 - 2 * 270_00


def test_lost_income_may_be_replaced_in_part() -> None:
    """Half of 2,000 for two months with 300 a month instead: 1,400 less after three."""
    past = with_savings(5_000_00)
    past.plan(2_000_00, kind="income")
    step = ask.LoseIncome(months=2, share_percent=Decimal(50), replacement=Decimal(300))
    total = past.run(3, step).totals[0]
    assert total.difference.final_minor == -1_400_00


def test_amounts_beyond_fifteen_digits_are_refused() -> None:
    """A run that grows out of the ledger's range says so instead of clamping."""
    past = with_savings(9_000_000_000_000_00 // 100)
    with pytest.raises(ScenarioError) as caught:
        past.run(600, ask.SetRate(percent=Decimal(1000)))
    assert caught.value.code == "balance_too_large"
