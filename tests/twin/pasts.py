"""Pasts for the twin, written event by event: every movement goes through `decide`, so each is a true history.

past = Past()
past.deposit(100_000_00)
fork = past.fork()                  # on TODAY
"""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from fintwin.domain import accounts, profiles
from fintwin.domain.accounts import AccountState
from fintwin.domain.refusals import Refusal
from fintwin.domain.streams import Recorded, StreamKey, StreamKind
from fintwin.twin.answer import Answer, Simulation, answer
from fintwin.twin.fork import Fork, replay
from fintwin.twin.outlook import Outlook
from fintwin.twin.scenario import Document

TODAY = dt.date(2026, 3, 15)
NOW = dt.datetime(2026, 3, 15, 10, 30, tzinfo=dt.UTC)
USER = UUID(int=0xA11CE)
SAVINGS = UUID(int=0x5A5)


def at(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


class Past:
    """A user with a main account; money moves on the day that is given, yesterday by default."""

    def __init__(self, currency: str = "EUR", rate: str | None = None) -> None:
        self.events: list[Recorded] = []
        self.states: dict[UUID, AccountState] = {}
        self._versions: dict[StreamKey, int] = {}
        self._last = at(dt.date(2020, 1, 1))
        self.record(StreamKey(StreamKind.PROFILE, USER), profiles.UserRegistered(provider="demo"))
        self.open(USER, currency=currency, rate=rate)

    def open(self, account_id: UUID, *, currency: str = "EUR", kind: Any = "checking", rate: str | None = None) -> None:
        """Open an account."""
        self.record(
            StreamKey(StreamKind.ACCOUNT, account_id),
            accounts.AccountOpened(
                name="s1.x", kind=kind, currency=currency, annual_rate_percent=None if rate is None else Decimal(rate)
            ),
        )

    def deposit(self, amount: int, on: dt.date | None = None, *, account: UUID = USER, **more: Any) -> UUID:
        """Book a deposit; returns its transaction."""
        return self._decided(accounts.Deposit, amount, on, account, more)

    def withdraw(self, amount: int, on: dt.date | None = None, *, account: UUID = USER, **more: Any) -> UUID:
        """Book a withdrawal."""
        return self._decided(accounts.Withdraw, amount, on, account, more)

    def transfer(self, amount: int, to: UUID, on: dt.date | None = None, *, account: UUID = USER) -> UUID:
        """Book a transfer to an own account or somebody's."""
        return self._decided(accounts.SendTransfer, amount, on, account, {"to_account": to, "account_id": account})

    def plan(self, amount: int, *, kind: Any = "bill", starts: dt.date = TODAY, **more: Any) -> UUID:
        """Plan an item, signed."""
        item = UUID(int=len(self.events) + 500)
        self.record(
            StreamKey(StreamKind.PROFILE, USER),
            profiles.PlanItemAdded(
                item_id=item, kind=kind, name="s1.p", account_id=USER, amount_minor=amount, starts=starts, **more
            ),
        )
        return item

    def record(self, stream: StreamKey, event: Any, when: dt.datetime | None = None, txn: UUID | None = None) -> UUID:
        """Take an event down as it is."""
        self._last = max(self._last, when or self._last)
        moment = when or self._last
        number = len(self.events) + 1
        self._versions[stream] = self._versions.get(stream, 0) + 1
        if stream.kind is StreamKind.ACCOUNT:
            self.states[stream.id] = accounts.evolve(self.states.get(stream.id), event, effective_at=moment)
        transaction = txn or UUID(int=0x7000_0000 + number)
        self.events.append(
            Recorded(
                shard=0, position=number, stream_kind=stream.kind, stream_id=stream.id, version=self._versions[stream],
                user_id=USER, type=type(event).__name__, schema_version=1, transaction_id=transaction,
                effective_at=moment, recorded_at=self._last, event=event, metadata={},
            )
        )  # fmt: skip
        return transaction

    def fork(self, now: dt.datetime = NOW) -> Fork:
        """The fork at the end of what was written."""
        return replay(USER, self.events, at=now)

    def run(self, months: int, *steps: Any, **more: Any) -> Answer:
        """The whole answer of a scenario."""
        return answer(self.simulation(months, *steps, **more))

    def simulation(self, months: int, *steps: Any, **more: Any) -> Simulation:
        """A scenario on this past, not run yet."""
        fork = self.fork()
        return Simulation(fork, Outlook(fork), Document(horizon_months=months, steps=steps, **more))

    def _decided(self, command: Any, amount: int, on: dt.date | None, account: UUID, more: dict[str, Any]) -> UUID:
        moment = at(on or TODAY - dt.timedelta(days=1))
        events = accounts.decide(self.states.get(account), command(at=moment, amount_minor=amount, **more))
        assert not isinstance(events, Refusal), events
        transaction = self.record(StreamKey(StreamKind.ACCOUNT, account), events[0], moment)
        if isinstance(events[0], accounts.TransferSent) and events[0].to_account in self.states:
            received = accounts.received_leg(events[0], account)
            self.record(StreamKey(StreamKind.ACCOUNT, events[0].to_account), received, moment, transaction)
        return transaction
