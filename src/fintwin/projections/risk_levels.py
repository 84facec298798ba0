"""What the state of things says about risk, and the score: the sum of all reasons, at most 100.

`score` is pure: the same states at the same moment give the same reasons. Points of all reasons sum to the score; where
they would pass 100 the weakest reasons give way. Every reason says what was seen, from where on it counts, and which
transactions are behind it; `risk_text` puts it into words.

>>> from fintwin.projections.risk_state import AccountRisk, Pot
>>> account = AccountRisk(currency="EUR", kind="checking", balance_minor=-600_00, limit_minor=1000_00)
>>> [(one.code, one.points) for one in score(account, Pot(origin=0, liquid_minor=-600_00), 0).reasons]
[('overdrawn', 40)]
"""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import msgspec

from fintwin.projections.risk_money import (
    DRAINED_PARTS,
    FORGOTTEN_AFTER_GAPS,
)
from fintwin.projections.risk_signals import fading
from fintwin.projections.risk_state import DAY, PERIOD, AccountRisk, Income, Pot

Level = Literal["low", "medium", "high"]
Unit = Literal["money", "count", "percent", "days", "tenths_of_months"]

SCORE_MAX: Final = 100
ANOMALY_POINTS: Final = 20
EVIDENCE_MAX: Final = 4
LOW_MAX: Final = 30
MEDIUM_MAX: Final = 60

UNITS: Final[dict[str, Unit]] = {
    "large_payment": "percent",
    "new_counterparty": "percent",
    "unusual_amount": "money",
    "in_and_out": "percent",
    "dormant_then_busy": "days",
    "payments_1h": "count",
    "payments_24h": "count",
    "payments_7d": "count",
    "spending_1h": "money",
    "spending_24h": "money",
    "spending_7d": "money",
    "drained": "percent",
    "low_cover": "tenths_of_months",
    "overdrawn": "money",
    "income_stopped": "days",
    "ml_anomaly": "count",
}
"""Every reason there is, and what its figures count. ``ml_anomaly`` is added on request only, see `with_anomalies`."""

_WINDOWED: Final = ("payments_", "spending_")
COVER_TENTHS: Final = 30
"""Three months of spending at hand are no reason."""
_COVER_STEADY: Final = ((2, 12), (5, 8), (10, 5))
_COVER_ALONE: Final = ((2, 30), (5, 25), (10, 20), (20, 14), (COVER_TENTHS, 10))
"""Below so many tenths of months so many points: with a regular income that comes, and without."""
_STOPPED_POINTS: Final = (30, 45, 55)
"""For one, two, and more missed payments of an income that was all there was."""
STOPPED_PERCENT: Final = 40
"""Income has stopped when so much of the usual is missing."""


class Reason(msgspec.Struct, frozen=True):
    """Why the score is what it is; figures in ``unit``, money in minor units of the account's currency."""

    code: str
    points: int
    unit: Unit
    observed: int
    threshold: int
    evidence: tuple[UUID, ...] = ()


class Score(msgspec.Struct, frozen=True):
    """The score of an account at one moment, strongest reason first; the points of the reasons sum to it."""

    score: int
    level: Level
    reasons: tuple[Reason, ...]


NO_RISK: Final = Score(0, "low", ())


def level_of(points: int) -> Level:
    """The alert level of a score."""
    return "low" if points <= LOW_MAX else "medium" if points <= MEDIUM_MAX else "high"


def score(account: AccountRisk, pot: Pot | None, now: int) -> Score:
    """The score of an account at ``now``, in seconds since 1970."""
    if account.closed:
        return NO_RISK
    found = _raised(account, now) if account.raised else []
    if account.balance_minor < 0:
        found.extend(_overdrawn(account, pot, now))
    if pot is not None and account.kind != "loan":
        found.extend(_drained(account, pot, now))
        found.extend(_low_cover(account, pot, now))
        if pot.due and now >= pot.due:
            found.extend(_income_stopped(pot, now))
    return _summed(found)


def _summed(found: list[Reason]) -> Score:
    """The score of these reasons, the weakest of which give way where they would pass the highest score."""
    if not found:
        return NO_RISK
    found.sort(key=lambda one: (-one.points, one.code))
    left, kept = SCORE_MAX, []
    for one in found:
        points = min(left, one.points)
        if points:
            kept.append(msgspec.structs.replace(one, points=points) if points < one.points else one)
        left -= points
    total = SCORE_MAX - left
    return Score(total, level_of(total), tuple(kept))


