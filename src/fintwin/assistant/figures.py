"""The tools: a person's own figures, each with where it comes from. They read and never write.

Nothing here tells a name, a note, a payee or an account's id: accounts are called by their kind. So whatever somebody wrote into
a note of a transfer is never part of an answer, and never part of what leaves this server.

    told = await Figures(pool, desk, user_id, now=now, locale="de_DE").balances()
    told.text, told.figures
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from fintwin.assistant.dates import months_later
from fintwin.assistant.pieces import Figure, Proposal
from fintwin.domain.accounts.state import Status
from fintwin.domain.money import exponent
from fintwin.projections import portfolios, risk_text
from fintwin.projections.accounts import Account
from fintwin.projections.money_text import money_text
from fintwin.projections.statements import Statement
from fintwin.simulations.desk import Desk, TooManyRunsError
from fintwin.simulations.views import view_of
from fintwin.store import reading, reading_insights
from fintwin.store.connect import Pool
from fintwin.twin.answer import Answer

SEEN_MAX: Final = 2_000
"""So many transactions are looked at for what changed and what was spent."""
WINDOW_DAYS: Final = 30
AHEAD_MONTHS: Final = 3
HORIZON_MONTHS_MAX: Final = 60
CATEGORIES_SHOWN: Final = 5
SAVINGS_MONTHS: Final = 12
_answer: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(view_of(Answer))


class Told(msgspec.Struct, frozen=True):
    """What a tool answers: sentences made from the figures, the figures, and a scenario where one fits."""

    text: str
    figures: tuple[Figure, ...] = ()
    proposal: Proposal | None = None


class Figures:
    """One person's figures at one moment."""

    def __init__(self, pool: Pool, desk: Desk, user_id: UUID, *, now: datetime, locale: str | None) -> None:
        """``pool`` of the role `api`; ``locale`` for the writing of amounts."""
        self._pool = pool
        self._desk = desk
        self._user_id = user_id
        self.now = now
        self._locale = locale

    @property
    def today(self) -> date:
        """The day in UTC, as the ledger counts."""
        return self.now.date()

    async def balances(self) -> Told:
        """What is on each account, and together by currency."""
        accounts = await self._accounts()
        if not accounts:
            return Told("There is no open account. The first one is opened when your profile is complete.")
        figures = [
            Figure(called, self._money(one.balance_minor, one.currency), "/api/accounts/")
            for called, one in _called(accounts)
        ]
        if len(accounts) == 1:
            return Told(f"Your balance is {figures[0].value}.", tuple(figures))
        sums: Counter[str] = Counter()
        for one in accounts:
            sums[one.currency] += one.balance_minor
        together = " and ".join(self._money(amount, currency) for currency, amount in sums.items())
        return Told(f"Over {len(accounts)} accounts you have {together}.", tuple(figures))

    async def changes(self) -> Told:
        """The last thirty days beside the thirty before them."""
        since = self.now - timedelta(days=2 * WINDOW_DAYS)
        rows, accounts, whole = await self._movements(since)
        border = self.now - timedelta(days=WINDOW_DAYS)
        own = _ids(accounts)
        currency = self._main_currency(_open(accounts), rows)
        if currency is None or not rows:
            return Told(f"Nothing was booked in the last {2 * WINDOW_DAYS} days.")
        flows: dict[tuple[bool, bool], int] = Counter()
        spent: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for row in rows:
            incoming = _incoming(row, own)
            if row.currency != currency or incoming is None:
                continue
            recent = row.effective_at >= border
            flows[recent, incoming] += row.amount_minor
            if not incoming:
                spent[recent][row.category or "other"] += row.amount_minor
        lines = [
            self._beside("came in", flows[True, True], flows[False, True], currency),
            self._beside("went out", flows[True, False], flows[False, False], currency),
        ]
        differences = {name: spent[True][name] - spent[False][name] for name in spent[True] | spent[False]}
        largest = max(differences, key=lambda name: (abs(differences[name]), name), default=None)
        if largest is not None and differences[largest]:
            word = "more" if differences[largest] > 0 else "less"
            lines.append(
                f"The largest change is {largest}: {self._money(abs(differences[largest]), currency)} {word} than before."
            )
        figures = tuple(
            Figure(label, self._money(flows[recent, incoming], currency), "/api/transactions/")
            for label, recent, incoming in (
                (f"In, last {WINDOW_DAYS} days", True, True),
                (f"In, {WINDOW_DAYS} days before", False, True),
                (f"Out, last {WINDOW_DAYS} days", True, False),
                (f"Out, {WINDOW_DAYS} days before", False, False),
            )
        )
        return Told(" ".join(lines) + _partly(whole), figures)

    async def spending(self) -> Told:
        """Where the money of the last thirty days went, by category."""
        rows, accounts, whole = await self._movements(self.now - timedelta(days=WINDOW_DAYS))
        own = _ids(accounts)
        currency = self._main_currency(_open(accounts), rows)
        spent: Counter[str] = Counter()
        for row in rows:
            if row.currency == currency and _incoming(row, own) is False:
                spent[row.category or "other"] += row.amount_minor
        if currency is None or not spent:
            return Told(f"No spending was booked in the last {WINDOW_DAYS} days.")
        total = self._money(spent.total(), currency)
        figures = [
            Figure(name.capitalize(), self._money(amount, currency), "/api/transactions/")
            for name, amount in spent.most_common(CATEGORIES_SHOWN)
        ]
        rest = spent.total() - sum(amount for _, amount in spent.most_common(CATEGORIES_SHOWN))
        if rest:
            figures.append(Figure("Everything else", self._money(rest, currency), "/api/transactions/"))
        text = f"In the last {WINDOW_DAYS} days {total} went out, own transfers left out. By category:"
        return Told(text + _partly(whole), tuple(figures))

    async def risk(self) -> Told:
        """The score of each account, its reasons, and what would lower it."""
        seen = await reading_insights.risk(self._pool, self._user_id, now=self.now)
        called = {one.account_id: name for name, one in _called(await self._accounts())}
        if not seen.value:
            return Told("There is no account yet whose risk could be told.")
        worst = max(seen.value, key=lambda one: one.score.score)
        figures = tuple(
            Figure(f"Risk, {called[one.account_id]}", str(one.score.score), "/api/risk/score")
            for one in seen.value
            if one.account_id in called
        )
        if not worst.score.reasons:
            return Told("Your risk score is 0: none of the signals fires at present.", figures)
        lines = [f"Your highest risk score is {worst.score.score} ({worst.score.level}); it is the sum of its reasons."]
        for reason in worst.score.reasons:
            flag = risk_text.flag(reason, worst.currency, self._locale)
            advice = risk_text.advice(reason, worst.currency, self._locale)
            lines.append(f"{reason.points} points: {flag}. {advice}")
        return Told("\n\n".join(lines), figures)

    async def savings(self) -> Told:
        """What is left of the income of the last twelve months."""
        first = months_later(self.today.replace(day=1), 1 - SAVINGS_MONTHS)
        portfolio = (await reading.portfolio(self._pool, self._user_id, first_month=first)).value
        currency = self._main_currency(await self._accounts(), [])
        months = [month for month in portfolio.months if month.currency == currency]
        rate = portfolios.savings_rate(months)
        if rate is None or currency is None:
            return Told("Without income in the last twelve months there is no savings rate.")
        income = sum(month.income_minor for month in months)
        spent = sum(month.expense_minor for month in months)
        shown = f"{Decimal(rate * 100).quantize(Decimal('0.1'))} %"
        figures = (
            Figure("Savings rate", shown, "/api/portfolio/"),
            Figure("Income", self._money(income, currency), "/api/portfolio/"),
            Figure("Spending", self._money(spent, currency), "/api/portfolio/"),
        )
        text = f"Over the last {len(months)} months with movements you kept {shown} of your income."
        return Told(text, figures)

    async def worth(self) -> Told:
        """Balances and holdings together, by currency."""
        portfolio = (await reading.portfolio(self._pool, self._user_id)).value
        cash: Counter[str] = Counter()
        held: Counter[str] = Counter()
        for account in portfolio.accounts:
            cash[account.currency] += account.balance_minor
        for growth in portfolio.growth:
            held[growth.currency] += growth.value_minor
        if not cash and not held:
            return Told("There is nothing booked yet that could be counted.")
        figures = []
        for currency in sorted({*cash, *held}):
            total = self._money(cash[currency] + held[currency], currency)
            figures.append(Figure(f"Net worth, {currency}", total, "/api/portfolio/"))
            if held[currency]:
                figures.append(
                    Figure(f"Holdings, {currency}", self._money(held[currency], currency), "/api/portfolio/")
                )
        return Told("Balances and holdings together, one sum per currency:", tuple(figures))

    async def ahead(self) -> Told:
        """The lowest point of the coming months as the twin sees them, if everything goes on as it does."""
        found = await self._run({"name": "As it goes on", "horizon_months": AHEAD_MONTHS, "steps": []})
        if isinstance(found, str):
            return Told(found)
        outcome = found.baseline
        lowest = self._decimal(outcome.lowest, found.currency)
        figures = [
            Figure("Lowest balance", lowest, "/api/twin/runs"),
            Figure("On", str(outcome.lowest_on), "/api/twin/runs"),
        ]
        text = (
            f"If your recurring flows, plans and everyday spending go on, the lowest point of the next {AHEAD_MONTHS} months "
            f"is {lowest} on {outcome.lowest_on}."
        )
        if outcome.first_breach:
            text += f" On {outcome.first_breach} an account would fall below its limit for the first time."
        return Told(text, tuple(figures))

    async def afford(self, amount: Decimal, on: date | None) -> Told:
        """What the twin shows when this amount is paid on that day (today where none is named)."""
        day = on or self.today
        if day < self.today:
            return Told(f"{day} is in the past; the twin looks ahead from today.")
        months = min(max(AHEAD_MONTHS, (day.year - self.today.year) * 12 + day.month - self.today.month + 2), 600)
        if months > HORIZON_MONTHS_MAX:
            return Told(f"{day} is more than {HORIZON_MONTHS_MAX // 12} years ahead: open the twin for that.")
        accounts = await self._accounts()
        if not accounts:
            return Told("There is no open account to pay from.")
        places = exponent(accounts[0].currency) or 0
        if amount != round(amount, places):
            return Told(f"An amount in {accounts[0].currency} has at most {places} decimals.")
        name = f"Pay {amount} on {day}"
        document = {
            "name": name,
            "horizon_months": months,
            "steps": [{"type": "withdraw", "amount": str(amount), "on": day.isoformat()}],
        }
        found = await self._run(document)
        if isinstance(found, str):
            return Told(found)
        outcome, before = found.scenario, found.baseline
        price = self._decimal(amount, found.currency)
        lowest = self._decimal(outcome.lowest, found.currency)
        figures = (
            Figure("Payment", f"{price} on {day}", "/api/twin/runs"),
            Figure("Lowest balance with it", f"{lowest} on {outcome.lowest_on}", "/api/twin/runs"),
            Figure("Lowest balance without", self._decimal(before.lowest, found.currency), "/api/twin/runs"),
        )
        return Told(_afforded(outcome, before, price, lowest, day), figures, Proposal(name, document))

    async def _run(self, document: dict[str, Any]) -> Any:
        """The total in the answer's own currency, or a sentence that says why there is none."""
        try:
            done = await self._desk.run(self._user_id, msgspec.json.encode(document), self.now, run_id=uuid7())
        except TooManyRunsError:
            return "The twin is busy with other runs of yours; ask again in a moment."
        if done.fault is not None:
            return f"The twin cannot answer that: {done.fault[2]}"
        if not done.body:
            return "The twin could not be asked at the moment; try again soon."
        answer = _answer.decode(done.body)
        return next(one for one in answer.totals if one.currency == answer.currency)

    async def _accounts(self) -> list[Account]:
        return _open((await reading.accounts(self._pool, self._user_id)).value)

    async def _movements(self, since: datetime) -> tuple[list[Statement], list[Account], bool]:
        """Newest first, the own accounts with the closed ones, and whether these are all."""
        wanted = reading.Filter(effective_from=since, limit=SEEN_MAX)
        rows = (await reading.transactions(self._pool, self._user_id, wanted)).value
        accounts = (await reading.accounts(self._pool, self._user_id)).value
        return [row for row in rows if row.reverses is None and row.reversed_by is None], accounts, len(rows) < SEEN_MAX

    def _main_currency(self, accounts: list[Account], rows: list[Statement]) -> str | None:
        main = next((one.currency for one in accounts if one.account_id == self._user_id), None)
        return main or next((one.currency for one in accounts), rows[0].currency if rows else None)

    def _money(self, amount_minor: int, currency: str) -> str:
        return money_text(amount_minor, currency, self._locale)

    def _decimal(self, amount: Decimal, currency: str) -> str:
        return self._money(int(amount.scaleb(exponent(currency) or 0)), currency)

    def _beside(self, what: str, now_minor: int, before_minor: int, currency: str) -> str:
        now, before = self._money(now_minor, currency), self._money(before_minor, currency)
        return f"In the last {WINDOW_DAYS} days {now} {what}, in the {WINDOW_DAYS} days before {before}."


