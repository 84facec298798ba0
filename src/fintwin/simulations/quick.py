"""The six quick questions, as scenario documents of the one engine.

    withdrawal, deposit     money today; the balance right afterwards
    rate_change             percentage points on the account's rate; the balance after twelve months
    recurring_expense       money a month; the balance after twelve months, found flows on both sides
    investment_growth       money put away today at a rate; what is left plus what it has become after twelve months
    emergency_fund          money taken out today; how many months are covered before and after

An amount above the balance is no error: the balance would be below zero, and a flag says so.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from fintwin.domain.money import in_words, parse_minor
from fintwin.domain.refusals import Refusal
from fintwin.projections.risk_levels import level_of
from fintwin.twin import scenario as ask
from fintwin.twin.answer import Answer, Simulation
from fintwin.twin.faults import ScenarioError
from fintwin.twin.fork import Fork
from fintwin.twin.goals import emergency_months
from fintwin.twin.interest import MONTHS_A_YEAR, Compounding, future_value_minor
from fintwin.twin.outcome import LIQUID, shown
from fintwin.twin.outlook import essential_months_minor
from fintwin.twin.steps import main_account

Scenario = Literal["withdrawal", "deposit", "rate_change", "recurring_expense", "investment_growth", "emergency_fund"]
DEFAULT_GROWTH_PERCENT = Decimal(7)
OVERDRAWN_SCORE = 70
LARGE_SHARE_PERCENT = 50
LARGE_SCORE = 35
RATE_MAX = 1_000


class QuickAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A quick question; ``amount`` is money, or percentage points for `rate_change`."""

    scenario: Scenario
    amount: Decimal
    account_id: UUID | None = None
    rate_percent: Decimal | None = None


class QuickTold(msgspec.Struct, frozen=True, kw_only=True):
    """The answer; balances in ``currency``, months covered only for `emergency_fund`."""

    account_id: UUID
    scenario: Scenario
    amount: Decimal
    currency: str
    current_balance_minor: int
    virtual_balance_minor: int
    baseline_balance_minor: int
    months: int
    rate_percent: Decimal | None
    risk_score: int
    alert_level: Literal["low", "medium", "high"]
    flags: tuple[str, ...]
    recommendation: str
    months_covered_before: Decimal | None
    months_covered_after: Decimal | None


def quick_document(fork: Fork, asked: QuickAsked) -> ask.Document:
    """The document of a question. Raises `ScenarioError`."""
    account_id = asked.account_id or main_account(fork)
    state = fork.accounts.get(account_id)
    if state is None:
        raise ScenarioError("unknown_account", "account_id", "There is no such account.")
    steps: tuple[ask.Step, ...]
    months = 1
    if asked.scenario == "rate_change":
        if not asked.amount.is_finite() or abs(asked.amount) > RATE_MAX:
            raise ScenarioError("out_of_range", "amount", "A change of rate lies between -1000 and 1000 points.")
        steps, months = (ask.ChangeRate(points=asked.amount, account_id=account_id),), MONTHS_A_YEAR
    else:
        amount = parse_minor(asked.amount, state.currency)
        if isinstance(amount, Refusal):
            raise ScenarioError(amount.code.value, "amount", amount.detail)
        if amount <= 0:
            raise ScenarioError("amount_not_positive", "amount", "The amount must be greater than zero.")
        rate = asked.rate_percent
        if rate is not None and (not rate.is_finite() or abs(rate) > RATE_MAX):
            raise ScenarioError("out_of_range", "rate_percent", "A rate lies between -1000 and 1000 percent.")
        if asked.scenario == "deposit":
            steps = (ask.Deposit(amount=asked.amount, account_id=account_id),)
        elif asked.scenario == "recurring_expense":
            steps = (ask.Withdraw(amount=asked.amount, account_id=account_id, every=ask.Every()),)
            months = MONTHS_A_YEAR
        else:
            steps = (ask.Withdraw(amount=asked.amount, account_id=account_id),)
            months = MONTHS_A_YEAR if asked.scenario == "investment_growth" else 1
    return ask.Document(horizon_months=months, steps=steps, accounts=(account_id,))


def quick_told(simulation: Simulation, found: Answer, asked: QuickAsked) -> QuickTold:
    """The answer made from the run."""
    account_id = simulation.selected[0]
    state = simulation.fork.accounts[account_id]
    currency = state.currency
    total = found.totals[0]
    now = state.balance_minor
    lines = next(one.series for one in found.accounts if one.account_id == account_id)
    amount = 0 if asked.scenario == "rate_change" else simulation.amount_minor(asked.amount, currency, "amount")
    refused = total.scenario.refused.amount_minor
    months = 0 if asked.scenario in {"withdrawal", "deposit", "emergency_fund"} else MONTHS_A_YEAR
    place = -1 if months else 0
    baseline = lines.baseline_minor[place]
    # The question is what would be there, so what the rules refuse is taken off all the same, and flagged.
    virtual = lines.scenario_minor[place] - refused
    rate = None
    if asked.scenario == "investment_growth":
        rate = DEFAULT_GROWTH_PERCENT if asked.rate_percent is None else asked.rate_percent
        virtual += future_value_minor(amount, rate, years=1, compounding=Compounding.YEARLY)
    lowest = total.scenario.lowest_minor - refused
    flags = _flags(amount, now, lowest, asked)
    risks = next((one for one in found.risk if one.account_id == account_id), None)
    score = 0 if risks is None else risks.scenario[place]
    if lowest < 0:
        score = max(score, OVERDRAWN_SCORE)
    elif flags:
        score = max(score, LARGE_SCORE)
    before = after = None
    if asked.scenario == "emergency_fund" and state.kind in LIQUID:
        mine = (item for item in simulation.baseline_built.items if item.account_id == account_id)
        essential = essential_months_minor(mine, simulation.fork.today, 1)
        before, after = (shown(emergency_months(balance, essential)) for balance in (now, now - amount))
    return QuickTold(
        account_id=account_id,
        scenario=asked.scenario,
        amount=asked.amount,
        currency=currency,
        current_balance_minor=now,
        virtual_balance_minor=virtual,
        baseline_balance_minor=baseline,
        months=months,
        rate_percent=rate,
        risk_score=score,
        alert_level=level_of(score),
        flags=flags,
        recommendation=_text(currency, months, virtual, baseline, rate),
        months_covered_before=before,
        months_covered_after=after,
    )


def _flags(amount: int, now: int, lowest: int, asked: QuickAsked) -> tuple[str, ...]:
    flags = []
    if lowest < 0:
        flags.append("The account would be overdrawn")
    if (
        asked.scenario in {"withdrawal", "investment_growth", "emergency_fund"}
        and 100 * amount > LARGE_SHARE_PERCENT * now
    ):
        flags.append("The amount exceeds 50% of the balance")
    return tuple(flags)


def _text(currency: str, months: int, virtual: int, baseline: int, rate: Decimal | None) -> str:
    when = f"After {months} months" if months else "Right afterwards"
    text = f"{when} there would be {in_words(virtual, currency)}"
    difference = virtual - baseline
    if difference:
        text += f", {in_words(abs(difference), currency)} {'more' if difference > 0 else 'less'} than without"
    if rate is not None:
        text += f", with {rate:f} % a year on the invested sum"
    return text + "."