def with_anomalies(before: Score, count: int, severity_percent: int, evidence: tuple[UUID, ...]) -> Score:
    """The score with one more reason for so many unusual transactions, the worst of this severity."""
    points = max(1, ANOMALY_POINTS * severity_percent // 100)
    return _summed([*before.reasons, _reason("ml_anomaly", points, count, 0, evidence[:EVIDENCE_MAX])])


def _raised(account: AccountRisk, now: int) -> list[Reason]:
    """What payments have raised and has not faded; of the windows over one figure only the one that says most."""
    best: dict[str, tuple[int, int, Reason]] = {}
    for code, one in account.raised.items():
        points = fading(code, one, now)
        family = code.partition("_")[0] if code.startswith(_WINDOWED) else code
        known = best.get(family)
        if points > 0 and (known is None or (points, one.at) > known[:2]):
            best[family] = (points, one.at, _reason(code, points, one.observed, one.threshold, one.evidence))
    return [reason for _, _, reason in best.values()]


def _reason(code: str, points: int, observed: int, threshold: int, evidence: tuple[UUID, ...]) -> Reason:
    return Reason(code, points, UNITS[code], observed, threshold, evidence)


def _overdrawn(account: AccountRisk, pot: Pot | None, now: int) -> list[Reason]:
    """Below zero; more for being near the limit, most for being beyond it, less for who lives like that on an income."""
    if account.kind == "loan":
        return []
    used, limit = -account.balance_minor, account.limit_minor
    if used > limit:
        points = 70
    elif pot is not None and pot.often_overdrawn and pot.due > now and 5 * used < 4 * limit:
        points = 14
    else:
        points = 26 if 2 * used < limit else 40 if 5 * used < 4 * limit else 55
    evidence = () if account.overdrawn_by is None else (account.overdrawn_by,)
    return [_reason("overdrawn", points, account.balance_minor, 0, evidence)]


def _drained(account: AccountRisk, pot: Pot, now: int) -> list[Reason]:
    """A tenth or less is left of the highest of this period and the one before, which is not how the periods usually end."""
    if pot.often_low or not pot.whole_periods or pot.number is None or (now - pot.origin) // PERIOD > pot.number + 1:
        return []
    highest = pot.high_minor
    if pot.past and pot.past[-1].number == pot.number - 1:
        highest = max(highest, pot.past[-1].high_minor)
    left = max(0, pot.liquid_minor)
    if highest <= 0 or DRAINED_PARTS * left > highest:
        return []
    points = 20 if 20 * left > highest else 25 if 100 * left > highest else 30
    return [_reason("drained", points, 100 * left // highest, 100 // DRAINED_PARTS, account.recent)]


def _low_cover(account: AccountRisk, pot: Pot, now: int) -> list[Reason]:
    """The money at hand lasts for less than three months of the usual spending; less than one with a regular income."""
    if not pot.spent_minor:
        return []
    tenths = max(0, pot.liquid_minor) * 10 * pot.whole_periods // pot.spent_minor
    # One period shows no rhythm yet, so it is no sign of there being none.
    steady = pot.due > now or pot.whole_periods == 1
    for below, points in _COVER_STEADY if steady else _COVER_ALONE:
        if tenths < below:
            threshold = 10 if steady else COVER_TENTHS
            return [_reason("low_cover", points, tenths, threshold, account.recent)]
    return []


def _income_stopped(pot: Pot, now: int) -> list[Reason]:
    """A regular income is overdue, and what came in instead does not make up for it."""
    found = [reason for one in pot.incomes.values() if (reason := _stopped(pot, one, now)) is not None]
    return [max(found, key=lambda one: (one.points, one.evidence))] if found else []


def _stopped(pot: Pot, income: Income, now: int) -> Reason | None:
    missed_at = income.missed_at
    if not missed_at or now < missed_at:
        return None
    days, rhythm = (now - income.at) // DAY, income.rhythm_days
    missed = 1 + (now - missed_at) // (rhythm * DAY)
    usual = income.usual_minor * days // 30
    if missed > FORGOTTEN_AFTER_GAPS or usual <= 0:
        return None
    missing_percent = 100 - min(100, 100 * (pot.total_minor - income.total_minor) // usual)
    if missing_percent < STOPPED_PERCENT:
        return None
    points = _STOPPED_POINTS[min(missed, len(_STOPPED_POINTS)) - 1] * missing_percent // 100
    threshold = (missed_at - income.at) // DAY
    return _reason("income_stopped", points, days, threshold, (income.transaction_id,))
