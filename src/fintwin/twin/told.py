"""What a step tells: a sentence for people and, for loans, payoffs and goals, the figures behind it.

StepTold(1, "withdraw", "Withdraws 40000.00 EUR once, on 2026-11-22.", "EUR")
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from fintwin.twin.loans import LoanRow


class LoanPhase(msgspec.Struct, frozen=True):
    """A stretch of a loan with one rate; ``unrounded_balance_minor`` is what the formula alone gives for its beginning."""

    from_month: int
    annual_rate_percent: Decimal
    instalment_minor: int
    balance_minor: int
    unrounded_balance_minor: int | None


class LoanTold(msgspec.Struct, frozen=True):
    """A loan in figures, its rows as a bank would print them."""

    instalment_minor: int
    last_payment_minor: int
    interest_minor: int
    months: int
    phases: tuple[LoanPhase, ...]
    rows: tuple[LoanRow, ...]


class PayoffTold(msgspec.Struct, frozen=True):
    """When the debts are gone and what that saves; None: never within a hundred years."""

    months: int | None
    free_on: dt.date | None
    free_after_months: tuple[int | None, ...]
    interest_minor: int
    minimums_only_months: int | None
    minimums_only_interest_minor: int
    interest_saved_minor: int | None


class GoalTold(msgspec.Struct, frozen=True):
    """The monthly sum that reaches the goal, and whether the run reaches it."""

    monthly_minor: int
    payments: int
    on: dt.date
    reached: bool
    balance_minor: int


class StepTold(msgspec.Struct, frozen=True):
    """What a step did, in a sentence and, where there is more, in figures. ``number`` is its place in the document, from 1."""

    number: int
    type: str
    sentence: str
    currency: str
    loan: LoanTold | None = None
    payoff: PayoffTold | None = None
    goal: GoalTold | None = None
