"""Two years of a made-up person, out of a seed: the same seed and day give the same life, down to the minute.

A life is a list of movements in the order of their moments. Bills come on their days or the Monday after, the salary on the
working day before; everyday spending has a weekly rhythm and stops while the person is away in summer. Nothing is spent
that is not there: what would take the account below a cushion is done without, or comes out of the savings.

>>> from datetime import date
>>> moves = life(7, date(2026, 7, 1), "EUR")
>>> moves == life(7, date(2026, 7, 1), "EUR"), moves[-1].at.date() <= date(2026, 6, 30), len(moves) > 1500
(True, True, True)
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple, TypeVar

from fintwin.ledger.sample import habits
from fintwin.ledger.sample.habits import Everyday, in_currency

Account = Literal["main", "savings", "wallet"]
T = TypeVar("T")

YEARS: Final = 2
CUSHION_CENTS: Final = 150_00
SMALL_CENTS: Final = 50_00
_SATURDAY: Final = 5
_SUNDAY: Final = 6


class Move(NamedTuple):
    """One movement of the life: ``amount_minor`` is positive, ``to`` is another own account."""

    at: datetime
    account: Account
    kind: Literal["deposit", "withdrawal", "transfer"]
    amount_minor: int
    category: str
    payee: str | None = None
    note: str | None = None
    to: Account | None = None


def life(seed: int, today: date, currency: str) -> list[Move]:
    """The movements from two years before ``today`` to the day before it."""
    return _Life(seed, today, currency).moves()


def last_salary_minor(today: date, currency: str) -> int:
    """The monthly salary as it was last."""
    first = _first_day(today)
    return in_currency(_risen(habits.SALARY_CENTS, 3, today.year - first.year), currency)


def _first_day(today: date) -> date:
    return today - timedelta(days=365 * YEARS)


def _risen(cents: int, percent: int, years: int) -> int:
    """An amount after so many yearly rises, in whole tens of cents where it is a large one."""
    for _ in range(years):
        cents += cents * percent // 100
    return cents - cents % 10 if percent and cents > SMALL_CENTS else cents


class _Life:
    """Gathers what is to be, then lives through it with the balances in view."""

    def __init__(self, seed: int, today: date, currency: str) -> None:
        self._draws = random.Random(seed)  # noqa: S311 - a made-up life, no secret
        self._first = _first_day(today)
        self._last = today - timedelta(days=1)
        self._currency = currency
        self._cushion_minor = in_currency(CUSHION_CENTS, currency)

    def moves(self) -> list[Move]:
        """All movements in order."""
        planned = [*self._opening(), *self._income(), *self._bills(), *self._seldom(), *self._days(), *self._savings()]
        planned.sort(key=lambda move: move.at)
        return list(self._affordable(planned))

    # What there is to draw. Only `random()` is used: it gives the same figures in every version of Python.

    def _chance(self, percent: int) -> bool:
        return self._draws.random() * 100 < percent

    def _between(self, low: int, high: int) -> int:
        """A figure from a triangle between two: the middle is likelier than the ends."""
        return low + int((self._draws.random() + self._draws.random()) / 2 * (high - low + 1))

    def _one_of(self, choices: Sequence[T]) -> T:
        """The first is likelier than the others."""
        return choices[int(self._draws.random() ** 1.5 * len(choices))]

    # What happens, by theme.

    def _move(
        self, on: date, hour: int, account: Account, kind: Literal["deposit", "withdrawal"], cents: int, category: str,
        payee: str | None = None, note: str | None = None,
    ) -> Move:  # fmt: skip
        at = datetime.combine(on, time(hour, int(self._draws.random() * 60), int(self._draws.random() * 60)), UTC)
        return Move(at, account, kind, in_currency(cents, self._currency), category, payee, note)

    def _own(self, on: date, hour: int, account: Account, to: Account, cents: int, category: str, note: str) -> Move:
        at = datetime.combine(on, time(hour, int(self._draws.random() * 60)), UTC)
        return Move(at, account, "transfer", in_currency(cents, self._currency), category, None, note, to)

    def _opening(self) -> Iterator[Move]:
        for account, cents in habits.OPENING_CENTS.items():
            at = datetime.combine(self._first, time(0, 0, 1), UTC)
            which: Account = "main" if account == "main" else "savings" if account == "savings" else "wallet"
            amount = in_currency(cents, self._currency)
            yield Move(at, which, "deposit", amount, "opening_balance", None, "Balance when the books begin")

    def _months(self) -> Iterator[date]:
        """The first days of all months that the life touches."""
        month = self._first.replace(day=1)
        while month <= self._last:
            yield month
            month = (month + timedelta(days=32)).replace(day=1)

    def _within(self, moves: Iterator[Move]) -> Iterator[Move]:
        return (move for move in moves if self._first <= move.at.date() <= self._last)

    def _income(self) -> Iterator[Move]:
        return self._within(self._all_income())

    def _all_income(self) -> Iterator[Move]:
        for month in self._months():
            cents = _risen(habits.SALARY_CENTS, 3, month.year - self._first.year)
            day = _working_day_before(month.replace(day=habits.SALARY_DAY))
            yield self._move(day, 6, "main", "deposit", cents, "salary", habits.EMPLOYER, f"Salary {month:%m/%Y}")
            saved = _risen(habits.SAVED_CENTS, 10, month.year - self._first.year)
            yield self._own(day + timedelta(days=1), 7, "main", "savings", saved, "savings", "Put aside")
            if month.month == 12:  # noqa: PLR2004 - December
                bonus = cents * habits.BONUS_PERCENT // 100
                day = _working_day_before(month.replace(day=15))
                yield self._move(day, 6, "main", "deposit", bonus, "bonus", habits.EMPLOYER, "Annual bonus")
            if month.month == 6:  # noqa: PLR2004 - June
                refund = self._between(240_00, 460_00)
                yield self._move(month.replace(day=17), 6, "main", "deposit", refund, "tax", "Tax office", "Tax refund")

    def _bills(self) -> Iterator[Move]:
        return self._within(self._all_bills())

    def _all_bills(self) -> Iterator[Move]:
        for month in self._months():
            for bill in habits.BILLS:
                cents = _risen(bill.cents, bill.rise_percent, month.year - self._first.year)
                day = _monday_after(month.replace(day=bill.day))
                yield self._move(day, 5, "main", "withdrawal", cents, bill.category, bill.payee, bill.note)

    def _seldom(self) -> Iterator[Move]:
        return self._within(self._all_seldom())

    def _all_seldom(self) -> Iterator[Move]:
        for month in self._months():
            for bill in habits.SELDOM:
                if month.month not in bill.months:
                    continue
                part = bill.cents * bill.spread_percent // 100
                cents = self._between(bill.cents - part, bill.cents + part) if part else bill.cents
                day = _monday_after(month.replace(day=bill.day))
                yield self._move(day, 5, "main", "withdrawal", cents, bill.category, bill.payee, bill.note)

    def _days(self) -> Iterator[Move]:
        """Everyday spending, cash and the summer holiday, day by day."""
        day = self._first
        while day <= self._last:
            away = _is_away(day)
            for account, kinds in (("main", habits.EVERYDAY), ("wallet", habits.IN_CASH)):
                which: Account = "main" if account == "main" else "wallet"
                yield from self._everyday(day, which, [one for one in kinds if not away or one.while_away])
            if away:
                yield from self._everyday(day, "main", habits.ON_HOLIDAY)
            if day.toordinal() % 28 == 0:
                yield self._own(day, 17, "main", "wallet", habits.CASH_CENTS, "cash", "Cash machine")
            yield from self._holiday(day)
            if day == self._first + timedelta(days=290):
                yield self._move(
                    day, 15, "main", "withdrawal", 629_00, "household", "Appliance store", "Washing machine"
                )
            day += timedelta(days=1)

    def _everyday(self, day: date, account: Account, kinds: Sequence[Everyday]) -> Iterator[Move]:
        for one in kinds:
            if self._chance(one.percent[day.weekday()]):
                cents, payee = self._between(one.low_cents, one.high_cents), self._one_of(one.payees)
                yield self._move(day, one.hour, account, "withdrawal", cents, one.category, payee)

    def _holiday(self, day: date) -> Iterator[Move]:
        """Booked in spring, paid from the savings."""
        if (day.month, day.day) == (4, 22):
            fare = self._between(340_00, 460_00)
            yield self._move(
                day, 21, "main", "withdrawal", fare, "holiday", "Island ferries and flights", "Summer holiday"
            )
        if (day.month, day.day) == (7, 10):
            yield self._own(day, 9, "savings", "main", 900_00, "savings", "Summer holiday")
            yield self._move(day, 10, "main", "withdrawal", 820_00, "holiday", "Seaside guest house", "Summer holiday")

    def _savings(self) -> Iterator[Move]:
        """Interest at each month's end; the amount is worked out while living, from the balance of that day."""
        for month in self._months():
            end = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            if self._first <= end <= self._last:
                at = datetime.combine(end, time(23, 30), UTC)
                yield Move(at, "savings", "deposit", 0, "interest", "Savings bank", "Interest")

    def _affordable(self, planned: Sequence[Move]) -> Iterator[Move]:
        """The movements that the balances allow, with interest filled in and gaps covered out of the savings."""
        balances = {"main": 0, "savings": 0, "wallet": 0}
        for move in planned:
            amount = move.amount_minor
            if move.category == "interest":
                amount = balances["savings"] * habits.SAVINGS_RATE_PERCENT // 1200
                if amount == 0:
                    continue
            elif move.kind != "deposit":
                cushion = self._cushion_minor if move.account == "main" else 0
                must = move.account == "main" and move.category in {"rent", "utilities", "insurance", "subscriptions"}
                short = amount + cushion - balances[move.account]
                if short > 0 and not (must and balances["savings"] >= short):
                    continue
                if short > 0:
                    balances["savings"] -= short
                    balances["main"] += short
                    yield Move(move.at, "savings", "transfer", short, "savings", None, "From the savings", "main")
            balances[move.account] += amount if move.kind == "deposit" else -amount
            if move.to is not None:
                balances[move.to] += amount
            yield move._replace(amount_minor=amount)


def _is_away(day: date) -> bool:
    """Ten days from mid July."""
    return day.month == 7 and 11 <= day.day <= 20  # noqa: PLR2004 - the dates of the holiday


def _monday_after(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= _SATURDAY else 0)


def _working_day_before(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - _SATURDAY + 1))
