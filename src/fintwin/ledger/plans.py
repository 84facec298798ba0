"""What a command is decided on, and what it causes.

A plan names the user's own streams that deciding needs and, given their states, answers with changes or a refusal. It is
decided again, on fresh states, whenever somebody else was faster; so it holds no state of its own.

A change is ``conditional`` when it holds only for the state it was decided on (every debit, every change of an account or
profile). Money that comes in holds whatever the balance is: it carries no version, and any number of people can pay one
account without getting into each other's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from fintwin.domain import accounts, holdings, profiles
from fintwin.domain.accounts import AccountState
from fintwin.domain.holdings import HoldingsState
from fintwin.domain.profiles import ProfileState
from fintwin.domain.refusals import Refusal
from fintwin.domain.streams import StreamKey, StreamKind

State = AccountState | ProfileState | HoldingsState

_UNCONDITIONAL: Final = (accounts.Deposited, accounts.TransactionAnnotated)


class Change(NamedTuple):
    """One event for one stream."""

    stream: StreamKey
    event: Any
    conditional: bool


class Plan(Protocol):
    """Decides one command; see the module."""

    @property
    def streams(self) -> Sequence[StreamKey]:
        """The user's own streams that the decision needs."""

    @property
    def effective_at(self) -> datetime | None:
        """When the changes count; None: when they are recorded."""

    @property
    def reverses(self) -> UUID | None:
        """The transaction that this one takes back."""

    def decide(self, states: Sequence[State | None]) -> list[Change] | Refusal:
        """The changes for these states of `streams`, or the first rule that forbids them."""


class OnAccount:
    """A command on one own account; a transfer brings the receiving half with it."""

    __slots__ = ("account_id", "command", "effective_at", "reverses", "streams")

    def __init__(self, account_id: UUID, command: accounts.AccountCommand) -> None:
        """``account_id``: the account that the command is for."""
        self.account_id = account_id
        self.command = command
        self.streams: Sequence[StreamKey] = (StreamKey(StreamKind.ACCOUNT, account_id),)
        self.effective_at: datetime | None = getattr(command, "effective_at", None)
        self.reverses: UUID | None = getattr(command, "reverses", None)

    def decide(self, states: Sequence[State | None]) -> list[Change] | Refusal:
        """Decided by the rules of accounts."""
        state = states[0]
        assert state is None or isinstance(state, AccountState)
        events = accounts.decide(state, self.command)
        if isinstance(events, Refusal):
            return events
        stream = self.streams[0]
        explicit = self.effective_at is not None
        changes = [Change(stream, event, explicit or not isinstance(event, _UNCONDITIONAL)) for event in events]
        sent = events[0]
        if isinstance(sent, accounts.TransferSent):
            received = accounts.received_leg(sent, self.account_id)
            changes.append(Change(StreamKey(StreamKind.ACCOUNT, sent.to_account), received, conditional=False))
        return changes


class Refused:
    """A command that is refused whatever the states are, unless its idempotency key tells that it was booked before."""

    __slots__ = ("_refusal",)

    effective_at: datetime | None = None
    reverses: UUID | None = None
    streams: Sequence[StreamKey] = ()

    def __init__(self, refusal: Refusal) -> None:
        """``refusal``: the answer."""
        self._refusal = refusal

    def decide(self, states: Sequence[State | None]) -> list[Change] | Refusal:
        """The refusal."""
        del states
        return self._refusal


