"""Personas: what kind of saver a person is, from the goal and appetite they told and the habits that the ledger shows.

The base score is that of the label. On top comes what the last whole 30-day periods show: share of the income that was kept,
months of spending at hand, how regularly something was left, how even the income was. Nothing is measured before two whole
periods had spending in them, so income alone, told or booked, moves nothing; with nothing measured the score is the base.
`persona_score` is pure; `personas_text` has the words.

Worked example: goal ``investment``, appetite ``medium``; three months with 3,000.00 in and 2,000.00 out each, 3,000.00 left:

    base 72, savings_rate +8 (33 percent), months_covered 0 (1.5), regularity +4 (3 of 3), income_stability +2  ->  86
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.domain.accounts.events import (
    AccountKind,
    AccountOpened,
    Deposited,
    TransferReceived,
    TransferSent,
    Withdrawn,
)
from fintwin.domain.profiles.events import FinancialGoal, ProfileChanged, ProfileCompleted, RiskAppetite
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows, current
from fintwin.projections.risk_money import look_back, move, own_pot
from fintwin.projections.risk_state import Pot, median, seconds

PERSONA: Final = "persona"
ACCOUNT: Final = "persona_account"
MONEY: Final = "persona_money"

SCORE_MAX: Final = 100
PERIODS_MIN: Final = 2

BASES: Final[dict[tuple[FinancialGoal, RiskAppetite], tuple[str, str, int]]] = {
    ("savings", "low"): ("Conservative Saver", "🛡️", 65),
    ("savings", "medium"): ("Steady Saver", "💰", 60),
    ("savings", "high"): ("Dynamic Saver", "⚡", 55),
    ("investment", "low"): ("Cautious Investor", "🔍", 58),
    ("investment", "medium"): ("Balanced Builder", "⚖️", 72),
    ("investment", "high"): ("Aggressive Investor", "🚀", 80),
    ("debt_payoff", "low"): ("Careful Debt Crusher", "🎯", 50),
    ("debt_payoff", "medium"): ("Debt Crusher", "💪", 62),
    ("debt_payoff", "high"): ("Rapid Debt Slayer", "🔥", 70),
    ("wealth_building", "low"): ("Patient Wealth Builder", "🌱", 68),
    ("wealth_building", "medium"): ("Strategic Wealth Builder", "📈", 78),
    ("wealth_building", "high"): ("Empire Builder", "🏆", 88),
}
"""Label, emoji and base score."""

_Steps = tuple[tuple[int, int], ...]
_SAVINGS_RATE: Final[_Steps] = ((30, 8), (20, 6), (10, 3), (0, 0), (-20, -6))
_MONTHS_COVERED: Final[_Steps] = ((60, 6), (30, 3), (10, 0))
_REGULARITY: Final[_Steps] = ((100, 4), (66, 2), (34, 0))
_STABILITY: Final[_Steps] = ((80, 2), (50, 0))
HABITS: Final[dict[str, tuple[_Steps, int]]] = {
    "savings_rate": (_SAVINGS_RATE, -10),
    "months_covered": (_MONTHS_COVERED, -6),
    "regularity": (_REGULARITY, -4),
    "income_stability": (_STABILITY, -3),
}
"""From which figure on so many points, and the points below all of them.

Percent of the income kept; tenths of months; percent of the periods with something left; percent of the usual income in the
poorest period.
"""


class Persona(Row, frozen=True, gc=False):
    """What a person told."""

    user_id: UUID
    goal: FinancialGoal
    appetite: RiskAppetite
    currency: str


class PersonaAccount(Row, frozen=True, gc=False):
    """An own account."""

    user_id: UUID
    account_id: UUID
    kind: AccountKind


class PersonaMoney(Row, frozen=True, gc=False):
    """Income, spending and money at hand in one currency, period by period."""

    user_id: UUID
    currency: str
    state: Pot


class Habit(msgspec.Struct, frozen=True):
    """One measured habit: its figure, as `HABITS` counts it, and the points it gives."""

    code: str
    points: int
    figure: int


class PersonaScore(msgspec.Struct, frozen=True):
    """The score: base and points of the habits, which are all those measured, in a fixed order."""

    label: str
    emoji: str
    base: int
    score: int
    habits: tuple[Habit, ...]


_MOVES: Final = frozenset((Deposited, Withdrawn, TransferSent, TransferReceived))


def keys(event: Recorded) -> list[Key]:
    """What was told, or the money in the event's currency, its account and the other one of a transfer."""
    what = event.event
    kind = type(what)
    if kind not in _MOVES:
        return [] if kind is AccountOpened else [(PERSONA,)]
    named: list[Key] = [(MONEY, what.currency), (ACCOUNT, event.stream_id)]
    if kind is TransferSent:
        named.append((ACCOUNT, what.to_account))
    elif kind is TransferReceived:
        named.append((ACCOUNT, what.from_account))
    return named


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """What was told, and what came in and went out."""
    changes: dict[Key, Any] = {}
    pots: dict[str, Pot] = {}
    for event in events:
        what = event.event
        kind = type(what)
        if kind is AccountOpened:
            changes[ACCOUNT, event.stream_id] = PersonaAccount(event.user_id, event.stream_id, what.kind)
        elif kind not in _MOVES:
            told = Persona(event.user_id, what.financial_goal, what.risk_appetite, what.currency_preference)
            changes[PERSONA,] = told
        else:
            _move(rows, changes, pots, event)
    for currency, pot in pots.items():
        changes[MONEY, currency] = PersonaMoney(events[0].user_id, currency, pot)
    return changes


