"""`/api/accounts`: the caller's accounts. The main account has the user's own id and is opened with the profile.

POST /api/accounts/ {"name": "Holiday", "kind": "savings", "currency": "EUR"}    -> 201 Account
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from fintwin.api.answers import Answer
from fintwin.api.call import Call, booked, position_headers, signed_in
from fintwin.api.money import Percent, out, percent
from fintwin.api.problems import malformed, refused
from fintwin.api.statement_pages import POSITION_MAX, moment
from fintwin.api.texts import RequiredName
from fintwin.domain import accounts
from fintwin.domain.accounts import AccountState, evolve
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.domain.accounts.events import AccountKind
from fintwin.domain.money import is_currency
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.ledger import Booking
from fintwin.ledger.plans import Refused
from fintwin.store import read, reading, statements
from fintwin.store.connect import Pool
from fintwin.store.rows import Head

ACCOUNTS_MAX = 100
PAGE = 2000
MinPosition = Annotated[
    int | None, QueryParameter(ge=0, le=POSITION_MAX, description="Wait until this has been reached.")
]
Time = Annotated[
    str | None, QueryParameter(max_length=40, description="A time with its zone, or a day (its end, UTC).")
]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A further account."""

    name: RequiredName
    kind: AccountKind
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    annual_rate_percent: Percent | None = None


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new name or rate; a rate of null takes it away, what is left out stays."""

    name: RequiredName | msgspec.UnsetType = msgspec.UNSET
    annual_rate_percent: Percent | msgspec.UnsetType | None = msgspec.UNSET


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account and its balance; `available` is the balance with the overdraft limit, nothing on a frozen account."""

    id: UUID
    name: str
    kind: AccountKind
    currency: str
    status: Literal["open", "frozen", "closed"]
    main: bool
    balance: Decimal
    held: Decimal
    available: Decimal
    overdraft_limit: Decimal
    annual_rate_percent: Decimal | None
    position: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """The money of one account; `held` is 0 in this version."""

    account_id: UUID
    currency: str
    balance: Decimal
    held: Decimal
    available: Decimal
    position: int


class Receivable(msgspec.Struct, frozen=True):
    """What a payer may know of a recipient."""

    currency: str


@get("/", summary="My accounts")
async def list_accounts(request: Call, min_position: MinPosition = None) -> Answer[list[Account]]:
    """The main account first, the others in the order of their opening."""
    del min_position
    heads = [one for one in await read.heads(_pool(request), request.user_id) if one.stream.kind is StreamKind.ACCOUNT]
    heads.sort(key=lambda one: (one.stream.id != request.user_id, one.stream.id))
    return Answer([await _shown(request, one.stream.id, _state(one), one.position) for one in heads])


@post("/", summary="Open a further account")
async def open_account(request: Call, data: JSONBody[NewAccount]) -> Answer[Account]:
    """201 with the account, at balance 0."""
    rate = None if data.annual_rate_percent is None else percent(data.annual_rate_percent, "annual_rate_percent")
    if not is_currency(data.currency):
        raise refused(Refusal(Code.UNKNOWN_CURRENCY, f"{data.currency!r} is not a currency of ISO 4217."))
    command, ledger = request.command("open", data), request.services.ledger
    no_room = await _no_room(request)
    if no_room is not None:
        # An account opened before under this very key is still told.
        answer = await ledger.submit(command, Refused(no_room))
    else:
        answer = await ledger.open_account(
            command, name=data.name.strip(), kind=data.kind, currency=data.currency, annual_rate_percent=rate
        )
    booking = booked(answer)
    entry = booking.entries[0]
    state = evolve(None, entry.event, effective_at=booking.effective_at)
    shown = await _shown(request, entry.stream.id, state, entry.position)
    return Answer(shown, headers=position_headers(booking, entry.position))


