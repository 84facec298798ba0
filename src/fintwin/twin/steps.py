"""What each step does to a course: it adds items, scales expected ones, moves rates, shocks the market.

Every step also says in a sentence what it did. Steps work in the order of the document; `steps_debt` has loans and payoffs,
`steps_goal` solves for a goal's monthly sum, `counterfactual` handles steps about the past.

    built = Builder(fork, outlook, document).build(document.steps)
    built.course.items, built.told[0].sentence     # "Withdraws 40000.00 EUR once, on 2026-11-22."
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from fintwin.domain.accounts.state import AccountState, Status
from fintwin.domain.money import in_words, parse_minor
from fintwin.domain.refusals import Refusal
from fintwin.twin import scenario as ask
from fintwin.twin.faults import ScenarioError
from fintwin.twin.fork import Fork
from fintwin.twin.interest import EXACT, PER_CENT, round_half_up
from fintwin.twin.line import Course, Debt, Shock
from fintwin.twin.outlook import ONE_DAY, Item, Origin, Outlook, mark
from fintwin.twin.rates import Mode, RateChange, Rates
from fintwin.twin.schedule import Schedule, Unit
from fintwin.twin.told import StepTold
from fintwin.twin.worth import Worth

ITEMS_MAX = 200_000
INCOME_KINDS = ("flow", "plan")
LOWEST_RATE = -100


class Built(msgspec.Struct):
    """A course in the making."""

    items: list[Item]
    rates: Rates
    months: int
    shocks: list[Shock] = msgspec.field(default_factory=list)
    debts: list[Debt] = msgspec.field(default_factory=list)
    told: list[StepTold] = msgspec.field(default_factory=list)

    @property
    def course(self) -> Course:
        """What a run takes."""
        return Course(self.items, self.rates, self.months, self.shocks, self.debts)


def step_type(step: ask.Step) -> str:
    """The type of a step as documents write it."""
    return str(type(step).__struct_config__.tag)


class Builder:
    """Makes courses of one fork; see the module."""

    def __init__(
        self,
        fork: Fork,
        outlook: Outlook,
        document: ask.Document,
        base: Iterable[RateChange] = (),
        *,
        beat: Callable[[], None] | None = None,
    ) -> None:
        """``base`` are changes of rate that hold in every run of the document, the baseline included.

        ``beat`` is called at every month's end of the lines that a goal is solved with.
        """
        self.fork = fork
        self.outlook = outlook
        self.beat = beat
        self.months = document.horizon_months
        self.today = fork.today
        self.end = mark(self.today, self.months)
        self._base = tuple(base)
        self._items: dict[frozenset[UUID], list[Item]] = {}

    def build(self, steps: Sequence[tuple[int, ask.Step]] = ()) -> Built:
        """The course of some steps, each with its number; without any it is the baseline."""
        changes = [(number, change) for number, step in steps for change in self._rate_changes(number, step)]
        rates = self._rates(changes)
        built = Built(list(self._expected(rates.rated)), rates, self.months)
        for number, step in steps:
            told = self._apply(built, number, step, changes)
            if told is not None:
                built.told.append(told)
            if len(built.items) > ITEMS_MAX:
                text = f"The scenario moves money more than {ITEMS_MAX} times: let steps repeat less often."
                raise ScenarioError("too_many_payments", f"steps[{number - 1}]", text)
        return built

    def _rates(self, changes: Sequence[tuple[int, RateChange]]) -> Rates:
        """The rates with the changes that steps of some numbers make."""
        base = {each: state.annual_rate_percent for each, state in self.fork.accounts.items()}
        rates = Rates(base, (*self._base, *(change for _, change in changes)))
        for number, change in changes:
            lowest = rates.lowest(change.account_id)
            if lowest < LOWEST_RATE:
                text = f"With this the rate would be {_plain(lowest)} % a year; nothing loses more than all of it."
                raise ScenarioError("out_of_range", f"steps[{number - 1}]", text)
        return rates

    def _expected(self, rated: frozenset[UUID]) -> list[Item]:
        if rated not in self._items:
            self._items[rated] = self.outlook.items(self.months, rated)
        return self._items[rated]

    def account(self, number: int, account_id: UUID | None, field: str = "account_id") -> tuple[UUID, AccountState]:
        """The account that a step names, or the main one."""
        found = account_id or main_account(self.fork)
        state = self.fork.accounts.get(found)
        where = f"steps[{number - 1}].{field}"
        if state is None:
            raise ScenarioError("unknown_account", where, "There is no such account.")
        if state.status is Status.CLOSED:
            raise ScenarioError("account_closed", where, "The account is closed.")
        return found, state

    def minor(self, number: int, amount: Decimal, currency: str, field: str = "amount") -> int:
        """An amount of a step in minor units."""
        answer = parse_minor(amount, currency)
        if isinstance(answer, Refusal):
            raise ScenarioError(answer.code.value, f"steps[{number - 1}].{field}", answer.detail)
        return answer

    def day(self, number: int, day: dt.date | None, field: str = "from") -> dt.date:
        """A day of a step, today by default; it lies within the run."""
        if day is None:
            return self.today
        where = f"steps[{number - 1}].{field}"
        if day < self.today:
            raise ScenarioError(
                "in_the_past", where, f"The run begins on {self.today}; use omit or amend for the past."
            )
        if day > self.end:
            raise ScenarioError("after_the_end", where, f"The run ends on {self.end}: give it a longer horizon.")
        return day

    def _rate_changes(self, number: int, step: ask.Step) -> list[RateChange]:
        if not isinstance(step, ask.ChangeRate | ask.SetRate):
            return []
        account_id, _ = self.account(number, step.account_id)
        mode = None if step.compounding is None else Mode(step.compounding)
        is_set = isinstance(step, ask.SetRate)
        percent = step.percent if isinstance(step, ask.SetRate) else step.points
        return [RateChange(account_id, self.day(number, step.from_), percent, is_set, mode)]

    def _apply(
        self, built: Built, number: int, step: ask.Step, changes: Sequence[tuple[int, RateChange]]
    ) -> StepTold | None:
        if isinstance(step, ask.ChangeRate | ask.SetRate):
            return self._rate_told(number, step, changes)
        handler = _handlers().get(type(step))
        return None if handler is None else handler(self, built, number, step)

    def payment(self, built: Built, number: int, step: ask.Deposit | ask.Withdraw | ask.Transfer) -> StepTold:
        """Money that a person moves, once or again and again."""
        account_id, state = self.account(number, step.account_id)
        amount = self.minor(number, step.amount, state.currency)
        days, when = self._days(number, step)
        to_account = step.to_account if isinstance(step, ask.Transfer) else None
        own = to_account in self.fork.accounts
        if own:
            self.account(number, to_account, "to_account")
        item = Item(
            days[0],
            account_id,
            amount if isinstance(step, ask.Deposit) else -amount,
            Origin("step", str(number)),
            decided=True,
            to_account=to_account if own else None,
            other_account=None if own else to_account,
            category=None if isinstance(step, ask.Transfer) else step.category,
        )
        built.items += [replace(item, on=day) for day in days]
        verb = {"deposit": "Deposits", "withdraw": "Withdraws", "transfer": "Transfers"}[step_type(step)]
        return StepTold(number, step_type(step), f"{verb} {in_words(amount, state.currency)} {when}.", state.currency)

    def _days(self, number: int, step: ask.Deposit | ask.Withdraw | ask.Transfer) -> tuple[list[dt.date], str]:
        if step.every is None:
            day = self.day(number, step.on or step.from_, "on")
            return [day], f"once, on {day}"
        every = step.every
        if step.from_ is not None:
            starts = self.day(number, step.from_)
        elif every.day is not None:
            starts = self.today + ONE_DAY
        elif every.unit is Unit.MONTH:
            starts = mark(self.today, every.n)
        else:
            starts = self.today + dt.timedelta(days=every.n * (7 if every.unit is Unit.WEEK else 1))
        rule = Schedule(every.unit, starts, every=every.n, day=every.day, until=step.until, weekend=every.weekend)
        days = list(islice(rule.between(starts, self.end), step.times))
        if not days:
            raise ScenarioError("never", f"steps[{number - 1}]", "None of the step's days lies within the run.")
        period = every.unit.value if every.n == 1 else f"{every.n} {every.unit.value}s"
        return days, f"every {period} from {days[0]} to {days[-1]}, {len(days)} times"

    def _rate_told(
        self, number: int, step: ask.ChangeRate | ask.SetRate, changes: Sequence[tuple[int, RateChange]]
    ) -> StepTold:
        """Say what the rate becomes; the rates themselves are made before anything else."""
        account_id, state = self.account(number, step.account_id)
        day = self.day(number, step.from_)
        mine = [one for one in changes if one[0] <= number and one[1].account_id == account_id]
        before = self._rates([one for one in mine if one[0] < number]).on(account_id, day)
        now = self._rates(mine).on(account_id, day)
        if isinstance(step, ask.SetRate):
            text = f"Sets the interest rate to {_plain(now.percent)} % a year"
        else:
            text = f"Changes the interest rate by {step.points:+f} percentage points"
        sentence = f"{text} from {day}: {_plain(before.percent)} % becomes {_plain(now.percent)} %, {now.mode.value}."
        return StepTold(number, step_type(step), sentence, state.currency)

    def lose_income(self, built: Built, number: int, step: ask.LoseIncome) -> StepTold:
        """Expected income does not come, and something else may come instead."""
        account_id, state = self.account(number, step.account_id)
        first = max(self.day(number, step.from_), self.today + ONE_DAY)
        last = mark(first - ONE_DAY, step.months)
        share = step.share_percent / PER_CENT
        kept, lost, count = [], 0, 0
        for item in built.items:
            hit = first <= item.on <= last and _is_income(item, step.income)
            if hit and (step.account_id is None or item.account_id == step.account_id):
                left = item.amount_minor - _times(item.amount_minor, share)
                lost += item.amount_minor - left
                count += 1
                if left:
                    kept.append(replace(item, amount_minor=left))
            else:
                kept.append(item)
        built.items = kept
        share_text = f"Loses {_plain(step.share_percent)} % of the income from {first} to {last}"
        text = f"{share_text}: {count} payments, {in_words(lost, state.currency)}"
        if step.replacement:
            amount = self.minor(number, step.replacement, state.currency, "replacement")
            days = [day for n in range(1, step.months + 1) if (day := mark(first - ONE_DAY, n)) <= self.end]
            origin = Origin("step", str(number))
            built.items += [Item(day, account_id, amount, origin) for day in days]
            text += f"; {in_words(amount, state.currency)} a month come instead"
        return StepTold(number, step_type(step), f"{text}.", state.currency)

    def scale(self, built: Built, number: int, step: ask.ChangeIncome | ask.ChangeSpending) -> StepTold:
        """Expected income or spending changes by a percentage."""
        first = self.day(number, step.from_)
        last = self.end if step.until is None else step.until
        currency = self.account(number, None)[1].currency
        factor = step.percent / PER_CENT
        changed, count, items = 0, 0, []
        for item in built.items:
            if first <= item.on <= last and _is_scaled(item, step):
                more = _times(item.amount_minor, factor)
                changed += more
                count += 1
                if item.amount_minor + more:
                    items.append(replace(item, amount_minor=item.amount_minor + more))
            else:
                items.append(item)
        if isinstance(step, ask.ChangeSpending) and step.category is not None:
            extra = self._everyday_of(step.category, factor, first, last, number)
            changed += sum(item.amount_minor for item in extra)
            count += len(extra)
            items += extra
        built.items = items
        what = "income" if isinstance(step, ask.ChangeIncome) else "spending"
        if isinstance(step, ask.ChangeSpending) and step.category is not None:
            what += f" on {step.category}"
        text = f"Changes expected {what} by {step.percent:+f} % from {first}: {count} payments"
        text += f", {in_words(changed, currency)} in all."
        return StepTold(number, step_type(step), text, currency)

    def _everyday_of(self, category: str, factor: Decimal, first: dt.date, last: dt.date, number: int) -> list[Item]:
        """What a category's everyday money changes by, at each month's end."""
        found = []
        for account_id in self.outlook.states:
            monthly = self.outlook.habits(account_id, with_interest=True).by_category_minor.get(category, 0)
            more = _times(monthly, factor) if monthly < 0 else 0
            if more:
                days = [mark(self.today, n) for n in range(1, self.months + 1)]
                origin = Origin("step", str(number))
                found += [
                    Item(day, account_id, more, origin, category=category) for day in days if first <= day <= last
                ]
        return found

    def shock(self, built: Built, number: int, step: ask.MarketShock) -> StepTold:
        """Holdings or an account's money change in value on a day."""
        day = self.day(number, step.on, "on")
        account_id, state = self.account(number, step.account_id)
        worth = Worth(self.fork)
        unknown = sorted(set(step.tickers) - worth.tickers())
        if unknown:
            raise ScenarioError("unknown_holding", f"steps[{number - 1}].tickers", f"Nothing is held of {unknown[0]}.")
        built.shocks.append(
            Shock(
                day,
                step.percent,
                Origin("market", str(number)),
                frozenset(step.tickers),
                None if step.account_id is None else account_id,
            )
        )
        what = "the account's money" if step.account_id else ", ".join(step.tickers) or "all holdings"
        return StepTold(
            number, "market_shock", f"Changes the value of {what} by {step.percent:+f} % on {day}.", state.currency
        )


