"""Personas in words: a sentence for each habit, and three tips from the goal and the weakest habit.

Sentences say what the figures show. A tip is a thing to look at, not advice about a product.

>>> from fintwin.projections.personas import Habit
>>> habit_text(Habit("months_covered", -6, 4))
'Money at hand covers 0.4 months of spending'
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from fintwin.domain.profiles.events import FinancialGoal
from fintwin.projections.personas import HABITS, Habit, PersonaScore


class Tip(msgspec.Struct, frozen=True):
    """A tip with its icon."""

    icon: str
    text: str


_TEXTS: Final = {
    "savings_rate": "{figure}% of the income of the last months was kept",
    "months_covered": "Money at hand covers {figure} months of spending",
    "regularity": "Something was left in {figure}% of the last months",
    "income_stability": "The poorest of the last months brought {figure}% of the usual income",
}
_GOAL_TIPS: Final[dict[FinancialGoal, tuple[Tip, Tip, Tip]]] = {
    "savings": (
        Tip("🎯", "Give the savings an amount and a date, and see in the twin what that takes each month."),
        Tip("🔁", "A transfer to savings on pay day happens before the money can be spent."),
        Tip("📊", "Look through the recurring payments once a quarter."),
    ),
    "investment": (
        Tip("🧺", "See how much of the portfolio hangs on its largest holding."),
        Tip("🛟", "Try a market shock in the twin before it happens outside."),
        Tip("📅", "Compare the same amount invested at once and month by month."),
    ),
    "debt_payoff": (
        Tip("🧮", "Compare in the twin which debt first costs the least interest."),
        Tip("✂️", "See what a small extra payment each month does to the last date."),
        Tip("🚧", "Keep the overdraft out of the plan: it is a debt, too."),
    ),
    "wealth_building": (
        Tip("🗺️", "Put the long goal into the twin and see which lever moves it most."),
        Tip("⚖️", "Compare the plan in today's money, not only in nominal sums."),
        Tip("🧱", "Let income rises go to the goal before spending grows with them."),
    ),
}
_HABIT_TIPS: Final = {
    "savings_rate": Tip(
        "💡", "The share of the income that is kept holds this score back: try 10% less spending in the twin."
    ),
    "months_covered": Tip(
        "💡", "Months of spending at hand hold this score back: see how long it takes to put one aside."
    ),
    "regularity": Tip("💡", "Months in which more goes out than comes in hold this score back: see what they share."),
    "income_stability": Tip(
        "💡", "Uneven income holds this score back: plan with the poorest month, not with the usual one."
    ),
}


def habit_text(habit: Habit) -> str:
    """What the ledger shows, in one phrase."""
    figure = Decimal(habit.figure).scaleb(-1) if habit.code == "months_covered" else habit.figure
    return _TEXTS[habit.code].format(figure=figure)


def tips(goal: FinancialGoal, score: PersonaScore) -> tuple[Tip, Tip, Tip]:
    """Three tips: of the goal, and instead of the last one that for the weakest habit, where habits were measured."""
    first, second, third = _GOAL_TIPS[goal]
    if not score.habits:
        return first, second, third
    weakest = min(score.habits, key=lambda habit: habit.points - HABITS[habit.code][0][0][1])
    return first, second, _HABIT_TIPS[weakest.code]