@get("/{account_id:uuid}", summary="One of my accounts")
async def get_account(request: Call, account_id: FromPath[UUID], min_position: MinPosition = None) -> Answer[Account]:
    """404 for what is missing and for what is somebody else's."""
    del min_position
    head = await _head(request, account_id)
    return Answer(await _shown(request, account_id, _state(head), head.position))


@patch("/{account_id:uuid}", summary="Rename an account, set or take away its rate")
async def change_account(request: Call, account_id: FromPath[UUID], data: JSONBody[AccountChange]) -> Answer[Account]:
    """Both at once are two bookings under one idempotency key."""
    services, stream = request.services, StreamKey(StreamKind.ACCOUNT, account_id)
    at = _now()
    commands: list[accounts.AccountCommand] = []
    if data.name is not msgspec.UNSET:
        key = await services.ledger.user_key(request.user_id)
        commands.append(accounts.RenameAccount(at=at, name=key.seal(data.name.strip(), stream, "name")))
    if data.annual_rate_percent is not msgspec.UNSET:
        rate = data.annual_rate_percent
        rate = None if rate is None else percent(rate, "annual_rate_percent")
        commands.append(accounts.SetRate(at=at, annual_rate_percent=rate))
    if not commands:
        raise malformed("Say name, annual_rate_percent or both.")
    asked = request.command("change", account_id, data)
    booking = None
    for index, command in enumerate(commands):
        key_of_this = f"{asked.key}\0{index}" if asked.key is not None and index else asked.key
        one = msgspec.structs.replace(asked, key=key_of_this)
        booking = booked(await services.ledger.change_account(one, account_id, command))
    assert booking is not None
    return await _changed(request, account_id, booking)


@post("/{account_id:uuid}/freeze", status_code=200, summary="Stop an account from paying")
async def freeze_account(request: Call, account_id: FromPath[UUID]) -> Answer[Account]:
    """It still takes deposits."""
    return await _command(request, "freeze", account_id, accounts.FreezeAccount(at=_now()))


@post("/{account_id:uuid}/unfreeze", status_code=200, summary="Let a frozen account pay again")
async def unfreeze_account(request: Call, account_id: FromPath[UUID]) -> Answer[Account]:
    """Only a frozen one."""
    return await _command(request, "unfreeze", account_id, accounts.UnfreezeAccount(at=_now()))


@post("/{account_id:uuid}/close", status_code=200, summary="Close an empty account for good")
async def close_account(request: Call, account_id: FromPath[UUID]) -> Answer[Account]:
    """Its balance must be 0."""
    return await _command(request, "close", account_id, accounts.CloseAccount(at=_now()))


@get("/{account_id:uuid}/balance", summary="The balance of one of my accounts")
async def get_balance(
    request: Call,
    account_id: FromPath[UUID],
    as_of: Time = None,
    known_at: Time = None,
    min_position: MinPosition = None,
) -> Answer[Balance]:
    """Now; or over what counted at `as_of`, of what was known at `known_at`."""
    head = await _head(request, account_id)
    state, shown = _state(head), balance_of(head)
    counted, known = moment(as_of, "as_of", end=True), moment(known_at, "known_at", end=True)
    if counted is not None or known is not None:
        seen = await reading.balance(
            _pool(request), request.user_id, account_id, as_of=counted, known_at=known, min_position=min_position
        )
        available_minor = seen.value + state.overdraft_limit_minor
        shown = msgspec.structs.replace(
            shown, balance=out(seen.value, state.currency), available=out(available_minor, state.currency)
        )
    return Answer(shown)


@get("/{account_id:uuid}/receivable", summary="The currency that an account, anybody's, takes payments in")
async def get_receivable(request: Call, account_id: FromPath[UUID]) -> Answer[Receivable]:
    """404 where it takes none; never a name."""
    request.limit_guesses(0)
    currency = await statements.receivable(_pool(request), account_id)
    if currency is None:
        request.limit_guesses(1)
        raise refused(UNKNOWN_ACCOUNT)
    return Answer(Receivable(currency))


