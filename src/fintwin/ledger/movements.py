"""Movements of money as people and files describe them, and the plans they become.

A `Movement` carries plain texts; `plan_of` seals them under the owner's key, so that nothing behind it ever sees them.

>>> Movement(kind="deposit", account_id=UUID(int=1), amount_minor=500).kind
'deposit'
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from fintwin.domain import accounts
from fintwin.domain.accounts.decide import ALREADY_REVERSED
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import Recorded, StreamKey, StreamKind
from fintwin.ledger.plans import OnAccount, Plan, Refused
from fintwin.store.keys import UserKey

UNKNOWN_TRANSACTION = Refusal(Code.UNKNOWN_TRANSACTION, "There is no such transaction.")


class Party(msgspec.Struct, frozen=True, omit_defaults=True):
    """The other side of a deposit or withdrawal, in plain text."""

    name: str | None = None
    account: str | None = None
    bank: str | None = None


class Movement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A deposit, withdrawal or transfer asked for. ``amount_minor`` in the account's currency."""

    kind: Literal["deposit", "withdrawal", "transfer"]
    account_id: UUID
    amount_minor: int
    currency: str | None = None
    to_account: UUID | None = None
    note: str | None = None
    category: str | None = None
    counterparty: Party | None = None
    effective_at: datetime | None = None
    date_only: bool = False


def has_texts(movement: Movement) -> bool:
    """Whether anything of a movement has to be sealed."""
    return movement.note is not None or movement.counterparty is not None


def plan_of(movement: Movement, key: UserKey | None, at: datetime) -> OnAccount:
    """The plan of a movement, with its texts sealed under the owner's key (None where it has none)."""
    stream = StreamKey(StreamKind.ACCOUNT, movement.account_id)
    assert key is not None or not has_texts(movement), "texts are sealed before anything sees them"
    note = None if key is None or movement.note is None else key.seal(movement.note, stream, "note")
    if movement.kind == "transfer":
        assert movement.to_account is not None, "a transfer names its recipient"
        return OnAccount(
            movement.account_id,
            accounts.SendTransfer(
                at=at,
                account_id=movement.account_id,
                to_account=movement.to_account,
                amount_minor=movement.amount_minor,
                currency=movement.currency,
                effective_at=movement.effective_at,
                category=movement.category,
                note=note,
                date_only=movement.date_only,
            ),
        )
    command = accounts.Deposit if movement.kind == "deposit" else accounts.Withdraw
    return OnAccount(
        movement.account_id,
        command(
            at=at,
            amount_minor=movement.amount_minor,
            currency=movement.currency,
            effective_at=movement.effective_at,
            category=movement.category,
            note=note,
            counterparty=None if key is None else _sealed_party(movement.counterparty, key, stream),
            payee_ref=None if key is None else payee_ref(movement.counterparty, movement.note, key),
            date_only=movement.date_only,
        ),
    )


def payee_ref(party: Party | None, note: str | None, key: UserKey) -> str | None:
    """A pseudonym of the other side: by its account where there is one, else by its name, else by the note."""
    if party is not None and party.account:
        return key.pseudonym("account", party.bank or "", party.account)
    if party is not None and party.name:
        return key.pseudonym("name", party.name)
    if note:
        return key.pseudonym("note", note)
    return None


def _sealed_party(party: Party | None, key: UserKey, stream: StreamKey) -> accounts.Counterparty | None:
    if party is None or not (party.name or party.account or party.bank):
        return None
    return accounts.Counterparty(
        name=key.seal(party.name, stream, "counterparty.name") if party.name else None,
        account=key.seal(party.account, stream, "counterparty.account") if party.account else None,
        bank=party.bank or None,
    )


def reversal_of(
    original: Sequence[Recorded], *, reversed_already: bool, reason: str | None, key: UserKey, at: datetime
) -> Plan:
    """The plan that takes a transaction back, made from the caller's own events of it.

    A deposit or withdrawal is taken back by its owner; a transfer is sent back by its recipient, never by its payer.
    """
    moves = [one for one in original if accounts.delta_minor(one.event) != 0]
    if not moves:
        return Refused(UNKNOWN_TRANSACTION)
    if any(one.event.reverses is not None for one in moves):
        return Refused(Refusal(Code.IS_A_REVERSAL, "A reversal cannot be reversed."))
    received = [one for one in moves if not isinstance(one.event, accounts.TransferSent)]
    if not received:
        return Refused(Refusal(Code.NOT_REVERSIBLE, "Only the recipient can send a transfer back."))
    if reversed_already:
        return Refused(ALREADY_REVERSED)
    move = received[0]
    stream, event = move.stream, move.event
    note = None if reason is None else key.seal(reason, stream, "note")
    if isinstance(event, accounts.TransferReceived):
        return OnAccount(
            stream.id,
            accounts.SendTransfer(
                at=at,
                account_id=stream.id,
                to_account=event.from_account,
                amount_minor=event.amount_minor,
                currency=event.currency,
                note=note,
                reverses=move.transaction_id,
            ),
        )
    command = accounts.Withdraw if isinstance(event, accounts.Deposited) else accounts.Deposit
    return OnAccount(
        stream.id,
        command(
            at=at,
            amount_minor=event.amount_minor,
            currency=event.currency,
            category=event.category,
            note=note,
            counterparty=event.counterparty,
            payee_ref=event.payee_ref,
            reverses=move.transaction_id,
        ),
    )
