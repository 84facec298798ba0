"""Made lives: short scripts that become the events of one user, as the log would hold them.

    life = Life()
    life.earn(0, 3000_00, "employer")           # day 0
    life.pay(1, 900_00, "landlord")
    life.score()                                # the risk of the main account after the last event

``factor`` multiplies all amounts, ``shift_hours`` moves the whole life to another time zone, ``currency`` changes only the
name of the money: none of these may change a score.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fintwin.domain import accounts, profiles
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.projections import risk
from fintwin.projections.model import Rows, fold_all
from fintwin.projections.risk_levels import Score, score
from fintwin.projections.risk_state import seconds

USER = UUID("0198c0de-0000-7000-8000-000000000001")
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


class Life:
    """One user, one main account, and whatever else the script opens. Days count from the beginning."""

    def __init__(
        self,
        *,
        currency: str = "EUR",
        factor: int = 1,
        shift_hours: int = 0,
        limit_minor: int = 0,
        user: UUID = USER,
        recorded_at: datetime | None = None,
    ) -> None:
        self.currency = currency
        self.factor = factor
        self.shift = timedelta(hours=shift_hours)
        self.user = user
        self.events: list[Recorded] = []
        self.recorded_at = recorded_at
        self.now = BEGIN + self.shift
        self.transactions = 0
        self.versions: dict[tuple[StreamKind, UUID], int] = {}
        self.balances: dict[UUID, int] = {}
        self.limits: dict[UUID, int] = {}
        self.open(user)
        if limit_minor:
            self.limit(limit_minor)

    def _next(self, kind: StreamKind, stream: UUID) -> int:
        self.versions[kind, stream] = self.versions.get((kind, stream), 0) + 1
        return self.versions[kind, stream]

    def moment(self, day: float) -> datetime:
        """When a day of the script is."""
        return BEGIN + self.shift + timedelta(days=day)

    def add(
        self, kind: StreamKind, stream: UUID, event: Any, at: datetime | None = None, *, same: bool = False
    ) -> UUID:
        """One more event; ``same``: in the transaction of the event before. Gives the transaction's id."""
        self.now = max(self.now, at or self.now)
        if not same:
            self.transactions += 1
        position = len(self.events) + 1
        transaction = UUID(int=(self.user.int << 20) % 2**96 + self.transactions)
        self.events.append(
            Recorded(
                shard=0,
                position=position,
                stream_kind=kind,
                stream_id=stream,
                version=self._next(kind, stream),
                user_id=self.user,
                type=type(event).__name__,
                schema_version=1,
                transaction_id=transaction,
                effective_at=at or self.now,
                recorded_at=self.recorded_at or at or self.now,
                event=event,
                metadata={},
            )
        )
        return transaction

    def open(self, account: UUID, kind: accounts.AccountKind = "checking") -> UUID:
        """Open a further account; gives its transaction's id."""
        self.balances[account] = 0
        self.limits[account] = 0
        return self.add(
            StreamKind.ACCOUNT, account, accounts.AccountOpened(name="s1.n", kind=kind, currency=self.currency)
        )

    def limit(self, limit_minor: int, account: UUID | None = None) -> None:
        """Let an account go below zero."""
        account = account or self.user
        self.limits[account] = limit_minor * self.factor
        event = accounts.OverdraftLimitSet(overdraft_limit_minor=limit_minor * self.factor)
        self.add(StreamKind.ACCOUNT, account, event)

    def _book(self, account: UUID, delta_minor: int) -> None:
        self.balances[account] = self.balances.get(account, 0) + delta_minor
        assert self.balances[account] >= -self.limits[account], "the ledger would have refused this"

    def earn(self, day: float, amount_minor: int, source: str | None = None, **more: Any) -> UUID:
        """Income from outside; ``more`` are further fields of the event, or ``account``."""
        account = more.pop("account", self.user)
        self._book(account, amount_minor * self.factor)
        event = accounts.Deposited(
            amount_minor=amount_minor * self.factor, currency=self.currency, payee_ref=source, **more
        )
        return self.add(StreamKind.ACCOUNT, account, event, self.moment(day))

    def pay(self, day: float, amount_minor: int, payee: str | None = None, **more: Any) -> UUID:
        """A payment to the outside."""
        account = more.pop("account", self.user)
        self._book(account, -amount_minor * self.factor)
        event = accounts.Withdrawn(
            amount_minor=amount_minor * self.factor, currency=self.currency, payee_ref=payee, **more
        )
        return self.add(StreamKind.ACCOUNT, account, event, self.moment(day))

    def send(self, day: float, amount_minor: int, to: UUID, account: UUID | None = None) -> UUID:
        """A transfer to another account, own or not."""
        account = account or self.user
        amount = amount_minor * self.factor
        self._book(account, -amount)
        sent = accounts.TransferSent(amount_minor=amount, currency=self.currency, to_account=to)
        transaction = self.add(StreamKind.ACCOUNT, account, sent, self.moment(day))
        if to in self.balances:
            self._book(to, amount)
            received = accounts.TransferReceived(amount_minor=amount, currency=self.currency, from_account=account)
            self.add(StreamKind.ACCOUNT, to, received, self.moment(day), same=True)
        return transaction

    def receive(self, day: float, amount_minor: int, sender: UUID) -> UUID:
        """A transfer from somebody else's account."""
        amount = amount_minor * self.factor
        self._book(self.user, amount)
        event = accounts.TransferReceived(amount_minor=amount, currency=self.currency, from_account=sender)
        return self.add(StreamKind.ACCOUNT, self.user, event, self.moment(day))

    def profile(self, goal: profiles.FinancialGoal, appetite: profiles.RiskAppetite, **more: Any) -> UUID:
        """Complete the profile."""
        event = profiles.ProfileCompleted(
            account_name="s1.n",
            currency_preference=self.currency,
            monthly_income_minor=more.pop("monthly_income_minor", 3000_00),
            financial_goal=goal,
            risk_appetite=appetite,
            **more,
        )
        return self.add(StreamKind.PROFILE, self.user, event)

    @property
    def balance(self) -> int:
        """Of the main account, as the script wrote its amounts."""
        return self.balances[self.user] // self.factor

    def rows(self) -> Rows:
        """The risk read model after the last event."""
        return fold_all(risk.MODEL, self.events)

    def score(self, days_later: float = 0, account: UUID | None = None) -> Score:
        """The risk of an account some days after the last event."""
        rows = self.rows()[self.user]
        pot = rows.get((risk.POT, self.currency))
        return score(
            rows[risk.ACCOUNT, account or self.user].state,
            None if pot is None else pot.state,
            seconds(self.now + timedelta(days=days_later)),
        )

    def scores(self, after_day: float = 0) -> Iterator[tuple[float, Score]]:
        """The main account's score right after each event (day, score)."""
        rows: Rows = {}
        for one in self.events:
            fold_all(risk.MODEL, [one], rows)
            day = (one.effective_at - BEGIN - self.shift) / timedelta(days=1)
            account = rows[self.user].get((risk.ACCOUNT, self.user))
            pot = rows[self.user].get((risk.POT, self.currency))
            if account is not None and day >= after_day:
                money = None if pot is None else pot.state
                yield day, score(account.state, money, seconds(one.effective_at))


def month(
    life: Life, number: int, *, salary: int = 3000_00, rent: int = 900_00, food: int = 90_00, fun: int = 60_00
) -> None:
    """A usual month: salary, rent, power and phone, food each week, some fun; about a third is left."""
    begin = number * 30.44
    life.earn(begin + 0.3, salary, "employer")
    payments: list[tuple[float, int, str | None]] = [
        (1.4, rent, "landlord"),
        (3.4, 85_00, "power"),
        (5.4, 30_00, "phone"),
        (15.5, 300_00, "insurance"),
    ]
    for week in range(4):
        payments += [
            (2.7 + 7 * week, food, "market"),
            (4.8 + 7 * week, fun // 2, "bakery"),
            (5.9 + 7 * week, fun, None),
        ]
    for day, amount, payee in sorted(payments, key=lambda one: one[0]):
        life.pay(begin + day, amount, payee)
