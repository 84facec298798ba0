"""Histories of several users as the log would hold them, drawn by chance from the rules themselves.

    @given(histories())
    def test_...(events: list[Recorded]) -> None: ...

Every event was decided by the domain, so a drawn history is one that could have happened: transfers between own and other
people's accounts, late bookings, reversals, annotations, frozen and closed accounts, holdings.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from hypothesis import strategies as st

from fintwin.domain import accounts, holdings, profiles
from fintwin.domain.catalogue import encode
from fintwin.domain.refusals import Refusal
from fintwin.domain.streams import Recorded, StreamKind

BEGIN = datetime(2026, 1, 30, 22, tzinfo=UTC)
CURRENCIES = ("EUR", "EUR", "JPY")


class World:
    """All users' streams, and the log that they make."""

    def __init__(self, seed: int) -> None:
        """``seed`` decides everything."""
        self.draw = Random(seed)
        self.events: list[Recorded] = []
        self.now = BEGIN
        self.users = [self.id() for _ in range(3)]
        self.owners: dict[UUID, UUID] = {}
        self.accounts: dict[UUID, accounts.AccountState] = {}
        self.profiles: dict[UUID, profiles.ProfileState] = {}
        self.held: dict[UUID, holdings.HoldingsState] = {}
        self.versions: dict[tuple[StreamKind, UUID], int] = {}

    def id(self) -> UUID:
        """A fresh id."""
        return UUID(int=self.draw.getrandbits(128))

    def book(
        self, user: UUID, kind: StreamKind, stream: UUID, event: Any, transaction: UUID, at: datetime | None
    ) -> None:
        """Put a decided event at the end of the log."""
        version = self.versions[kind, stream] = self.versions.get((kind, stream), 0) + 1
        effective_at = at or self.now
        self.events.append(
            Recorded(
                shard=0,
                position=len(self.events) + 1,
                stream_kind=kind,
                stream_id=stream,
                version=version,
                user_id=user,
                type=type(event).__name__,
                schema_version=1,
                transaction_id=transaction,
                effective_at=effective_at,
                recorded_at=self.now,
                event=event,
                metadata={},
            )
        )
        if kind is StreamKind.ACCOUNT:
            self.owners[stream] = user
            state = accounts.evolve(self.accounts.get(stream), event, effective_at=effective_at)
            self.accounts[stream] = accounts.remembering(state) if state.version == 1 else state
        elif kind is StreamKind.PROFILE:
            self.profiles[stream] = profiles.evolve(self.profiles.get(stream), event)
        else:
            self.held[stream] = holdings.evolve(self.held.get(stream), event)

    def register(self, user: UUID, currency: str) -> None:
        """A person with a complete profile and a main account."""
        command = profiles.RegisterUser(at=self.now, provider="demo", full_name="s1.name")
        for event in self.decided(profiles.decide(None, command)):
            self.book(user, StreamKind.PROFILE, user, event, self.id(), None)
        transaction = self.id()
        answers = profiles.ProfileAnswers(
            account_name="s1.main",
            currency_preference=currency,
            monthly_income_minor=self.draw.randrange(5) * 1000_00,
            financial_goal=self.draw.choice(("savings", "investment", "debt_payoff", "wealth_building")),
            risk_appetite=self.draw.choice(("low", "medium", "high")),
        )
        filled = profiles.decide(self.profiles[user], profiles.FillInProfile(at=self.now, answers=answers))
        for event in self.decided(filled):
            self.book(user, StreamKind.PROFILE, user, event, transaction, None)
        self.open(user, user, currency, transaction)

    def open(self, user: UUID, account: UUID, currency: str, transaction: UUID) -> None:
        """One more account of the user."""
        kind = self.draw.choice(("checking", "savings", "cash"))
        opening = accounts.OpenAccount(at=self.now, name="s1.account", kind=kind, currency=currency)
        for event in self.decided(accounts.decide(None, opening)):
            self.book(user, StreamKind.ACCOUNT, account, event, transaction, None)

    @staticmethod
    def decided(answer: Any) -> list[Any]:
        """The events of an answer; none where it is a refusal."""
        return [] if isinstance(answer, Refusal) else answer

    def on_account(self, account: UUID, command: Any) -> None:
        """Book a command on an account, with the other half of a transfer where the recipient takes it."""
        events = self.decided(accounts.decide(self.accounts[account], command))
        at = getattr(command, "effective_at", None)
        transaction = self.id()
        received = None
        if events and isinstance(events[0], accounts.TransferSent):
            to = events[0].to_account
            received = accounts.received_leg(events[0], account)
            arriving = accounts.ReceiveTransfer(
                at=self.now, from_account=account, amount_minor=received.amount_minor, currency=received.currency
            )
            if isinstance(accounts.decide(self.accounts.get(to), arriving), Refusal):
                return
        for event in events:
            self.book(self.owners[account], StreamKind.ACCOUNT, account, event, transaction, at)
        if received is not None:
            to = events[0].to_account
            self.book(self.owners[to], StreamKind.ACCOUNT, to, received, transaction, at)

    def step(self) -> None:
        """Something happens to somebody."""
        self.now += timedelta(minutes=self.draw.choice((0, 1, 7, 90, 24 * 60, 9 * 24 * 60)))
        account = self.draw.choice(list(self.accounts))
        happening = self.draw.choices(
            (self.money, self.transfer, self.take_back, self.annotate, self.change, self.hold, self.further_account),
            (10, 6, 2, 2, 2, 3, 1),
        )[0]
        happening(account)

    def money(self, account: UUID) -> None:
        """A deposit or withdrawal, sometimes of days ago."""
        kind = self.draw.choice((accounts.Deposit, accounts.Deposit, accounts.Withdraw))
        party = accounts.Counterparty(name="s1.shop", bank="AB") if self.draw.random() < 0.3 else None
        late = timedelta(hours=self.draw.choice((0, 3, 30, 300))) if self.draw.random() < 0.4 else None
        self.on_account(
            account,
            kind(
                at=self.now,
                amount_minor=self.draw.choice((1, 999, 50_00, 1234_56)),
                category=self.draw.choice((None, "food", "rent", "salary")),
                note=self.draw.choice((None, "s1.note")),
                counterparty=party,
                payee_ref="shop" if party else None,
                effective_at=None if late is None else self.now - late,
                date_only=self.draw.random() < 0.2,
            ),
        )

    def transfer(self, account: UUID) -> None:
        """A payment to any account there is, own ones included."""
        to = self.draw.choice(list(self.accounts))
        amount_minor = self.draw.choice((1, 20_00, 333_33))
        command = accounts.SendTransfer(
            at=self.now,
            account_id=account,
            to_account=to,
            amount_minor=amount_minor,
            note=self.draw.choice((None, "s1.n")),
        )
        self.on_account(account, command)

    def take_back(self, account: UUID) -> None:
        """Reverse a deposit, a withdrawal or a transfer that was received, at most once."""
        undone = {one.event.reverses for one in self.events if getattr(one.event, "reverses", None)}
        money = [
            one
            for one in self.events
            if one.stream_id == account
            and isinstance(one.event, accounts.Deposited | accounts.Withdrawn | accounts.TransferReceived)
            and one.transaction_id not in undone
            and one.event.reverses is None
        ]
        if not money:
            return
        original = self.draw.choice(money)
        common: dict[str, Any] = {
            "at": self.now, "amount_minor": original.event.amount_minor, "reverses": original.transaction_id
        }  # fmt: skip
        match original.event:
            case accounts.Deposited():
                self.on_account(account, accounts.Withdraw(**common))
            case accounts.Withdrawn():
                self.on_account(account, accounts.Deposit(**common))
            case accounts.TransferReceived(from_account=payer):
                self.on_account(account, accounts.SendTransfer(account_id=account, to_account=payer, **common))

    def annotate(self, account: UUID) -> None:
        """Another category or note for one of the account's transactions."""
        known = [one for one in self.events if one.stream_id == account and accounts.delta_minor(one.event)]
        if known:
            told = {"category": self.draw.choice((None, "other"))} if self.draw.random() < 0.6 else {"note": "s1.new"}
            transaction = self.draw.choice(known).transaction_id
            self.on_account(account, accounts.Annotate(at=self.now, transaction_id=transaction, **told))

    def change(self, account: UUID) -> None:
        """Anything that moves no money."""
        command = self.draw.choice(
            (
                accounts.RenameAccount(at=self.now, name="s1.renamed"),
                accounts.SetRate(at=self.now, annual_rate_percent=Decimal("2.50")),
                accounts.SetOverdraftLimit(at=self.now, overdraft_limit_minor=500_00),
                accounts.FreezeAccount(at=self.now),
                accounts.UnfreezeAccount(at=self.now),
                accounts.CloseAccount(at=self.now),
            )
        )
        self.on_account(account, command)

    def hold(self, account: UUID) -> None:
        """Add, price or remove a holding of the account's owner."""
        user = self.owners[account]
        state = self.held.get(user)
        known = list(state.open) if state else []
        price = Decimal(self.draw.choice(("0.01", "12.5", "333.33333333")))
        if not known or self.draw.random() < 0.4:
            command: Any = holdings.AddHolding(
                at=self.now, holding_id=self.id(), ticker="ABC", company_name="Abc", currency=self.draw.choice(CURRENCIES),
                quantity=Decimal(self.draw.choice(("1", "0.5", "17.00000001"))), buy_price=Decimal(10), current_price=price,
            )  # fmt: skip
        elif self.draw.random() < 0.7:
            command = holdings.PriceHolding(at=self.now, holding_id=self.draw.choice(known), current_price=price)
        else:
            command = holdings.RemoveHolding(at=self.now, holding_id=self.draw.choice(known))
        for event in self.decided(holdings.decide(state, command)):
            self.book(user, StreamKind.HOLDINGS, user, event, self.id(), None)

    def further_account(self, account: UUID) -> None:
        """One more account for the owner of this one."""
        self.open(self.owners[account], self.id(), self.draw.choice(CURRENCIES), self.id())


