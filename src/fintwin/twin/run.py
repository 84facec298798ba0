"""One line into the future: items booked on a branch of the fork, day by day, event by event.

What a person decides is asked of `decide` and may be refused. What merely happens is booked even where the ledger would
refuse it: the line goes below the limit, the first such day is the breach, and each such payment is listed. Interest is
posted at month ends, before that day's payments. Within a day money that comes in comes first, then what merely goes out,
then what is decided, in the order of the document.

    run = Run(fork.branch(()), Course(items=items, rates=rates, months=12))
    line = run.to_the_end()
    line.balances[account_id][-1]        # minor units at the end of the last day
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from fintwin.domain import accounts, holdings
from fintwin.domain.accounts.state import AccountState, Status
from fintwin.domain.money import MINOR_MAX
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.twin.faults import ScenarioError
from fintwin.twin.fork import Fork
from fintwin.twin.interest import EXACT, PER_CENT, round_half_up
from fintwin.twin.line import Booked, Course, Debt, Decided, Line, NotPaid, Shock, axis_of
from fintwin.twin.outlook import INTEREST, Item, Origin, mark
from fintwin.twin.rates import Bearing
from fintwin.twin.worth import Worth

TOO_LARGE = "Amounts grow beyond 15 digits: shorten the horizon, or lower the rate or the sums."


class Run:
    """A branch on its way through a course; see the module."""

    def __init__(
        self,
        fork: Fork,
        course: Course,
        note: Callable[[dt.date], None] | None = None,
        beat: Callable[[], None] | None = None,
    ) -> None:
        """``fork`` is changed; ``note`` is called at the end of every day of the axis, ``beat`` at every month's end."""
        self._fork = fork
        self._course = course
        self._note = note
        self._beat = beat
        self._today = fork.today
        axis, month_ends = axis_of(self._today, course.months)
        open_states = {each: one for each, one in fork.accounts.items() if one.status is not Status.CLOSED}
        self.line = Line(axis, month_ends, {each: one.currency for each, one in open_states.items()})
        self._marks = [mark(self._today, number) for number in range(course.months + 1)]
        bears = course.rates.rated | set(course.drawn)
        self._bearing = {
            each: Bearing(one.balance_minor, self._today) for each, one in open_states.items() if each in bears
        }
        self._worth = Worth(fork)
        for each in open_states:
            self.line.balances[each] = []
            self.line.growth[each] = tuple(
                course.rates.on(each, day).month_factor() if each in bears else 1.0 for day in self._marks[:-1]
            )

    def to_the_end(self) -> Line:
        """Book everything, in order."""
        course, line = self._course, self.line
        items = _by_day(course.items, self._today)
        shocks: dict[dt.date, list[Shock]] = defaultdict(list)
        for shock in course.shocks:
            shocks[max(shock.on, self._today)].append(shock)
        month = 0
        axis = set(line.axis)
        last = self._marks[-1]
        for day in sorted({*items, *shocks, *axis, *self._marks, *course.rates.days()}):
            if day < self._today or day > last:
                continue
            self._accrue(day, month)
            if month < course.months and day == self._marks[month + 1]:
                month += 1
                self._credit(day, month)
            for shock in shocks.get(day, ()):
                self._shock(day, shock)
            for item in items.get(day, ()):
                self._book(day, item, month)
            self._close_day(day, noted=day in axis)
            if day == self._marks[month]:
                for bearing in self._bearing.values():
                    bearing.begin_month()
        line.debts = {currency: [] for currency in sorted({debt.currency for debt in course.debts})}
        for debt in course.debts:
            _add(line.debts, debt.currency, [_owed(debt, day) for day in line.axis])
        return line

    def _accrue(self, day: dt.date, month: int) -> None:
        if month >= self._course.months:
            return
        month_days = (self._marks[month + 1] - self._marks[month]).days
        for each, bearing in self._bearing.items():
            bearing.accrue(day, self._course.rates.on(each, bearing.since), month_days)

    def _credit(self, day: dt.date, month: int) -> None:
        if self._beat is not None:
            self._beat()
        for each, bearing in self._bearing.items():
            drawn = self._course.drawn.get(each)
            if drawn is not None:
                bearing.grow_beyond(drawn[month - 1])
            rate = self._course.rates.on(each, day - dt.timedelta(days=1))
            credit = bearing.credit(month=month, mode=rate.mode)
            if credit:
                self._interest(day, each, credit)

    def _interest(self, day: dt.date, account_id: UUID, credit_minor: int) -> None:
        currency = self.line.currencies[account_id]
        kind = accounts.Deposited if credit_minor > 0 else accounts.Withdrawn
        event = kind(amount_minor=abs(credit_minor), currency=currency, category=INTEREST, date_only=True)
        self._fork.book(account_id, event, on=day)
        self._moved(day, Item(day, account_id, credit_minor, Origin("interest", str(account_id))), bears=False)

    def _shock(self, day: dt.date, shock: Shock) -> None:
        if shock.account_id is None:
            for row, price in self._worth.shocked(shock.percent, shock.tickers):
                event = holdings.HoldingPriced(holding_id=row.holding_id, currency=row.currency, current_price=price)
                self._fork.append(StreamKey(StreamKind.HOLDINGS, self._fork.user_id), event, on=day)
            return
        balance = self._fork.accounts[shock.account_id].balance_minor
        amount = _percent_of(max(balance, 0), shock.percent)
        if amount:
            self._happen(day, Item(day, shock.account_id, amount, shock.origin, counted=False))

    def _book(self, day: dt.date, item: Item, month: int) -> None:
        if not item.decided:
            self._happen(day, item)
            return
        state = self._fork.accounts[item.account_id]
        refusal = self._try(day, item, state)
        if refusal is not None:
            self.line.refused.append(_not_paid(day, item, state, refusal, happened=False))
        if item.amount_minor < 0:
            at_end = month > 0 and day == self._marks[month]
            number = 0 if day == self._today else month if at_end else month + 1
            possible = refusal is None or refusal.code is Code.INSUFFICIENT_FUNDS
            self.line.decided.append(
                Decided(
                    number, at_end, item.account_id, item.to_account, -item.amount_minor, state.available_minor,
                    refusal is None, possible,
                )
            )  # fmt: skip

    def _try(self, day: dt.date, item: Item, state: AccountState) -> Refusal | None:
        """Ask the rules; where they allow it, it is booked."""
        moment = self._fork.moment(day)
        events = accounts.decide(state, _command(item, moment, state.currency, date_only=day > self._today))
        if isinstance(events, Refusal):
            return events
        sent = events[0]
        received = None
        if item.to_account is not None:
            assert isinstance(sent, accounts.TransferSent)
            received = accounts.received_leg(sent, item.account_id)
            refusal = _cannot_receive(self._fork.accounts.get(item.to_account), received, moment)
            if refusal is not None:
                return refusal
        self._put(day, item, sent, received)
        return None

    def _happen(self, day: dt.date, item: Item) -> None:
        """What nobody decides: booked even below the limit, and listed then."""
        state = self._fork.accounts[item.account_id]
        refusal = self._try(day, item, state)
        if refusal is None:
            return
        if refusal.code is Code.BALANCE_TOO_LARGE:
            raise ScenarioError("balance_too_large", "horizon_months", TOO_LARGE)
        happens = item.amount_minor < 0 and refusal.code in {Code.INSUFFICIENT_FUNDS, Code.ACCOUNT_FROZEN}
        self.line.would_be_refused.append(_not_paid(day, item, state, refusal, happened=happens))
        if happens:
            sent = _debit(item, state.currency)
            received = None
            if isinstance(sent, accounts.TransferSent) and item.to_account is not None:
                received = accounts.received_leg(sent, item.account_id)
            self._put(day, item, sent, received)

    def _put(self, day: dt.date, item: Item, sent: Any, received: Any) -> None:
        transaction_id = self._fork.book(item.account_id, sent, on=day)
        if received is not None and item.to_account is not None:
            self._fork.book(item.to_account, received, on=day, transaction_id=transaction_id)
        self._moved(day, item, bears=True)

    def _moved(self, day: dt.date, item: Item, *, bears: bool) -> None:
        for account_id, amount in ((item.account_id, item.amount_minor), (item.to_account, -item.amount_minor)):
            if account_id is None:
                continue
            state = self._fork.accounts[account_id]
            if abs(state.balance_minor) > MINOR_MAX:
                raise ScenarioError("balance_too_large", "horizon_months", TOO_LARGE)
            bearing = self._bearing.get(account_id) if bears else None
            if bearing is not None:
                bearing.moved(amount)
            if state.available_minor < 0:
                self.line.breaches.setdefault(account_id, day)
        self.line.booked.append(
            Booked(day, item.account_id, item.amount_minor, item.origin, item.to_account, item.counted)
        )

    def _close_day(self, day: dt.date, *, noted: bool) -> None:
        line = self.line
        balances = {each: self._fork.accounts[each].balance_minor for each in line.balances}
        line.daily[day] = balances
        for each, balance in balances.items():
            if each not in line.lowest or balance < line.lowest[each][0]:
                line.lowest[each] = (balance, day)
            if noted:
                line.balances[each].append(balance)
        if noted:
            for currency, value in self._worth.by_currency().items():
                line.holdings.setdefault(currency, []).append(value)
            if self._note is not None:
                self._note(day)