def _open(accounts: list[Account]) -> list[Account]:
    return [one for one in accounts if one.status != Status.CLOSED.value]


def _ids(accounts: list[Account]) -> frozenset[UUID]:
    return frozenset(one.account_id for one in accounts)


def _called(accounts: list[Account]) -> list[tuple[str, Account]]:
    """Accounts by their kind, numbered where there are several of one kind."""
    kinds = Counter(one.kind for one in accounts)
    seen: Counter[str] = Counter()
    called = []
    for one in accounts:
        seen[one.kind] += 1
        number = f" {seen[one.kind]}" if kinds[one.kind] > 1 else ""
        called.append((f"{one.kind.capitalize()} account{number}", one))
    return called


def _incoming(row: Statement, own: frozenset[UUID]) -> bool | None:
    """Whether money came in (True) or went out (False); None between own accounts."""
    if row.type == "transfer":
        if row.to_account in own:
            return None if row.account_id in own else True
        return False
    return row.type == "deposit"


def _partly(whole: bool) -> str:  # noqa: FBT001  a plain fact for one sentence
    return "" if whole else f" Only the newest {SEEN_MAX} transactions were looked at."


def _afforded(outcome: Any, before: Any, price: str, lowest: str, day: date) -> str:
    """What the figures say, and no more than that."""
    if outcome.refused.count:
        missing = outcome.refused.listed[0]
        return f"On {missing.on} the ledger would refuse a payment of {price}: the balance expected then does not cover it."
    text = f"On {day} the ledger would accept a payment of {price}. The lowest balance expected afterwards is {lowest}."
    if outcome.first_breach and outcome.first_breach != before.first_breach:
        return f"{text} But on {outcome.first_breach} an account would then fall below its limit."
    more = outcome.would_be_refused.count - before.would_be_refused.count
    if more > 0:
        return f"{text} But {more} later payments that are expected would no longer be covered."
    return text