def history(seed: int, steps: int) -> list[Recorded]:
    """The log of one world after so many steps."""
    world = World(seed)
    for user, currency in zip(world.users, CURRENCIES, strict=True):
        world.register(user, currency)
    for _ in range(steps):
        world.step()
    return world.events


def histories(steps_max: int = 60) -> st.SearchStrategy[list[Recorded]]:
    """Drawn histories."""
    return st.builds(history, st.integers(0, 2**32), st.integers(0, steps_max))


async def put_into_log(
    superuser_url: str,
    events: list[Recorded],
    begin: int = 0,
    *,
    hash_of: Callable[[Recorded], bytes] = lambda _event: bytes(32),
) -> None:
    """Write made events into a test database's log, from position ``begin`` on; hashes are left empty unless asked for."""
    connection = await asyncpg.connect(superuser_url)
    empty = bytes(32)
    records = [
        (
            one.shard, one.position, one.stream_kind, one.stream_id, one.version, one.user_id, one.type, one.schema_version,
            one.transaction_id, one.effective_at, one.recorded_at, encode(one.event).decode(), "{}", empty, empty, hash_of(one),
        )
        for one in events
        if one.position > begin
    ]  # fmt: skip
    try:
        async with connection.transaction():
            await connection.copy_records_to_table("event", schema_name="log", records=records)
            await connection.execute(
                "UPDATE log.log_head SET position = $1, recorded_at = $2", begin + len(records), datetime.now(UTC)
            )
            await connection.execute("SELECT pg_notify('fintwin_log', '')")
    finally:
        await connection.close()