def _move(rows: UserRows, changes: dict[Key, Any], pots: dict[str, Pot], event: Recorded) -> None:
    """Money came or went: into a copy of the pot. What is usual is found when it is asked for, by `_measured`."""
    what = event.event
    kind = type(what)
    account: PersonaAccount = current(rows, changes, (ACCOUNT, event.stream_id))
    if account.kind == "loan":
        return
    out = kind is Withdrawn or kind is TransferSent
    other: PersonaAccount | None = None
    if kind is TransferSent:
        other = current(rows, changes, (ACCOUNT, what.to_account))
    elif kind is TransferReceived:
        other = current(rows, changes, (ACCOUNT, what.from_account))
    if other is not None and other.kind != "loan":
        return
    at = seconds(event.effective_at)
    pot = pots.get(what.currency)
    if pot is None:
        row: PersonaMoney | None = rows.get((MONEY, what.currency))
        pot = pots[what.currency] = Pot(at) if row is None else own_pot(row.state)
    amount: int = what.amount_minor
    if what.reverses is not None or (other is not None and not out):
        move(pot, at, -amount if out else amount)
    elif out:
        move(pot, at, -amount, 0, amount)
    else:
        move(pot, at, amount, amount)


def persona_score(told: Persona, money: PersonaMoney | None, now: datetime) -> PersonaScore:
    """The persona at a moment; ``money`` is that in the currency that the person told."""
    label, emoji, base = BASES[told.goal, told.appetite]
    habits: list[Habit] = []
    score = base
    for code, figure in () if money is None else _measured(money.state, seconds(now)):
        points = max(-score, min(SCORE_MAX - score, _points(code, figure)))
        habits.append(Habit(code, points, figure))
        score += points
    return PersonaScore(label, emoji, base, score, tuple(habits))


def _points(code: str, figure: int) -> int:
    steps, below = HABITS[code]
    return next((points for least, points in steps if figure >= least), below)


def _measured(money: Pot, now: int) -> list[tuple[str, int]]:
    """The habits that can be measured: none before two whole periods had spending."""
    pot = own_pot(money)
    move(pot, max(now, pot.origin), 0)
    look_back(pot)
    if sum(one.spending_minor > 0 for one in pot.past) < PERIODS_MIN:
        return []
    income = sum(one.income_minor for one in pot.past)
    kept_percent = 100 * (income - pot.spent_minor) // income if income else -100
    found = [
        ("savings_rate", kept_percent),
        ("months_covered", max(0, pot.liquid_minor) * 10 * pot.whole_periods // pot.spent_minor),
        ("regularity", 100 * sum(one.income_minor > one.spending_minor for one in pot.past) // pot.whole_periods),
    ]
    incomes: tuple[Any, ...] = tuple(one.income_minor for one in pot.past)
    incomes += (0,) * (pot.whole_periods - len(incomes))
    usual = median(incomes)
    if usual:
        found.append(("income_stability", 100 * min(incomes) // usual))
    return found


MODEL: Final = ReadModel(
    name="personas",
    version=1,
    tables=(
        Table(PERSONA, Persona, key_fields=1),
        Table(ACCOUNT, PersonaAccount, key_fields=2),
        Table(MONEY, PersonaMoney, key_fields=2),
    ),
    events=(ProfileCompleted, ProfileChanged, AccountOpened, Deposited, Withdrawn, TransferSent, TransferReceived),
    keys=keys,
    fold=fold,
    sources=("risk_money", "risk_state"),
)
