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
from copy import copy
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
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows
from fintwin.projections.risk_state import DAY, EPOCH, PERIOD, PERIODS_KEPT, median, seconds

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


Saved = tuple[int, int, int]
"""One whole period: its number, income and spending in minor units."""


class Savings(msgspec.Struct, array_like=True, gc=False):
    """Money in one currency: what is at hand, income and spending of the present period, and of the last ones before it.

    Periods count from the first event (``origin``, seconds since 1970). Not frozen, so that a run of events costs one copy;
    only a fresh copy is ever written to.
    """

    origin: int
    liquid_minor: int = 0
    number: int | None = None
    income_minor: int = 0
    spending_minor: int = 0
    past: tuple[Saved, ...] = ()


class PersonaMoney(Row, frozen=True, gc=False):
    """Income, spending and money at hand in one currency, period by period."""

    user_id: UUID
    currency: str
    state: Savings


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
    kinds: dict[UUID, str | None] = {}
    savings: dict[str, Savings] = {}
    user_id = events[0].user_id
    own: str | None = None
    present: UUID | None = None
    for event in events:
        what = event.event
        kind = type(what)
        if kind is AccountOpened:
            kinds[event.stream_id] = what.kind
            present = None
            changes[ACCOUNT, event.stream_id] = PersonaAccount(user_id, event.stream_id, what.kind)
            continue
        if kind not in _MOVES:
            changes[PERSONA,] = Persona(user_id, what.financial_goal, what.risk_appetite, what.currency_preference)
            continue
        # Comparing ids is cheaper than looking one up, and a run seldom changes accounts.
        if event.stream_id != present:
            present = event.stream_id
            own = _kind(rows, kinds, present)
        assert own is not None, f"money on an account that is not open: {event.stream_id}"
        out = kind is Withdrawn or kind is TransferSent
        other: str | None = None
        if kind is TransferSent:
            other = _kind(rows, kinds, what.to_account)
        elif kind is TransferReceived:
            other = _kind(rows, kinds, what.from_account)
        if own == "loan" or (other is not None and other != "loan"):
            continue
        since = event.effective_at - EPOCH
        at = since.days * DAY + since.seconds
        money = savings.get(what.currency)
        if money is None:
            row: PersonaMoney | None = rows.get((MONEY, what.currency))
            money = savings[what.currency] = Savings(at) if row is None else copy(row.state)
        neither = what.reverses is not None or (other is not None and not out)
        save(money, at, -what.amount_minor if out else what.amount_minor, counts=not neither)
    for currency, money in savings.items():
        changes[MONEY, currency] = PersonaMoney(user_id, currency, money)
    return changes


def _kind(rows: UserRows, kinds: dict[UUID, str | None], account_id: UUID) -> str | None:
    """The kind of an own account, looked up once a run."""
    if account_id not in kinds:
        row: PersonaAccount | None = rows.get((ACCOUNT, account_id))
        # One that is opened later in the run is no own account yet.
        if row is None:
            return None
        kinds[account_id] = row.kind
    return kinds[account_id]


def save(money: Savings, at: int, delta_minor: int, *, counts: bool = True) -> None:
    """Money came or went, written into ``money``; what does not count as income or spending only changes what is at hand."""
    money.liquid_minor += delta_minor
    number, present = (at - money.origin) // PERIOD, money.number
    if number != present:
        if present is not None and number < present:
            if counts:
                money.past = tuple(_with(one, delta_minor) if one[0] == number else one for one in money.past)
            return
        if present is not None:
            last = (present, money.income_minor, money.spending_minor)
            money.past = tuple(one for one in (*money.past, last) if one[0] >= number - PERIODS_KEPT)
            money.income_minor = money.spending_minor = 0
        money.number = number
    if not counts:
        return
    if delta_minor > 0:
        money.income_minor += delta_minor
    else:
        money.spending_minor -= delta_minor


def _with(period: Saved, delta_minor: int) -> Saved:
    number, income_minor, spending_minor = period
    if delta_minor > 0:
        return number, income_minor + delta_minor, spending_minor
    return number, income_minor, spending_minor - delta_minor


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


def _measured(known: Savings, now: int) -> list[tuple[str, int]]:
    """The habits that can be measured: none before two whole periods had spending."""
    money = copy(known)
    save(money, max(now, money.origin), 0, counts=False)
    incomes = [income_minor for _, income_minor, _ in money.past]
    spendings = [spending_minor for _, _, spending_minor in money.past]
    if sum(spending_minor > 0 for spending_minor in spendings) < PERIODS_MIN:
        return []
    income, spent, whole_periods = sum(incomes), sum(spendings), min(PERIODS_KEPT, money.number or 0)
    found = [
        ("savings_rate", 100 * (income - spent) // income if income else -100),
        ("months_covered", max(0, money.liquid_minor) * 10 * whole_periods // spent),
        (
            "regularity",
            100 * sum(earned > paid for earned, paid in zip(incomes, spendings, strict=True)) // whole_periods,
        ),
    ]
    of_periods = (*incomes, *[0] * (whole_periods - len(incomes)))
    usual = median(of_periods)
    if usual:
        found.append(("income_stability", 100 * min(of_periods) // usual))
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
    sources=("risk_state",),
)