def balance_of(head: Head) -> Balance:
    """The money of an account as its head has it."""
    state = _state(head)
    return Balance(
        account_id=head.stream.id,
        currency=state.currency,
        balance=out(state.balance_minor, state.currency),
        held=out(0, state.currency),
        available=out(_available_minor(state), state.currency),
        position=head.position,
    )


async def _command(request: Call, name: str, account_id: UUID, command: accounts.AccountCommand) -> Answer[Account]:
    answer = await request.services.ledger.change_account(request.command(name, account_id), account_id, command)
    return await _changed(request, account_id, booked(answer))


async def _changed(request: Call, account_id: UUID, booking: Booking) -> Answer[Account]:
    """The account as the booking left it, also when the same request comes again much later."""
    head = await _head(request, account_id)
    state = _state(head)
    if head.position != booking.position:
        state = await _state_at(request, account_id, booking.position)
    shown = await _shown(request, account_id, state, booking.position)
    return Answer(shown, headers=position_headers(booking, booking.position))


async def _state_at(request: Call, account_id: UUID, position: int) -> AccountState:
    state: AccountState | None = None
    while True:
        version = 0 if state is None else state.version
        events = await statements.stream_events(
            _pool(request), request.user_id, StreamKind.ACCOUNT, account_id, version, PAGE
        )
        for one in events:
            if one.position <= position:
                state = evolve(state, one.event, effective_at=one.effective_at)
        if len(events) < PAGE or events[-1].position >= position:
            assert state is not None, "the booking is in the stream"
            return state


async def _shown(request: Call, account_id: UUID, state: AccountState, position: int) -> Account:
    key = await request.services.ledger.user_key(request.user_id)
    currency = state.currency
    return Account(
        id=account_id,
        name=key.open(state.name, StreamKey(StreamKind.ACCOUNT, account_id), "name"),
        kind=state.kind,
        currency=currency,
        status=_STATUSES[state.status],
        main=account_id == request.user_id,
        balance=out(state.balance_minor, currency),
        held=out(0, currency),
        available=out(_available_minor(state), currency),
        overdraft_limit=out(state.overdraft_limit_minor, currency),
        annual_rate_percent=state.annual_rate_percent,
        position=position,
    )


_STATUSES: dict[accounts.Status, Literal["open", "frozen", "closed"]] = {
    accounts.Status.OPEN: "open",
    accounts.Status.FROZEN: "frozen",
    accounts.Status.CLOSED: "closed",
}


def _available_minor(state: AccountState) -> int:
    return state.available_minor if state.status is accounts.Status.OPEN else 0


async def _head(request: Call, account_id: UUID) -> Head:
    head = await request.heads.of(request.user_id, StreamKey(StreamKind.ACCOUNT, account_id))
    if head is None:
        raise refused(UNKNOWN_ACCOUNT)
    return head


def _state(head: Head) -> AccountState:
    assert isinstance(head.state, AccountState)
    return head.state


def _pool(request: Call) -> Pool:
    return request.services.pools["api"]


def _now() -> datetime:
    return datetime.now(UTC)


async def _no_room(request: Call) -> Refusal | None:
    heads = await read.heads(_pool(request), request.user_id)
    if not any(one.stream == StreamKey(StreamKind.ACCOUNT, request.user_id) for one in heads):
        return Refusal(Code.PROFILE_INCOMPLETE, "Fill in the profile first: it opens the main account.")
    if sum(one.stream.kind is StreamKind.ACCOUNT for one in heads) >= ACCOUNTS_MAX:
        return Refusal(Code.TOO_MANY_ACCOUNTS, f"There are {ACCOUNTS_MAX} accounts already.")
    return None


router = Router(
    "/api/accounts",
    route_handlers=[
        list_accounts,
        open_account,
        get_account,
        change_account,
        freeze_account,
        unfreeze_account,
        close_account,
        get_balance,
        get_receivable,
    ],
    before_request=signed_in,
    tags=["Accounts"],
)
