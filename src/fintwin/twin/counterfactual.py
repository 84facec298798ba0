"""A past that did not happen: a transaction left out or of another amount, and everything after it decided again.

Every recorded movement is turned back into its command and put to the rules on the changed states. What they refuse is left
out and listed with its date and the ledger's words, and so is what rests on it: the other half of a transfer, a reversal.

Worked example: 900.00 of salary come in, 500.00 of rent go out, then 300.00. Without the salary both payments are refused,
and a payment of 40.00 from the 100.00 that were there before is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from fintwin.domain import accounts
from fintwin.domain.accounts import AccountState
from fintwin.domain.money import in_words, parse_minor
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.twin import scenario as ask
from fintwin.twin.faults import ScenarioError
from fintwin.twin.fork import Fork
from fintwin.twin.told import StepTold

UNKNOWN: Final = Refusal(Code.UNKNOWN_TRANSACTION, "There is no such transaction.")
MONEY: Final = (accounts.Deposited, accounts.Withdrawn, accounts.TransferSent, accounts.TransferReceived)
REPLAYED: Final = (StreamKind.ACCOUNT, StreamKind.PROFILE, StreamKind.HOLDINGS)
"""Streams of a changed past. What was clicked away, or simulated, in the real one says nothing about it."""


class Consequence(msgspec.Struct, frozen=True):
    """A real payment (or another change) that the changed past does not allow."""

    transaction_id: UUID
    account_id: UUID
    on: dt.date
    type: str
    amount_minor: int
    currency: str
    code: str
    detail: str
    missing_minor: int


class ChangedPast(msgspec.Struct):
    """The fork of the changed past, what it refused, and what the steps did in words."""

    fork: Fork
    consequences: tuple[Consequence, ...]
    told: list[StepTold]


class _Change(msgspec.Struct):
    """Which transactions are left out, and which have another amount."""

    omitted: set[UUID]
    amended: dict[UUID, int]


def changed_past(fork: Fork, steps: Sequence[tuple[int, ask.Step]]) -> ChangedPast:
    """Replay the fork's history with the steps `omit` and `amend` in it; other steps are not looked at."""
    change, told = _change_of(fork, steps)
    changed = Fork(fork.user_id, fork.at)
    consequences: list[Consequence] = []
    for _, group in groupby(fork.events, key=lambda one: one.transaction_id):
        _replay(changed, [one for one in group if one.stream_kind in REPLAYED], change, consequences)
    changed.accounts = {account: replace(state, past=None) for account, state in changed.accounts.items()}
    changed.events = fork.events
    changed.shard, changed.position, changed.hash = fork.shard, fork.position, fork.hash
    return ChangedPast(changed, tuple(consequences), told)


def _change_of(fork: Fork, steps: Iterable[tuple[int, ask.Step]]) -> tuple[_Change, list[StepTold]]:
    moves: dict[UUID, Recorded] = {}
    for one in fork.events:
        if isinstance(one.event, MONEY):
            moves.setdefault(one.transaction_id, one)
    change = _Change(set(), {})
    told = []
    for number, step in steps:
        if not isinstance(step, ask.PAST_STEPS):
            continue
        where = f"steps[{number - 1}]"
        found = moves.get(step.transaction_id)
        if found is None:
            raise ScenarioError("unknown_transaction", f"{where}.transaction_id", UNKNOWN.detail)
        happened = found.event
        what = (
            f"{_noun(happened)} of {in_words(happened.amount_minor, happened.currency)} of {found.effective_at.date()}"
        )
        if isinstance(step, ask.Omit):
            change.omitted.add(step.transaction_id)
            told.append(StepTold(number, "omit", f"Leaves out the {what}.", happened.currency))
            continue
        amount = parse_minor(step.amount, happened.currency)
        if isinstance(amount, Refusal):
            raise ScenarioError(amount.code.value, f"{where}.amount", amount.detail)
        change.amended[step.transaction_id] = amount
        text = f"Makes the {what} one of {in_words(amount, happened.currency)}."
        told.append(StepTold(number, "amend", text, happened.currency))
    return change, told


def _noun(event: Any) -> str:
    match event:
        case accounts.Deposited():
            return "deposit"
        case accounts.Withdrawn():
            return "withdrawal"
        case _:
            return "transfer"


def _replay(fork: Fork, group: list[Recorded], change: _Change, consequences: list[Consequence]) -> None:
    """One transaction: all of its movements, or none."""
    if not group:
        return
    if group[0].transaction_id in change.omitted:
        return
    group = [_amended(one, change) for one in group]
    for one in group:
        refusal = _refusal(fork, one, change)
        if refusal is not None:
            consequences.append(_consequence(fork, one, refusal))
            change.omitted.add(one.transaction_id)
            return
    for one in group:
        if not (isinstance(one.event, accounts.TransactionAnnotated) and one.event.transaction_id in change.omitted):
            fork.replace(one)
        if isinstance(one.event, accounts.AccountOpened):
            # A payment that was booked late is held against the days that it was booked into.
            fork.accounts[one.stream_id] = accounts.remembering(fork.accounts[one.stream_id])


def _amended(one: Recorded, change: _Change) -> Recorded:
    happened = one.event
    if not isinstance(happened, MONEY):
        return one
    amount = change.amended.get(one.transaction_id)
    if amount is None and happened.reverses is not None:
        # Taking a transaction back takes back what it was.
        amount = change.amended.get(happened.reverses)
    return one if amount is None else replace(one, event=replace(happened, amount_minor=amount))


def _refusal(fork: Fork, one: Recorded, change: _Change) -> Refusal | None:
    if one.stream_kind is not StreamKind.ACCOUNT:
        return None
    happened = one.event
    command: Any
    if isinstance(happened, MONEY):
        if happened.reverses is not None and happened.reverses in change.omitted:
            return UNKNOWN
        command = accounts.as_command(
            happened, account_id=one.stream_id, effective_at=one.effective_at, recorded_at=one.recorded_at
        )
    elif isinstance(happened, accounts.AccountClosed):
        command = accounts.CloseAccount(at=one.recorded_at)
    elif isinstance(happened, accounts.OverdraftLimitSet):
        command = accounts.SetOverdraftLimit(at=one.recorded_at, overdraft_limit_minor=happened.overdraft_limit_minor)
    else:
        return None
    answer = accounts.decide(fork.accounts.get(one.stream_id), command)
    return answer if isinstance(answer, Refusal) else None


def _consequence(fork: Fork, one: Recorded, refusal: Refusal) -> Consequence:
    happened = one.event
    state: AccountState = fork.accounts[one.stream_id]
    amount = getattr(happened, "amount_minor", 0)
    missing_minor = 0
    if refusal.code is Code.INSUFFICIENT_FUNDS:
        lowest_minor = state.balance_minor
        if state.past is not None and state.counts_late(one.effective_at):
            lowest_minor = state.past.lowest(one.effective_at, lowest_minor).balance_minor
        missing_minor = amount - max(lowest_minor + state.overdraft_limit_minor, 0)
    return Consequence(
        transaction_id=one.transaction_id,
        account_id=one.stream_id,
        on=one.effective_at.date(),
        type=one.type,
        amount_minor=amount,
        currency=state.currency,
        code=refusal.code.value,
        detail=refusal.detail,
        missing_minor=missing_minor,
    )
