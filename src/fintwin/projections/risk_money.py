"""How the user's money in one currency (`Pot`) changes: periods, sources of income, counterparties, usual amounts.

What is usual is always the user's own: amounts against the median of earlier ones and their median distance from it,
spending against the last whole 30-day periods, a source of income against its own rhythm.

>>> pot = Pot(origin=0)
>>> earn(pot, at=0, amount_minor=300_000, source="salary", transaction_id=UUID(int=1))
>>> move(pot, at=DAY, delta_minor=-50_000, spending_minor=50_000)
False
>>> pot.liquid_minor, pot.low_minor, pot.high_minor
(250000, 250000, 300000)

`earn`, `move` and `remember` write to the pot that they are given, its dicts included: `own_pot` makes a copy to write to.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from msgspec.structs import replace

from fintwin.projections.risk_state import (
    AMOUNTS_OF_INCOME_KEPT,
    AMOUNTS_OF_KIND_KEPT,
    AMOUNTS_OF_PAYEE_KEPT,
    DAY,
    INCOMES_KEPT,
    PAYEES_KEPT,
    PERIOD,
    PERIODS_KEPT,
    Income,
    Payee,
    Period,
    Pot,
    median,
)

REGULAR_GAPS: Final = 2
"""A source has a rhythm from its third payment on."""
GAP_DAYS_MIN: Final = 6
SAME_PAYMENT_DAYS: Final = 3
"""Payments of one source closer than this are one payment in parts."""
GRACE_DAYS: Final = 7
FORGOTTEN_AFTER_GAPS: Final = 12
"""After so many missed payments a source is history, not news."""
DRAINED_PARTS: Final = 10
"""Money at hand is drained when a tenth or less of the highest is left."""


def own_pot(pot: Pot) -> Pot:
    """A copy that may be written to."""
    own: Pot = pot.__copy__()  # type: ignore[attr-defined]
    own.payees = pot.payees.copy()
    own.incomes = pot.incomes.copy()
    return own


def move(pot: Pot, at: int, delta_minor: int, income_minor: int = 0, spending_minor: int = 0) -> bool:
    """Money came or went; what is neither income nor spending only changes what is at hand.

    Says whether another period began: what is usual is then to be found anew, by `look_back`.
    """
    number = (at - pot.origin) // PERIOD
    known, began = pot.number, False
    if known != number:
        if known is not None and number < known:
            pot.liquid_minor += delta_minor
            pot.total_minor += income_minor
            _move_late(pot, number, income_minor, spending_minor)
            return False
        began = True
        _begin_period(pot, number)
    liquid = pot.liquid_minor = pot.liquid_minor + delta_minor
    if income_minor:
        pot.total_minor += income_minor
        pot.income_minor += income_minor
    elif spending_minor:
        pot.spending_minor += spending_minor
        pot.largest_minor = max(pot.largest_minor, spending_minor)
    # Before the first event there was no account: its zero is no low.
    if liquid < pot.low_minor or known is None:
        pot.low_minor = liquid
    if liquid > pot.high_minor or known is None:
        pot.high_minor = liquid
    return began


def _move_late(pot: Pot, number: int, income_minor: int, spending_minor: int) -> None:
    """An older date: it counts in its own period, and lowest and highest stay as they were known."""
    pot.past = tuple(
        replace(
            one,
            income_minor=one.income_minor + income_minor,
            spending_minor=one.spending_minor + spending_minor,
        )
        if one.number == number
        else one
        for one in pot.past
    )


def _begin_period(pot: Pot, number: int) -> None:
    if pot.number is not None:
        last = Period(
            pot.number, pot.income_minor, pot.spending_minor, pot.low_minor, pot.high_minor, pot.largest_minor
        )
        past, oldest = (*pot.past, last), number - PERIODS_KEPT
        while past and past[0].number < oldest:
            past = past[1:]
        pot.past = past
    pot.number = number
    pot.income_minor = pot.spending_minor = pot.largest_minor = 0
    pot.low_minor = pot.high_minor = pot.liquid_minor


def look_back(pot: Pot) -> None:
    """What the last whole periods say about the present one; nothing before the first is over."""
    kept = pot.past
    if not kept and not pot.number:
        return
    low = below = spent = earned = 0
    largest = []
    for one in kept:
        spent += one.spending_minor
        earned += one.income_minor
        largest.append(one.largest_minor)
        lowest = one.low_minor
        if lowest * DRAINED_PARTS <= one.high_minor > 0:
            low += 1
        if lowest < 0:
            below += 1
    pot.whole_periods = whole_periods = min(PERIODS_KEPT, pot.number or 0)
    pot.spent_minor = spent
    pot.usual_income_minor = earned // whole_periods if whole_periods else 0
    largest.sort()
    count = len(largest)
    pot.usual_largest_minor = largest[(count - 1) // 2] if count > 1 else 0
    pot.often_low = 2 * low >= count > 0
    pot.often_overdrawn = 2 * below >= count > 0


def remember(pot: Pot, at: int, amount_minor: int, payee: str | None, *, transfer: bool) -> None:
    """Keep the amount of a payment among the usual ones of its kind and of its counterparty."""
    if transfer:
        pot.transfers_minor = (*pot.transfers_minor[1 - AMOUNTS_OF_KIND_KEPT :], amount_minor)
    else:
        pot.withdrawals_minor = (*pot.withdrawals_minor[1 - AMOUNTS_OF_KIND_KEPT :], amount_minor)
    if payee is None:
        return
    payees = pot.payees
    known = payees.get(payee)
    if known is None:
        if len(payees) >= PAYEES_KEPT:
            del payees[_least(payees)]
        payees[payee] = Payee(1, at, (amount_minor,))
    else:
        payees[payee] = Payee(known.count + 1, at, (*known.amounts_minor[1 - AMOUNTS_OF_PAYEE_KEPT :], amount_minor))


def _least(places: dict[str, Payee]) -> str:
    """Whom to forget first: who was paid once, longest ago."""
    return min(places, key=lambda name: (places[name].count > 1, places[name].at, name))


def earn(pot: Pot, at: int, amount_minor: int, source: str, transaction_id: UUID) -> None:
    """Income came from a source outside."""
    if move(pot, at, amount_minor, amount_minor):
        look_back(pot)
    # Income of a usual period: the mean of the whole ones, or what has come in so far.
    usual = pot.usual_income_minor if pot.whole_periods else pot.income_minor
    incomes, total = pot.incomes, pot.total_minor
    before = incomes.get(source)
    if before is None:
        if len(incomes) >= INCOMES_KEPT:
            del incomes[min(incomes, key=lambda name: (incomes[name].count > REGULAR_GAPS, incomes[name].at, name))]
            _find_due(pot)
        incomes[source] = Income(1, at, (amount_minor,), (), usual, total, transaction_id)
        return
    gap = (at - before.at + DAY // 2) // DAY
    gaps, amounts = before.gaps_days, before.amounts_minor
    if gap < SAME_PAYMENT_DAYS:
        incomes[source] = Income(
            before.count, before.at, (*amounts[:-1], amounts[-1] + amount_minor), gaps, usual, total, transaction_id,
            before.rhythm_days, before.missed_at,
        )  # fmt: skip
        return
    amounts = (*amounts[1 - AMOUNTS_OF_INCOME_KEPT :], amount_minor)
    gaps = (*gaps[2 - AMOUNTS_OF_INCOME_KEPT :], gap)
    days = _rhythm_days(gaps)
    missed_at = at + (days + max(GRACE_DAYS, days // 3)) * DAY if days else 0
    incomes[source] = Income(before.count + 1, at, amounts, gaps, usual, total, transaction_id, days, missed_at)
    if missed_at != before.missed_at:
        _find_due(pot)


def _find_due(pot: Pot) -> None:
    """When the first of the regular incomes will be missed."""
    due = 0
    for one in pot.incomes.values():
        missed_at = one.missed_at
        if missed_at and (not due or missed_at < due):
            due = missed_at
    pot.due = due


def _rhythm_days(gaps: tuple[int, ...]) -> int:
    """The longest of the last gaps where they are alike, 0 where there is no rhythm in them."""
    if len(gaps) < REGULAR_GAPS:
        return 0
    longest, shortest = max(gaps), min(gaps)
    return longest if shortest >= GAP_DAYS_MIN and 2 * longest <= 3 * shortest else 0


def unusual_from(amounts_minor: tuple[int, ...], times: int) -> int:
    """The amount above which a payment is unusual among earlier ones: minor units.

    It is ``times`` the median, or where amounts vary much the median and six standard deviations, taken robustly: 1.5 times
    the median absolute deviation is one standard deviation of normal data.
    """
    middle = median(amounts_minor)
    distance = median(tuple(abs(one - middle) for one in amounts_minor))
    return max(times * middle, middle + 9 * distance)
