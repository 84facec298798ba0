"""Recurring flows: salary, rent, subscriptions, yearly bills, found in the history without a word typed in.

Payments are looked at per account, direction and counterparty (without one: per kind and category). `tracks`
proposes rhythms, `regular` judges them, and this module takes the best one out, again and again, until nothing
regular is left; the rest is everyday money.

Worked example: twelve transfers of 1,200.00 to one payee, on the 1st or on the Monday after a weekend, are one flow:
monthly, day 1, weekend "after", amount -1,200.00, next on the 1st (or the Monday) after the last.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from fintwin.twin.flows import Flow
from fintwin.twin.regular import Fit, judge
from fintwin.twin.schedule import Schedule, Unit
from fintwin.twin.tracks import best_tracks

LEAST_COVERAGE = 0.74
MOST_FLOWS_A_GROUP = 12
OVERDUE_DAYS = 5
PART_OF_PERIOD = 0.4
"""The next date is looked for from here on: a payment that came early must not find its own date again."""


class Recurring(msgspec.Struct, frozen=True):
    """One found flow. `key` stays the same while the history grows; amounts are signed, in minor units.

    `low_minor` and `high_minor` are the smallest and largest recent amount by size, `confidence` is from 0 to 1.
    `next_on` is None where the flow has ended: two due dates passed without a payment.
    """

    key: UUID
    account_id: UUID
    payee_ref: str | None
    kind: str
    category: str | None
    schedule: Schedule
    amount_minor: int
    low_minor: int
    high_minor: int
    confidence: float
    transaction_ids: tuple[UUID, ...]
    first_on: dt.date
    last_on: dt.date
    next_on: dt.date | None

    @property
    def is_income(self) -> bool:
        """Whether money comes in."""
        return self.amount_minor > 0


class Found(msgspec.Struct, frozen=True):
    """The recurring flows, and the flows that belong to none: the everyday remainder."""

    recurring: tuple[Recurring, ...]
    everyday: tuple[Flow, ...]


_GroupKey = tuple[UUID, bool, str | None, str, str | None]


def find_recurring(flows: Iterable[Flow], as_of: dt.date) -> Found:
    """Split a history up to `as_of` into recurring flows and the everyday remainder.

    Time grows with the number of flows times the number of flows found per counterparty, at most twelve.
    """
    groups: dict[_GroupKey, list[Flow]] = defaultdict(list)
    for flow in flows:
        if flow.amount_minor and flow.on <= as_of:
            groups[_group_key(flow)].append(flow)
    found: list[Recurring] = []
    everyday: list[Flow] = []
    for key, members in groups.items():
        members.sort(key=lambda flow: (flow.on, flow.position))
        fits, rest = _fits(members)
        found.extend(_described(fits, key, as_of))
        everyday.extend(rest)
    found.sort(key=lambda one: (one.first_on, one.key.int))
    everyday.sort(key=lambda flow: (flow.on, flow.position))
    return Found(tuple(found), tuple(everyday))


def _group_key(flow: Flow) -> _GroupKey:
    income = flow.amount_minor > 0
    if flow.payee_ref is not None:
        return flow.account_id, income, flow.payee_ref, "", None
    return flow.account_id, income, None, flow.kind, flow.category


def _fits(members: list[Flow]) -> tuple[list[Fit], list[Flow]]:
    """Take the best regular track out of one group, and again, until nothing regular is left."""
    rest = members
    fits: list[Fit] = []
    while len(fits) < MOST_FLOWS_A_GROUP:
        fit = next((one for track in best_tracks(rest, LEAST_COVERAGE) if (one := judge(track, rest))), None)
        if fit is None:
            break
        taken = {step.flow.transaction_id for step in fit.track.steps}
        fits.append(fit)
        rest = [flow for flow in rest if flow.transaction_id not in taken]
    return fits, rest


def _described(fits: Sequence[Fit], key: _GroupKey, as_of: dt.date) -> list[Recurring]:
    """Describe the flows of one group; each gets a key of its own that later payments do not change."""
    account_id, income, payee_ref, _, _ = key
    described = []
    seen: Counter[tuple[Unit, int]] = Counter()
    for fit in sorted(fits, key=lambda fit: fit.track.steps[0].flow.position):
        flows = [step.flow for step in fit.track.steps]
        amounts = sorted((flow.amount_minor for flow in flows[-12:]), key=abs)
        rhythm = (fit.schedule.unit, fit.schedule.every)
        name = f"{account_id}:{income}:{payee_ref or flows[-1].kind}:{key[4]}:{rhythm}:{seen[rhythm]}"
        seen[rhythm] += 1
        described.append(
            Recurring(
                key=uuid5(NAMESPACE_URL, f"fintwin:recurring:{name}"),
                account_id=account_id,
                payee_ref=payee_ref,
                kind=flows[-1].kind,
                category=Counter(flow.category for flow in flows).most_common(1)[0][0],
                schedule=fit.schedule,
                amount_minor=fit.level_minor,
                low_minor=amounts[0],
                high_minor=amounts[-1],
                confidence=_confidence(fit),
                transaction_ids=tuple(flow.transaction_id for flow in flows),
                first_on=flows[0].on,
                last_on=flows[-1].on,
                next_on=_next_on(fit, flows[-1].on, as_of),
            )
        )
    return described


def _confidence(fit: Fit) -> float:
    """Return a figure from 0 to 1: more payments, fewer gaps, steadier dates and amounts raise it."""
    count = len(fit.track.steps)
    raw = fit.track.coverage * count / (count + 1) / (1 + fit.off_days / 5) / (1 + fit.spread)
    return round(raw, 3)


def _next_on(fit: Fit, last_on: dt.date, as_of: dt.date) -> dt.date | None:
    """Return the next due date; None where two have passed unpaid.

    A payment that is a few days late is still expected, today at the earliest.
    """
    period = fit.track.period
    grace = dt.timedelta(days=min(OVERDUE_DAYS, round(period.days / 4)))
    due = fit.schedule.after(last_on + dt.timedelta(days=int(period.days * PART_OF_PERIOD)))
    missed = 0
    while due is not None and due + grace < as_of:
        missed += 1
        if missed > fit.track.period.misses_in_a_row:
            return None
        due = fit.schedule.after(due + dt.timedelta(days=int(period.days * PART_OF_PERIOD)))
    return None if due is None else max(due, as_of)