def main_account(fork: Fork) -> UUID:
    """The account with the user's own id, or the first one that is open where that is closed."""
    open_ones = [each for each, state in fork.accounts.items() if state.status is not Status.CLOSED]
    if fork.user_id in open_ones:
        return fork.user_id
    if open_ones:
        return open_ones[0]
    raise ScenarioError("no_account", "accounts", "There is no open account.")


def _is_income(item: Item, wanted: UUID | None) -> bool:
    if item.amount_minor <= 0 or item.origin.kind not in INCOME_KINDS or item.decided:
        return False
    return wanted is None or item.origin.id == str(wanted)


def _is_scaled(item: Item, step: ask.ChangeIncome | ask.ChangeSpending) -> bool:
    if isinstance(step, ask.ChangeIncome):
        return _is_income(item, step.income)
    if item.amount_minor >= 0 or item.to_account is not None or item.origin.kind not in {"flow", "plan", "everyday"}:
        return False
    return step.category is None or (item.category == step.category and item.origin.kind != "everyday")


def _times(amount_minor: int, factor: Decimal) -> int:
    return round_half_up(EXACT.multiply(Decimal(amount_minor), factor))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _handlers() -> dict[type, Callable[[Builder, Built, int, Any], StepTold]]:
    """What handles each type of step; changes of rate are made first, steps about the past elsewhere (`counterfactual`)."""
    from fintwin.twin.steps_debt import loan, payoff
    from fintwin.twin.steps_goal import goal

    return {
        ask.Deposit: Builder.payment,
        ask.Withdraw: Builder.payment,
        ask.Transfer: Builder.payment,
        ask.LoseIncome: Builder.lose_income,
        ask.ChangeIncome: Builder.scale,
        ask.ChangeSpending: Builder.scale,
        ask.MarketShock: Builder.shock,
        ask.Loan: loan,
        ask.Payoff: payoff,
        ask.Goal: goal,
    }
