"""Loans and payoffs as steps: instalments merely happen, month by month, whatever is on the account.

told = loan(builder, built, 1, Loan(amount=Decimal(300000), annual_rate_percent=Decimal(6), months=360))
told.loan.instalment_minor     # 179865
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fintwin.domain.money import in_words
from fintwin.twin import scenario as ask
from fintwin.twin.faults import ScenarioError
from fintwin.twin.interest import round_half_up
from fintwin.twin.line import Debt
from fintwin.twin.loans import LoanRow, exact_balance_minor, instalment_minor, schedule, total_interest_minor
from fintwin.twin.outlook import Item, Origin, mark
from fintwin.twin.payoff import Debt as PayoffDebt
from fintwin.twin.payoff import pay_off
from fintwin.twin.told import LoanPhase, LoanTold, PayoffTold, StepTold

if TYPE_CHECKING:
    from fintwin.twin.steps import Builder, Built


def loan(builder: Builder, built: Built, number: int, step: ask.Loan) -> StepTold:
    """Pay a loan out, where wanted, and pay it back."""
    account_id, state = builder.account(number, step.account_id)
    amount = builder.minor(number, step.amount, state.currency)
    day = builder.day(number, step.on, "on")
    extras = {one.month: builder.minor(number, one.amount, state.currency, "extra") for one in step.extra}
    extra_monthly = builder.minor(number, step.extra_monthly, state.currency, "extra_monthly")
    rows, phases = _rows(amount, step, extras, extra_monthly)
    origin = Origin("loan", str(number))
    if step.paid_out:
        built.items.append(Item(day, account_id, amount, origin, counted=False))
    days = [mark(day, row.month) for row in rows]
    built.items += [
        Item(on, account_id, -row.payment_minor, origin)
        for on, row in zip(days, rows, strict=True)
        if on <= builder.end
    ]
    owed = ((day, amount), *((on, row.balance_minor) for on, row in zip(days, rows, strict=True)))
    built.debts.append(Debt(state.currency, tuple(owed)))
    told = LoanTold(
        instalment_minor=phases[0].instalment_minor,
        last_payment_minor=rows[-1].payment_minor,
        interest_minor=total_interest_minor(rows),
        months=len(rows),
        phases=tuple(phases),
        rows=tuple(rows),
    )
    sentence = (
        f"Borrows {in_words(amount, state.currency)} at {step.annual_rate_percent:f} % on {day}: "
        f"{in_words(told.instalment_minor, state.currency)} a month, {told.months} payments, "
        f"{in_words(told.interest_minor, state.currency)} of interest."
    )
    return StepTold(number, "loan", sentence, state.currency, loan=told)


def _rows(
    amount: int, step: ask.Loan, extras: dict[int, int], extra_monthly: int
) -> tuple[list[LoanRow], list[LoanPhase]]:
    """The rows of a loan whose rate may change on the way; the end date stays."""
    rows: list[LoanRow] = []
    phases: list[LoanPhase] = []
    changes = [(0, step.annual_rate_percent), *((one.month, one.annual_rate_percent) for one in step.rate_changes)]
    balance = amount
    for place, (since, rate) in enumerate(changes):
        if not balance:
            break
        left = step.months - since
        upto = changes[place + 1][0] if place + 1 < len(changes) else step.months
        later = {month - since: extra for month, extra in extras.items() if month > since}
        part = schedule(balance, rate, left, extra_minor=later, extra_each_month_minor=extra_monthly)[: upto - since]
        unrounded = None
        if place == 1 and not extras and not extra_monthly:
            unrounded = round_half_up(exact_balance_minor(amount, changes[0][1], step.months, paid=since))
        phases.append(LoanPhase(since + 1, rate, instalment_minor(balance, rate, left), balance, unrounded))
        rows += [
            LoanRow(since + row.month, row.payment_minor, row.interest_minor, row.principal_minor, row.balance_minor)
            for row in part
        ]
        balance = rows[-1].balance_minor
    return rows, phases


def payoff(builder: Builder, built: Built, number: int, step: ask.Payoff) -> StepTold:
    """Pay several debts off with one monthly sum."""
    account_id, state = builder.account(number, step.account_id)
    monthly = builder.minor(number, step.monthly, state.currency, "monthly")
    debts = tuple(
        PayoffDebt(
            str(place),
            builder.minor(number, debt.balance, state.currency, f"debts[{place}].balance"),
            debt.annual_rate_percent,
            builder.minor(number, debt.minimum, state.currency, f"debts[{place}].minimum"),
        )
        for place, debt in enumerate(step.debts)
    )
    answer = pay_off(debts, monthly, step.order)
    assert answer is not None, "the document was checked: the sum covers the minimums"
    if answer.plan.months is None and len(answer.plan.rows) < builder.months:
        raise ScenarioError(
            "balance_too_large", f"steps[{number - 1}]", "The debts grow beyond 15 digits: pay more a month."
        )
    replaced = {str(key) for key in step.replaces}
    built.items = [item for item in built.items if item.origin.kind != "flow" or item.origin.id not in replaced]
    rows = answer.plan.rows
    origin = Origin("loan", str(number))
    days = [mark(builder.today, row.month) for row in rows]
    built.items += [
        Item(day, account_id, -sum(row.payments_minor), origin)
        for day, row in zip(days, rows, strict=True)
        if day <= builder.end and any(row.payments_minor)
    ]
    owed = [(builder.today, sum(debt.balance_minor for debt in debts))]
    owed += [(day, sum(row.balances_minor)) for day, row in zip(days, rows, strict=True) if day <= builder.end]
    built.debts.append(Debt(state.currency, tuple(owed)))
    plan = answer.plan
    free = None if plan.months is None else mark(builder.today, plan.months)
    told = PayoffTold(
        months=plan.months,
        free_on=free,
        free_after_months=_in_order(plan.free_after_months, debts),
        interest_minor=plan.interest_minor,
        minimums_only_months=answer.minimums_only.months,
        minimums_only_interest_minor=answer.minimums_only.interest_minor,
        interest_saved_minor=answer.interest_saved_minor,
    )
    end = f"free of them on {free}" if free else "they are never paid off within a hundred years"
    sentence = (
        f"Pays {len(debts)} debts off with {in_words(monthly, state.currency)} a month ({step.order.value}): {end}."
    )
    return StepTold(number, "payoff", sentence, state.currency, payoff=told)


def _in_order(free: dict[str, int | None], debts: Sequence[PayoffDebt]) -> tuple[int | None, ...]:
    return tuple(free[debt.name] for debt in debts)
