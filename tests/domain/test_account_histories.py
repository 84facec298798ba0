"""Whole histories of several accounts, made by chance, against the laws that hold on every one of them."""

# ruff: noqa: D102  the rules of the machine are the commands, by their names

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fintwin.domain import accounts
from fintwin.domain.accounts import AccountState, Status, delta_minor
from fintwin.domain.catalogue import EVENT_TYPES, decode, encode
from fintwin.domain.money import MINOR_MAX
from fintwin.domain.postings import postings
from fintwin.domain.refusals import Code, Refusal

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
IDS = [UUID(int=n) for n in range(1, 5)]
AHEAD = timedelta(seconds=4)
"""How far the clock of whoever asks may run ahead of the log's."""
MONEY = (accounts.Deposited, accounts.Withdrawn, accounts.TransferSent, accounts.TransferReceived)

ids = st.sampled_from(IDS)
amounts = st.sampled_from([1, 7, 50, 100, 250, 999, 1000, 1001, 0, -5, MINOR_MAX - 1000, MINOR_MAX + 1])
back = st.sampled_from([None, None, None, -60, -2, 0, 60, 3_600, 3 * 86_400])
texts = st.one_of(st.none(), st.sampled_from(["s1.a", "s1.b"]))


class Histories(RuleBasedStateMachine):
    """Accounts by id, their states, and everything that happened: (account, state before, event, times)."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.states: dict[UUID, AccountState] = {}
        self.log: list[tuple[UUID, AccountState | None, Any, datetime, datetime, int]] = []
        self.transactions = 0
        self.totals: dict[UUID | str, int] = {}

    @initialize(currencies=st.tuples(st.just("EUR"), st.just("EUR"), st.sampled_from(["EUR", "JPY"])))
    def first_accounts(self, currencies: tuple[str, ...]) -> None:
        for account, currency in zip(IDS, currencies, strict=False):
            self.ask(account, accounts.OpenAccount(at=self.now, name="s1.n", kind="checking", currency=currency))
            self.ask(account, accounts.Deposit(at=self.now, amount_minor=1000))

    def ask(self, account: UUID, command: Any) -> list[Any] | Refusal:
        """Decide a command, book what it causes (both halves of a transfer or none), check the laws of that step."""
        self.now += timedelta(seconds=1)
        before = self.states.get(account)
        answer = accounts.decide(before, command)
        event(f"{type(command).__name__}: {answer.code if isinstance(answer, Refusal) else 'accepted'}")
        if isinstance(answer, Refusal):
            assert accounts.decide(before, command) == answer
            return answer
        legs = [(account, answer)]
        if isinstance(answer[0], accounts.TransferSent):
            received = accounts.received_leg(answer[0], account)
            other = accounts.decide(self.states.get(answer[0].to_account), accounts.ReceiveTransfer(
                at=self.now, from_account=account, amount_minor=received.amount_minor, currency=received.currency,
                effective_at=getattr(command, "effective_at", None), reverses=received.reverses,
                date_only=received.date_only,
            ))  # fmt: skip
            if isinstance(other, Refusal):
                assert other.code in {Code.UNKNOWN_ACCOUNT, Code.RECIPIENT_CANNOT_RECEIVE}
                return other
            assert other == [received]
            legs.append((answer[0].to_account, other))
        self.transactions += 1
        for stream, events in legs:
            for one in events:
                self.book(stream, one, getattr(command, "effective_at", None) or self.now)
        assert not any(total for name, total in self.totals.items() if isinstance(name, str) and name[0] == "t")
        if isinstance(answer[0], accounts.Withdrawn | accounts.TransferSent):
            self.none_breached(account, getattr(command, "effective_at", None) or self.now + AHEAD)
        return answer

    def none_breached(self, account: UUID, since: datetime) -> None:
        """After a payment, no balance since it counts is below the limit, added up moment by moment."""
        moves: dict[datetime, int] = {}
        for stream, _, one, effective_at, _, _ in self.log:
            if stream == account:
                moves[effective_at] = moves.get(effective_at, 0) + delta_minor(one)
        balance_minor = 0
        for at in sorted(moves):
            balance_minor += moves[at]
            assert at < since or balance_minor >= -self.states[account].overdraft_limit_minor

    def book(self, account: UUID, one: Any, effective_at: datetime) -> None:
        before = self.states.get(account)
        after = accounts.evolve(before, one, effective_at=effective_at)
        if before is None:
            after = accounts.remembering(after)
        assert after.version == (0 if before is None else before.version) + 1
        if before is not None:
            assert after.balance_minor - before.balance_minor == delta_minor(one)
            assert after.currency == before.currency
        self.states[account] = after
        self.log.append((account, before, one, effective_at, self.now, self.transactions))
        assert decode(type(one).__name__, 1, encode(one)) == one
        lines = postings(account, one)
        assert bool(lines) == isinstance(one, MONEY)
        assert sum(line.amount_minor for line in lines) == 0
        for line in lines:
            assert line.currency == after.currency
            self.totals[line.account] = self.totals.get(line.account, 0) + line.amount_minor
        if isinstance(one, MONEY):
            again = accounts.as_command(one, account_id=account, effective_at=effective_at, recorded_at=self.now)
            assert accounts.decide(before, again) == [one]

    def when(self, seconds: int | None) -> datetime | None:
        return None if seconds is None else self.now + timedelta(seconds=1 - seconds)

    @rule(account=ids, currency=st.sampled_from(["EUR", "JPY", "XXX"]))
    def open(self, account: UUID, currency: str) -> None:
        self.ask(account, accounts.OpenAccount(
            at=self.now, name="s1.n", kind="savings", currency=currency, annual_rate_percent=Decimal("1.5")))  # fmt: skip

    @rule(account=ids, amount_minor=amounts, seconds=back, note=texts, date_only=st.booleans())
    def deposit(self, account: UUID, amount_minor: int, seconds: int | None, note: str | None, date_only: bool) -> None:
        party = accounts.Counterparty(name=note) if note else None
        self.ask(account, accounts.Deposit(
            at=self.now + AHEAD, amount_minor=amount_minor, effective_at=self.when(seconds), note=note,
            counterparty=party, payee_ref=note, category="salary", date_only=date_only))  # fmt: skip

    @rule(account=ids, amount_minor=amounts, seconds=back, note=texts)
    def withdraw(self, account: UUID, amount_minor: int, seconds: int | None, note: str | None) -> None:
        self.ask(account, accounts.Withdraw(
            at=self.now + AHEAD, amount_minor=amount_minor, effective_at=self.when(seconds), note=note,
        ))  # fmt: skip

    @rule(account=ids)
    def withdraw_everything(self, account: UUID) -> None:
        state = self.states.get(account)
        if state is not None:
            self.ask(account, accounts.Withdraw(at=self.now, amount_minor=state.available_minor))

    @rule(account=ids, to=ids, amount_minor=amounts, seconds=back, note=texts)
    def transfer(self, account: UUID, to: UUID, amount_minor: int, seconds: int | None, note: str | None) -> None:
        self.ask(account, accounts.SendTransfer(
            at=self.now + AHEAD, account_id=account, to_account=to, amount_minor=amount_minor,
            effective_at=self.when(seconds), note=note))  # fmt: skip

    @precondition(lambda self: any(isinstance(one, MONEY) for _, _, one, _, _, _ in self.log))
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        moves = [line for line in self.log if isinstance(line[2], accounts.Deposited | accounts.TransferReceived)]
        if not moves:
            return
        account, _, one, _, _, transaction = data.draw(st.sampled_from(moves))
        reverses = UUID(int=transaction << 64)
        if isinstance(one, accounts.Deposited):
            command: Any = accounts.Withdraw(at=self.now, amount_minor=one.amount_minor, reverses=reverses)
        else:
            command = accounts.SendTransfer(
                at=self.now,
                account_id=account,
                to_account=one.from_account,
                amount_minor=one.amount_minor,
                reverses=reverses,
            )
        if not isinstance(self.ask(account, command), Refusal):
            again = self.ask(account, command)
            assert isinstance(again, Refusal)

    @rule(account=ids, limit_minor=st.integers(-1, 1500))
    def set_limit(self, account: UUID, limit_minor: int) -> None:
        self.ask(account, accounts.SetOverdraftLimit(at=self.now, overdraft_limit_minor=limit_minor))

    @rule(account=ids)
    def freeze(self, account: UUID) -> None:
        self.ask(account, accounts.FreezeAccount(at=self.now))

    @rule(account=ids)
    def unfreeze(self, account: UUID) -> None:
        self.ask(account, accounts.UnfreezeAccount(at=self.now))

    @rule(account=ids)
    def close(self, account: UUID) -> None:
        self.ask(account, accounts.CloseAccount(at=self.now))

    @rule(account=ids, days=st.integers(0, 3))
    def close_period(self, account: UUID, days: int) -> None:
        self.ask(account, accounts.ClosePeriod(at=self.now, through=self.now.date() - timedelta(days=days)))

    @rule(account=ids, note=texts)
    def others(self, account: UUID, note: str | None) -> None:
        self.ask(account, accounts.Annotate(at=self.now, transaction_id=IDS[0], note=note))
        self.ask(account, accounts.RenameAccount(at=self.now, name="s1.m"))
        self.ask(account, accounts.SetRate(at=self.now, annual_rate_percent=None))

    @rule(days=st.integers(0, 4))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def within_limits(self) -> None:
        """No balance below its limit or beyond 15 digits, after any prefix of any history."""
        for state in self.states.values():
            assert -state.overdraft_limit_minor <= state.balance_minor <= MINOR_MAX
            assert state.status is not Status.CLOSED or state.balance_minor == 0

    @invariant()
    def conserved(self) -> None:
        """What the postings say of each account is its balance, and all currencies sum to zero."""
        for account, state in self.states.items():
            assert self.totals.get(account, 0) == state.balance_minor
        for currency in ("EUR", "JPY"):
            inside = sum(state.balance_minor for state in self.states.values() if state.currency == currency)
            assert inside + self.totals.get(f"world:{currency}", 0) == 0

    def teardown(self) -> None:
        """Replaying each stream gives the same states, versions without a gap."""
        for account, state in self.states.items():
            replayed: AccountState | None = None
            for stream, before, one, effective_at, _, _ in self.log:
                if stream == account:
                    assert replayed == before
                    replayed = accounts.evolve(replayed, one, effective_at=effective_at)
                    replayed = accounts.remembering(replayed) if replayed.version == 1 else replayed
            assert replayed == state


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.soak
def test_many_histories() -> None:
    """The laws hold on thousands of long histories."""
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=3000, stateful_step_count=80, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_every_account_event_evolves() -> None:
    """Whatever may stand in an account's stream has a place in its fold."""
    state = AccountState(version=1, currency="EUR", kind="cash", name="s1.n")
    from tests.support.samples import full

    for kind in EVENT_TYPES.values():
        if kind.__module__.startswith("fintwin.domain.accounts") and kind is not accounts.AccountOpened:
            assert accounts.evolve(state, full(kind), effective_at=BEGIN).version == 2


def test_a_stream_begins_with_its_opening() -> None:
    """An account's stream that begins with anything else is a bug of ours, not a refusal."""
    with pytest.raises(AssertionError):
        accounts.evolve(None, accounts.AccountFrozen(), effective_at=BEGIN)
