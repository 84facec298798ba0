"""`/api/transactions`: money booked, listed, described and taken back.

POST /api/transactions/ {"type": "deposit", "amount": 1250.50, "note": "Salary"}    -> 201 Transaction
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from fintwin.api import transaction
from fintwin.api.answers import Answer, encode
from fintwin.api.call import Call, booked, position_headers, signed_in
from fintwin.api.movements import NewTransaction, in_own_words, movement_of
from fintwin.api.problems import malformed, refused
from fintwin.api.statement_pages import POSITION_MAX, Search, decimal, find, moment, next_link, told
from fintwin.api.texts import CLEAN, Category, Note, blank_is_none
from fintwin.api.transaction import Transaction, Type
from fintwin.api.transaction_batch import book_batch
from fintwin.api.transaction_export import export_transactions
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.ledger import Booking
from fintwin.ledger.movements import UNKNOWN_TRANSACTION
from fintwin.publisher.envelope import StoredEventBody, as_stored
from fintwin.store import reading, statements
from fintwin.store.reading import Filter

PAGE_DEFAULT = 100
PAGE_MAX = 200
OFFSET_MAX = 10_000
ACCOUNT_PAGE_DEFAULT = 1000
ACCOUNT_PAGE_MAX = 10_000
RESOLUTION = timedelta(microseconds=1)

Offset = Annotated[int, QueryParameter(ge=0, le=OFFSET_MAX)]
Cursor = Annotated[int | None, QueryParameter(ge=1, le=POSITION_MAX, description="Where the page before ended.")]
TypeAsked = Annotated[Type | None, QueryParameter(name="type")]
Text = Annotated[str | None, QueryParameter(max_length=100, pattern=CLEAN)]
From = Annotated[str | None, QueryParameter(name="from", description="Effective from this day or time.", max_length=40)]
To = Annotated[str | None, QueryParameter(name="to", description="Effective up to this day or time.", max_length=40)]
Least = Annotated[str | None, QueryParameter(name="min", description="At least this amount.", max_length=40)]
Most = Annotated[str | None, QueryParameter(name="max", description="At most this amount.", max_length=40)]
MinPosition = Annotated[
    int | None, QueryParameter(ge=0, le=POSITION_MAX, description="Wait until this has been reached.")
]


class TransactionDetail(Transaction, frozen=True, kw_only=True):
    """One transaction with the caller's own events of it, as stored."""

    events: list[StoredEventBody]


class Annotation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """New category or note; null clears one, what is left out stays."""

    category: Category | msgspec.UnsetType | None = msgspec.UNSET
    note: Note | msgspec.UnsetType | None = msgspec.UNSET


class Reversal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a transaction is taken back."""

    reason: Note | None = None


@post("/", summary="Book a deposit, withdrawal or transfer")
async def book_transaction(request: Call, data: JSONBody[NewTransaction]) -> Answer[Transaction]:
    """201 with the transaction, durable; or a refusal."""
    services, user_id = request.services, request.user_id
    command = request.command("book", data)
    movement = await movement_of(request.currencies, user_id, data)
    if isinstance(movement, Refusal):
        raise refused(movement)
    if movement.to_account is not None:
        request.limit_guesses(0)
    answer = await services.ledger.move(command, movement)
    if isinstance(answer, Refusal):
        request.limit_guesses(answer.code is Code.UNKNOWN_ACCOUNT)
        raise refused(await in_own_words(request.currencies, user_id, data, answer))
    booking = booked(answer)
    if booking.replayed:
        return _told(transaction.of_booking(booking, await services.ledger.user_key(user_id)), booking)
    return _told(transaction.of_movement(booking, movement), booking)


@get("/", summary="The caller's transactions over all accounts, newest first")
async def list_transactions(
    request: Call,
    kind: TypeAsked = None,
    category: Text = None,
    q: Text = None,
    since: From = None,
    until: To = None,
    least: Least = None,
    most: Most = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    offset: Offset = 0,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Answer[list[Transaction]]:
    """A transfer between two own accounts is one row. `Link: rel="next"` leads on where there are more."""
    wanted = _wanted(kind, category, since, until, least, most, cursor)
    search = Search(wanted=wanted, limit=limit, offset=offset, q=q or None, min_position=min_position)
    return await _listed(request, "/api/transactions/", search)


@get("/account/{account_id:uuid}", summary="The transactions of one account, newest first")
async def list_account_transactions(
    request: Call,
    account_id: FromPath[UUID],
    kind: TypeAsked = None,
    category: Text = None,
    q: Text = None,
    since: From = None,
    until: To = None,
    least: Least = None,
    most: Most = None,
    limit: Annotated[int | None, QueryParameter(ge=1, le=ACCOUNT_PAGE_MAX)] = None,
    offset: Offset = 0,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Answer[list[Transaction]]:
    """Without `limit` the newest 1,000, and one last row "Balance brought forward" for whatever is older."""
    if await request.currencies.of(request.user_id, account_id) is None:
        raise refused(UNKNOWN_ACCOUNT)
    wanted = msgspec.structs.replace(_wanted(kind, category, since, until, least, most, cursor), account_id=account_id)
    search = Search(
        wanted=wanted,
        limit=limit or ACCOUNT_PAGE_DEFAULT,
        offset=offset,
        q=q or None,
        min_position=min_position,
    )
    if limit is None and cursor is None and search.is_plain:
        return await _whole_account(request, account_id, search)
    return await _listed(request, f"/api/transactions/account/{account_id}", search)


@get("/{transaction_id:uuid}", summary="One transaction with the caller's own events")
async def get_transaction(
    request: Call, transaction_id: FromPath[UUID], min_position: MinPosition = None
) -> Answer[TransactionDetail]:
    """404 for what is missing and for what is somebody else's."""
    user_id, pool = request.user_id, request.services.pools["api"]
    seen = await reading.transaction(pool, user_id, transaction_id, min_position=min_position)
    if seen.value is None:
        raise refused(UNKNOWN_TRANSACTION)
    shown = transaction.of_statement(seen.value, await request.services.ledger.user_key(user_id))
    stored = await statements.stored_transaction(pool, user_id, transaction_id)
    fields = {name: getattr(shown, name) for name in Transaction.__struct_fields__}
    return Answer(TransactionDetail(**fields, events=[as_stored(one) for one in stored]))


