import datetime as dt
from decimal import Decimal

import pytest

from fintwin.domain import accounts
from fintwin.twin.counterfactual import changed_past
from fintwin.twin.faults import ScenarioError
from fintwin.twin.scenario import Amend, Omit
from tests.twin.pasts import SAVINGS, TODAY, USER, Past

FEBRUARY = dt.date(2026, 2, 1)


def day(number: int) -> dt.date:
    return FEBRUARY + dt.timedelta(days=number)


def test_without_a_salary_exactly_three_payments_are_refused() -> None:
    """100, salary 900; rent 500, bread 40, shoes 150, gift 90: refused are rent, shoes and gift in this order, bread is not."""
    past = Past()
    past.deposit(100_00, day(0))
    salary = past.deposit(900_00, day(1))
    rent = past.withdraw(500_00, day(2))
    past.withdraw(40_00, day(3))
    shoes = past.withdraw(150_00, day(4))
    gift = past.withdraw(90_00, day(5))
    found = past.run(1, Omit(transaction_id=salary))
    assert [(one.transaction_id, one.on, one.code, one.missing_minor) for one in found.consequences] == [
        (rent, day(2), "insufficient_funds", 400_00),
        (shoes, day(4), "insufficient_funds", 90_00),
        (gift, day(5), "insufficient_funds", 30_00),
    ]
    assert found.consequences[0].detail == "The payment of 500.00 EUR is more than the 100.00 EUR available."
    assert found.totals[0].nominal.scenario_minor[0] == 60_00
    assert found.totals[0].nominal.baseline_minor[0] == 220_00
    assert found.steps[0].sentence == "Leaves out the deposit of 900.00 EUR of 2026-02-02."


def test_both_halves_of_a_transfer_go_together() -> None:
    """A transfer to the own savings that cannot be paid is not received either, nor spent from there."""
    past = Past()
    past.open(SAVINGS, kind="savings")
    salary = past.deposit(500_00, day(0))
    moved = past.transfer(300_00, SAVINGS, day(1))
    spent = past.withdraw(200_00, day(2), account=SAVINGS)
    changed = changed_past(past.fork(), [(1, Omit(transaction_id=salary))])
    assert [one.transaction_id for one in changed.consequences] == [moved, spent]
    assert {each: one.balance_minor for each, one in changed.fork.accounts.items()} == {USER: 0, SAVINGS: 0}


def test_a_reversal_takes_back_what_was() -> None:
    """Of an amended payment the reversal gives back the new amount; of an omitted one there is nothing to take back."""
    past = Past()
    past.deposit(100_00, day(0))
    paid = past.withdraw(80_00, day(1))
    back = past.deposit(80_00, day(2), reverses=paid)
    amended = changed_past(past.fork(), [(1, Amend(transaction_id=paid, amount=Decimal(30)))])
    assert amended.fork.accounts[USER].balance_minor == 100_00
    assert amended.consequences == ()
    omitted = changed_past(past.fork(), [(1, Omit(transaction_id=paid))])
    assert [(one.transaction_id, one.code) for one in omitted.consequences] == [(back, "unknown_transaction")]
    assert omitted.fork.accounts[USER].balance_minor == 100_00


def test_an_amended_payment_that_is_too_much_is_refused_itself() -> None:
    """A larger amount has to be there."""
    past = Past()
    past.deposit(100_00, day(0))
    paid = past.withdraw(80_00, day(1))
    changed = changed_past(past.fork(), [(1, Amend(transaction_id=paid, amount=Decimal("100.01")))])
    assert [(one.transaction_id, one.missing_minor) for one in changed.consequences] == [(paid, 1)]
    assert changed.fork.accounts[USER].balance_minor == 100_00


def test_an_account_with_money_is_not_closed() -> None:
    """Where the last payment out never happened, closing the account would have been refused."""
    past = Past()
    past.open(SAVINGS, kind="savings")
    past.deposit(50_00, day(0), account=SAVINGS)
    emptied = past.withdraw(50_00, day(1), account=SAVINGS)
    past.record(past.events[-1].stream, accounts.AccountClosed())
    changed = changed_past(past.fork(), [(1, Omit(transaction_id=emptied))])
    assert [one.code for one in changed.consequences] == ["balance_not_zero"]


def test_a_changed_past_leaves_the_real_one_alone() -> None:
    """The fork that was asked is the same afterwards, rows and all."""
    past = Past()
    salary = past.deposit(100_00, day(0))
    fork = past.fork()
    rows = {name: dict(known) for name, known in fork.rows.items()}
    changed_past(fork, [(1, Omit(transaction_id=salary))])
    assert fork.rows == rows
    assert fork.accounts[USER].balance_minor == 100_00


def test_a_transaction_that_is_not_there_is_said() -> None:
    """An unknown transaction names the step at fault."""
    past = Past()
    past.deposit(100_00, TODAY)
    with pytest.raises(ScenarioError) as caught:
        past.run(1, Omit(transaction_id=USER))
    assert (caught.value.code, caught.value.field) == ("unknown_transaction", "steps[0].transaction_id")
