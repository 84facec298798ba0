"""Where figures come from: what moved the money, item by item, down to the recorded events behind each.

A cause is one origin (a found flow, a plan, an account's everyday money, a step, interest, a loan, the market) with what it
moved up to a day, and the transactions of the history that it was learnt from.

    causes(line, outlook, accounts, upto=line.axis[-1])[0]      # the largest first
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

import msgspec

from fintwin.domain.money import in_words
from fintwin.twin.line import Line
from fintwin.twin.outcome import Outcome
from fintwin.twin.outlook import Kind, Origin, Outlook

EVIDENCE_MAX = 100
EVERYDAY_DAYS = 365


class Cause(msgspec.Struct, frozen=True):
    """One origin's share: payments and their sum, the events behind them (the latest hundred of ``evidence_count``)."""

    kind: Kind
    id: str
    count: int
    amount_minor: int
    evidence_count: int
    transaction_ids: tuple[UUID, ...]


class Assumption(msgspec.Struct, frozen=True):
    """Something that the figures rest on."""

    code: str
    text: str
    value: Decimal | None = None


def causes(line: Line, outlook: Outlook, accounts: Collection[UUID], *, upto: dt.date) -> tuple[Cause, ...]:
    """What moved the accounts together up to a day, the largest first. Transfers among them cancel out and are left out."""
    sums: dict[Origin, list[int]] = {}
    for one in line.booked:
        if one.on > upto:
            continue
        amount = one.amount_minor if one.account_id in accounts else 0
        if one.to_account in accounts:
            amount -= one.amount_minor
        if amount:
            known = sums.setdefault(one.origin, [0, 0])
            known[0] += 1
            known[1] += amount
    found = []
    for origin, (count, amount) in sums.items():
        evidence = evidence_of(origin, outlook)
        found.append(Cause(origin.kind, origin.id, count, amount, len(evidence), tuple(evidence[-EVIDENCE_MAX:])))
    return tuple(sorted(found, key=lambda one: (-abs(one.amount_minor), one.kind, one.id)))


def evidence_of(origin: Origin, outlook: Outlook) -> list[UUID]:
    """The recorded transactions that something expected was learnt from, oldest first; none for what was typed in."""
    if origin.kind == "flow":
        return next((list(one.flow.transaction_ids) for one in outlook.found() if str(one.flow.key) == origin.id), [])
    if origin.kind == "everyday":
        return outlook.everyday(UUID(origin.id), days=EVERYDAY_DAYS)
    return []


def sentence(currency: str, months: int, baseline: Outcome, scenario: Outcome, *, has_steps: bool) -> str:
    """What the figures show, in words; never whether that is good."""
    parts = [
        f"After {months} {'month' if months == 1 else 'months'} there are {in_words(scenario.final_minor, currency)}"
    ]
    if has_steps:
        difference = scenario.final_minor - baseline.final_minor
        if difference:
            word = "more" if difference > 0 else "less"
            parts.append(f"{in_words(abs(difference), currency)} {word} than without the scenario")
        else:
            parts.append("the same as without the scenario")
    parts.append(f"the lowest point is {in_words(scenario.lowest_minor, currency)} on {scenario.lowest_on}")
    text = ", ".join(parts) + "."
    if scenario.first_breach is not None:
        missing = in_words(scenario.deepest_minor, currency)
        text += f" The limit is first crossed on {scenario.first_breach}; at the worst {missing} are missing."
    if scenario.refused.count:
        refused = scenario.refused
        count = (
            "1 decided payment is refused,"
            if refused.count == 1
            else f"{refused.count} decided payments are refused, the first"
        )
        text += f" {count} on {refused.first_on}."
    return text