class OnProfile:
    """A command on the user's profile. Completing it opens the main account in the same transaction."""

    __slots__ = ("_main_account_name", "command", "streams")

    effective_at: datetime | None = None
    reverses: UUID | None = None

    def __init__(self, user_id: UUID, command: profiles.ProfileCommand, main_account_name: str = "") -> None:
        """The main account has the user's own id; ``main_account_name`` arrives sealed."""
        self.command = command
        self._main_account_name = main_account_name
        self.streams: Sequence[StreamKey] = (
            StreamKey(StreamKind.PROFILE, user_id),
            StreamKey(StreamKind.ACCOUNT, user_id),
        )

    def decide(self, states: Sequence[State | None]) -> list[Change] | Refusal:
        """Decided by the rules of profiles and accounts."""
        profile, main = states
        assert profile is None or isinstance(profile, ProfileState)
        events = profiles.decide(profile, self.command)
        if isinstance(events, Refusal):
            return events
        changes = [Change(self.streams[0], event, conditional=True) for event in events]
        if isinstance(self.command, profiles.FillInProfile) and main is None:
            opening = accounts.OpenAccount(
                at=self.command.at,
                name=self._main_account_name,
                kind="checking",
                currency=self.command.answers.currency_preference,
            )
            opened = accounts.decide(None, opening)
            if isinstance(opened, Refusal):
                return opened
            changes.extend(Change(self.streams[1], event, conditional=True) for event in opened)
        return changes


class OnPlans:
    """A command on the user's planned items, which lie in the profile stream; an item needs an account that is not closed."""

    __slots__ = ("command", "streams")

    effective_at: datetime | None = None
    reverses: UUID | None = None

    def __init__(self, user_id: UUID, command: profiles.PlanCommand) -> None:
        """``command`` with its texts sealed."""
        self.command = command
        streams = [StreamKey(StreamKind.PROFILE, user_id)]
        account_id = getattr(command.item, "account_id", None)
        if account_id is not None:
            streams.append(StreamKey(StreamKind.ACCOUNT, account_id))
        self.streams: Sequence[StreamKey] = streams

    def decide(self, states: Sequence[State | None]) -> list[Change] | Refusal:
        """Decided by the rules of profiles, and by the account's state where an item names one."""
        profile, *account = states
        assert profile is None or isinstance(profile, ProfileState)
        events = profiles.decide(profile, self.command)
        if isinstance(events, Refusal):
            return events
        for state in account:
            assert state is None or isinstance(state, AccountState)
            refusal = profiles.plan_refusal(state)
            if refusal is not None:
                return refusal
        return [Change(self.streams[0], event, conditional=True) for event in events]


class Noted:
    """An event for the user's own notifications or simulations: true whatever else is in the stream, which has no state."""

    __slots__ = ("_answer", "_stream")

    effective_at: datetime | None = None
    reverses: UUID | None = None
    streams: Sequence[StreamKey] = ()

    def __init__(self, user_id: UUID, kind: StreamKind, answer: Sequence[Any] | Refusal) -> None:
        """``answer``: what the rules of the noun decided, on what the read model knows."""
        assert kind in {StreamKind.NOTIFICATIONS, StreamKind.SIMULATIONS}, "other streams are decided on their state"
        self._stream = StreamKey(kind, user_id)
        self._answer = answer

    def decide(self, states: Sequence[State | None]) -> list[Change] | Refusal:
        """What was decided."""
        del states
        if isinstance(self._answer, Refusal):
            return self._answer
        return [Change(self._stream, event, conditional=False) for event in self._answer]


class OnHoldings:
    """A command on what the user holds elsewhere."""

    __slots__ = ("command", "effective_at", "streams")

    reverses: UUID | None = None

    def __init__(self, user_id: UUID, command: holdings.HoldingsCommand) -> None:
        """A holding that is added may count from the day it was bought."""
        self.command = command
        self.effective_at: datetime | None = getattr(command, "effective_at", None)
        self.streams: Sequence[StreamKey] = (StreamKey(StreamKind.HOLDINGS, user_id),)

    def decide(self, states: Sequence[State | None]) -> list[Change] | Refusal:
        """Decided by the rules of holdings."""
        (state,) = states
        assert state is None or isinstance(state, HoldingsState)
        events = holdings.decide(state, self.command)
        if isinstance(events, Refusal):
            return events
        return [Change(self.streams[0], event, conditional=True) for event in events]