@patch("/{transaction_id:uuid}", summary="Give a transaction another category or note")
async def annotate_transaction(
    request: Call, transaction_id: FromPath[UUID], data: JSONBody[Annotation]
) -> Answer[Transaction]:
    """Answers with the transaction as it is right after the change."""
    command = request.command("annotate", transaction_id, data)
    if data.category is msgspec.UNSET and data.note is msgspec.UNSET:
        raise malformed("Say category, note or both.")
    booking = booked(
        await request.services.ledger.annotate(
            command,
            transaction_id,
            category=data.category if data.category is msgspec.UNSET else blank_is_none(data.category),
            note=data.note if data.note is msgspec.UNSET else blank_is_none(data.note),
        )
    )
    shown = await _as_of(request, transaction_id, booking.position)
    return Answer(shown, headers=position_headers(booking, booking.position))


@post("/{transaction_id:uuid}/reverse", summary="Take a transaction back, once")
async def reverse_transaction(
    request: Call, transaction_id: FromPath[UUID], data: JSONBody[Reversal | None] = None
) -> Answer[Transaction]:
    """A deposit or withdrawal by its owner, a transfer by its recipient; decided like a new payment of today."""
    ledger = request.services.ledger
    reason = None if data is None else blank_is_none(data.reason)
    booking = booked(await ledger.reverse(request.command("reverse", transaction_id, reason), transaction_id, reason))
    key = await ledger.user_key(request.user_id)
    return _told(transaction.of_booking(booking, key), booking)


def _told(shown: Transaction, booking: Booking) -> Answer[Transaction]:
    # The payer's leg of a transfer comes first; nobody ever sees it without the other one.
    return Answer(shown, headers=position_headers(booking, shown.position))


async def _as_of(request: Call, transaction_id: UUID, position: int) -> Transaction:
    """From the log itself, which knows how a transaction stood at each position."""
    user_id = request.user_id
    row = await statements.transaction_at(request.services.pools["api"], user_id, transaction_id, position)
    assert row is not None, "what was annotated is there"
    return transaction.of_row(row, await request.services.ledger.user_key(user_id))


def _wanted(
    kind: Type | None,
    category: str | None,
    since: str | None,
    until: str | None,
    least: str | None,
    most: str | None,
    cursor: int | None,
) -> Filter:
    last = moment(until, "to", end=True)
    return Filter(
        types=None if kind is None else (kind,),
        category=category or None,
        effective_from=moment(since, "from"),
        effective_to=None if last is None else last + RESOLUTION,
        amount_min=decimal(least, "min"),
        amount_max=decimal(most, "max"),
        before=cursor,
    )


async def _listed(request: Call, path: str, search: Search) -> Answer[Any]:
    """A page, with the way to the next."""
    user_id, pool = request.user_id, request.services.pools["api"]
    key = await request.services.ledger.user_key(user_id)
    shown: bytes | list[Transaction]
    if search.is_plain:
        shown, cursor = await told(request.statement_pages, pool, key, user_id, search)
    else:
        page = await find(pool, key, user_id, search)
        shown, cursor = page.rows, page.cursor
    parameters: list[tuple[str, Any]] = list(request.query_params.multi_items())
    return Answer(shown, headers=next_link(path, parameters, search.limit, cursor))


async def _whole_account(request: Call, account_id: UUID, search: Search) -> Answer[Any]:
    """The newest transactions of an account, and in one row whatever is older."""
    user_id, pool = request.user_id, request.services.pools["api"]
    key = await request.services.ledger.user_key(user_id)
    body, cursor = await told(request.statement_pages, pool, key, user_id, search)
    if cursor is not None:
        # Neither row's balance nor time ever changes: what is there now is what the page was made of.
        edge = Filter(account_id=account_id, before=cursor + 1, limit=2)
        seen = await reading.transactions(pool, user_id, edge, min_position=0)
        oldest_shown, newest_hidden = seen.value
        last = transaction.brought_forward(account_id, oldest_shown, newest_hidden)
        body = body.removesuffix(b"]") + b"," + encode(last) + b"]"
    return Answer(body)


router = Router(
    "/api/transactions",
    route_handlers=[
        book_transaction,
        book_batch,
        list_transactions,
        list_account_transactions,
        export_transactions,
        get_transaction,
        annotate_transaction,
        reverse_transaction,
    ],
    before_request=signed_in,
    tags=["Transactions"],
)
