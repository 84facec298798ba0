"""Several debts and one monthly sum: which is paid first, when each is gone, what it costs.

Every month each debt bears interest, gets its minimum, and what the sum leaves goes to the first debt in the
chosen order: avalanche (highest rate), snowball (smallest balance) or the user's own. The sum stays the same
when a debt is gone, so its minimum rolls on to the next. The result is held against paying only the minimums,
each debt on its own.

Worked example: 1,000.00 at 24 % and 500.00 at 6 %, minimum 50.00 each, 200.00 a month. Avalanche pays the
first debt first although it is the larger one; snowball is rid of the second one earlier and costs more.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from fintwin.domain.money import MINOR_MAX
from fintwin.twin.interest import EXACT, MONTHS_A_YEAR, period_rate, round_half_up

LONGEST_MONTHS = 1_200
"""A hundred years: a debt that is not gone by then, or has outgrown all amounts, is reported as never paid off."""


class PayoffOrder(StrEnum):
    """Which debt gets what the minimums leave."""

    AVALANCHE = "avalanche"
    SNOWBALL = "snowball"
    OWN = "own"


class Debt(msgspec.Struct, frozen=True):
    """A debt as the user states it; `name` is unique in one payoff."""

    name: str
    balance_minor: int
    annual_rate_percent: Decimal
    minimum_minor: int


class PayoffMonth(msgspec.Struct, frozen=True):
    """What was paid to each debt in one month and what is still owed, in the order of the debts given."""

    month: int
    payments_minor: tuple[int, ...]
    interest_minor: tuple[int, ...]
    balances_minor: tuple[int, ...]


class Payoff(msgspec.Struct, frozen=True):
    """The course of all debts. `months` is None where the sum never pays them off within a hundred years."""

    months: int | None
    interest_minor: int
    free_after_months: dict[str, int | None]
    rows: tuple[PayoffMonth, ...]


class PayoffAnswer(msgspec.Struct, frozen=True):
    """The plan beside paying minimums only; the saving is None where minimums alone never end."""

    plan: Payoff
    minimums_only: Payoff
    interest_saved_minor: int | None
    months_saved: int | None


def pay_off(debts: tuple[Debt, ...], monthly_minor: int, order: PayoffOrder) -> PayoffAnswer | None:
    """Run the plan; None where the monthly sum is less than the minimums together (the caller refuses that).

    With `PayoffOrder.OWN` the debts are paid in the order given.
    """
    if monthly_minor < sum(debt.minimum_minor for debt in debts):
        return None
    plan = _run(debts, monthly_minor, _ranking(debts, order))
    minimums = _run(debts, None, ())
    saved = minimums.interest_minor - plan.interest_minor if minimums.months is not None else None
    earlier = minimums.months - plan.months if minimums.months is not None and plan.months is not None else None
    return PayoffAnswer(plan, minimums, saved, earlier)


def _ranking(debts: tuple[Debt, ...], order: PayoffOrder) -> tuple[int, ...]:
    numbers = range(len(debts))
    if order is PayoffOrder.AVALANCHE:
        return tuple(sorted(numbers, key=lambda n: (-debts[n].annual_rate_percent, debts[n].balance_minor, n)))
    if order is PayoffOrder.SNOWBALL:
        return tuple(sorted(numbers, key=lambda n: (debts[n].balance_minor, -debts[n].annual_rate_percent, n)))
    return tuple(numbers)


def _run(debts: tuple[Debt, ...], monthly_minor: int | None, ranking: tuple[int, ...]) -> Payoff:
    """Pay month by month; without a monthly sum each debt gets its minimum and nothing rolls over."""
    rates = [period_rate(debt.annual_rate_percent, MONTHS_A_YEAR) for debt in debts]
    balances = [debt.balance_minor for debt in debts]
    free: dict[str, int | None] = {debt.name: (0 if debt.balance_minor == 0 else None) for debt in debts}
    rows: list[PayoffMonth] = []
    interest_total = 0
    while any(balances) and len(rows) < LONGEST_MONTHS and sum(balances) <= MINOR_MAX:
        month = len(rows) + 1
        interest = [_interest_minor(balance, rate) for balance, rate in zip(balances, rates, strict=True)]
        interest_total += sum(interest)
        owed = [balance + part for balance, part in zip(balances, interest, strict=True)]
        payments = [min(debt.minimum_minor, due) for debt, due in zip(debts, owed, strict=True)]
        left = 0 if monthly_minor is None else monthly_minor - sum(payments)
        for number in ranking:
            extra = min(left, owed[number] - payments[number])
            payments[number] += extra
            left -= extra
        balances = [due - paid for due, paid in zip(owed, payments, strict=True)]
        for debt, balance in zip(debts, balances, strict=True):
            if balance == 0 and free[debt.name] is None:
                free[debt.name] = month
        rows.append(PayoffMonth(month, tuple(payments), tuple(interest), tuple(balances)))
    done = not any(balances)
    return Payoff(len(rows) if done else None, interest_total, free, tuple(rows))


def _interest_minor(balance_minor: int, rate: Decimal) -> int:
    return round_half_up(EXACT.multiply(Decimal(balance_minor), rate))