def _by_day(items: Sequence[Item], today: dt.date) -> dict[dt.date, list[Item]]:
    found: dict[dt.date, list[Item]] = defaultdict(list)
    for item in items:
        found[max(item.on, today)].append(item)
    for of_day in found.values():
        of_day.sort(key=_rank)
    return found


def _rank(item: Item) -> int:
    if item.decided:
        return 3
    return 0 if item.amount_minor > 0 else 1 if item.to_account is not None else 2


def _command(item: Item, moment: dt.datetime, currency: str, *, date_only: bool) -> Any:
    amount = abs(item.amount_minor)
    if item.amount_minor > 0:
        if item.other_account is not None:
            return accounts.ReceiveTransfer(
                at=moment, from_account=item.other_account, amount_minor=amount, currency=currency, date_only=date_only
            )
        return accounts.Deposit(
            at=moment, amount_minor=amount, category=item.category, payee_ref=item.payee_ref, date_only=date_only
        )
    to_account = item.to_account or item.other_account
    if to_account is not None:
        return accounts.SendTransfer(
            at=moment, account_id=item.account_id, to_account=to_account, amount_minor=amount,
            category=item.category, date_only=date_only,
        )  # fmt: skip
    return accounts.Withdraw(
        at=moment, amount_minor=amount, category=item.category, payee_ref=item.payee_ref, date_only=date_only
    )


