"""Requests that move money, from JSON to the ledger's movements.

The account says which currency an amount is in, and with it how many decimals it may have; an account never changes its currency,
so each process remembers it.

    movement = await movement_of(services, currencies, user_id, body)    # Movement, or a Refusal
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from fintwin.api.money import Amount, minor
from fintwin.api.problems import malformed
from fintwin.api.texts import Category, Name, Note, blank_is_none
from fintwin.domain.accounts import AccountState
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.movements import Movement, Party
from fintwin.store import read
from fintwin.store.connect import Pool

ITEMS_MAX: Final = 8192
ATOMIC_ITEMS_MAX: Final = 500


class PartyBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The other side of a deposit or withdrawal."""

    name: Name | None = None
    account: Name | None = None
    bank: Name | None = None


class NewTransaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A deposit, withdrawal or transfer. `account_id` is the main account unless said; a transfer names `to_account`."""

    type: Literal["deposit", "withdrawal", "transfer"]
    amount: Amount
    to_account: Annotated[str, Meta(max_length=64)] | None = None
    note: Note | None = None
    account_id: UUID | None = None
    effective_at: Annotated[datetime, Meta(tz=True)] | None = None
    category: Category | None = None
    counterparty: PartyBody | None = None


class BatchItem(NewTransaction, frozen=True, kw_only=True, omit_defaults=True):
    """One transaction of a batch, with a key of its own."""

    idempotency_key: Annotated[str, Meta(min_length=1, max_length=255)] | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Many transactions in their order; with `atomic` all or none, then at most 500."""

    items: Annotated[list[BatchItem], Meta(min_length=1, max_length=ITEMS_MAX)]
    atomic: bool = False


class Currencies:
    """The currencies of own accounts, remembered; bounded."""

    def __init__(self, pool: Pool, *, remembered_max: int = 50_000) -> None:
        """``pool`` is the api role's."""
        self._pool = pool
        self._remembered_max = remembered_max
        self._known: dict[tuple[UUID, UUID], str] = {}

    async def of(self, user_id: UUID, account_id: UUID) -> str | None:
        """The currency of an account of the user's, or None."""
        known = self._known.get((user_id, account_id))
        if known is not None:
            return known
        head = await read.one_head(self._pool, user_id, StreamKey(StreamKind.ACCOUNT, account_id))
        if head is None:
            return None
        assert isinstance(head.state, AccountState)
        if len(self._known) >= self._remembered_max:
            self._known.clear()
        self._known[user_id, account_id] = head.state.currency
        return head.state.currency


async def movement_of(currencies: Currencies, user_id: UUID, body: NewTransaction) -> Movement | Refusal:
    """The movement that a body asks for. Raises a 400 where it is malformed."""
    to_account = _recipient(body) if body.type == "transfer" else None
    account_id = body.account_id or user_id
    currency = await currencies.of(user_id, account_id)
    if currency is None:
        return UNKNOWN_ACCOUNT
    amount_minor = minor(body.amount, currency)
    if isinstance(amount_minor, Refusal):
        return amount_minor
    party = body.counterparty
    return Movement(
        kind=body.type,
        account_id=account_id,
        amount_minor=amount_minor,
        to_account=to_account,
        note=blank_is_none(body.note),
        category=blank_is_none(body.category),
        counterparty=None
        if party is None
        else Party(blank_is_none(party.name), blank_is_none(party.account), blank_is_none(party.bank)),
        effective_at=None if body.effective_at is None else _in_utc(body.effective_at),
    )


async def in_own_words(currencies: Currencies, user_id: UUID, body: NewTransaction, refusal: Refusal) -> Refusal:
    """A recipient that cannot receive is nobody else's business; of an own account its owner is told the reason."""
    if refusal.code is not Code.RECIPIENT_CANNOT_RECEIVE:
        return refusal
    theirs = await currencies.of(user_id, _recipient(body))
    ours = await currencies.of(user_id, body.account_id or user_id)
    if theirs is None or theirs == ours:
        return refusal
    return Refusal(
        Code.CURRENCY_MUST_MATCH,
        f"The receiving account is kept in {theirs}, the paying one in {ours}: they must match.",
    )


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise malformed("effective_at is no time of this era.", "effective_at") from None


def _recipient(body: NewTransaction) -> UUID:
    text = (body.to_account or "").strip()
    if not text:
        raise malformed("A transfer needs to_account.", "to_account")
    try:
        return UUID(text)
    except ValueError:
        raise malformed("to_account is no account id.", "to_account") from None