def _debit(item: Item, currency: str) -> Any:
    amount = -item.amount_minor
    to_account = item.to_account or item.other_account
    if to_account is not None:
        return accounts.TransferSent(
            amount_minor=amount, currency=currency, to_account=to_account, category=item.category, date_only=True
        )
    return accounts.Withdrawn(
        amount_minor=amount, currency=currency, category=item.category, payee_ref=item.payee_ref, date_only=True
    )


def _cannot_receive(state: AccountState | None, received: Any, moment: dt.datetime) -> Refusal | None:
    command = accounts.ReceiveTransfer(
        at=moment, from_account=received.from_account, amount_minor=received.amount_minor, currency=received.currency
    )
    answer = accounts.decide(state, command)
    return answer if isinstance(answer, Refusal) else None


def _not_paid(day: dt.date, item: Item, state: AccountState, refusal: Refusal, *, happened: bool) -> NotPaid:
    amount = abs(item.amount_minor)
    short = amount - max(state.available_minor, 0) if refusal.code is Code.INSUFFICIENT_FUNDS else 0
    return NotPaid(
        day, item.account_id, state.currency, amount, refusal.code.value, refusal.detail, short, happened, item.origin
    )


def _percent_of(amount_minor: int, percent: Decimal) -> int:
    return round_half_up(EXACT.divide(EXACT.multiply(Decimal(amount_minor), percent), Decimal(PER_CENT)))


def _owed(debt: Debt, day: dt.date) -> int:
    owed = 0
    for since, amount in debt.owed:
        if since > day:
            break
        owed = amount
    return owed


def _add(series: dict[str, list[int]], currency: str, more: list[int]) -> None:
    known = series[currency]
    series[currency] = [a + b for a, b in zip(known, more, strict=True)] if known else more
