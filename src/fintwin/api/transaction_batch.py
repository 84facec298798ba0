"""`POST /api/transactions/batch`: many transactions in one request, in their order.

Each item is booked or refused for itself; with `atomic` all of them are, or none. An item's own `idempotency_key` counts; without
one, the request's `Idempotency-Key` stands for it together with the item's place, so a batch is repeated like a single request:
the whole of it or nothing. Another batch under a key of which anything was booked is refused before it begins.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec.structs import replace

from fintwin.api import transaction
from fintwin.api.answers import Answer, encode
from fintwin.api.call import Call
from fintwin.api.movements import ATOMIC_ITEMS_MAX, Batch, BatchItem, in_own_words, movement_of
from fintwin.api.problems import BUSY, FAULT, OUTCOME_UNKNOWN, Problem, ProblemError, of_refusal, problem
from fintwin.api.transaction import Transaction
from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.ledger import Answer as LedgerAnswer
from fintwin.ledger.ledger import Booking, Request
from fintwin.ledger.slices import KEY_REUSED
from fintwin.ledger.submission import LedgerBusyError, NotApplied, OutcomeUnknownError
from fintwin.store.keys import UserKey

BODY_BYTES_MAX: Final = 4 * 1024 * 1024
NOT_APPLIED: Final = problem(
    424, "not_applied", "Another item of the atomic batch could not be booked, so this one was not either."
)


class ItemAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one item: its status, and the transaction or the problem."""

    status: int
    transaction: Transaction | None = None
    problem: Problem | None = None


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answers in the items' order; `position` is the furthest one reached, 0 where nothing was booked."""

    items: list[ItemAnswer]
    booked: int
    position: int


@post(
    "/batch",
    status_code=200,
    request_max_body_size=BODY_BYTES_MAX,
    summary="Book many transactions, each for itself or all or none",
)
async def book_batch(request: Call, data: JSONBody[Batch]) -> Answer[BatchAnswer]:
    """200 with one answer per item; look at their status."""
    if data.atomic and len(data.items) > ATOMIC_ITEMS_MAX:
        text = f"An atomic batch has at most {ATOMIC_ITEMS_MAX} items."
        raise ProblemError(problem(422, "batch_too_large", text))
    services, user_id = request.services, request.user_id
    header = request.idempotency_key
    if any(item.type == "transfer" for item in data.items):
        request.limit_guesses(0)
    asked = _requests(request, header, data)
    if header is not None:
        without_own = [one for one, item in zip(asked, data.items, strict=True) if item.idempotency_key is None]
        if without_own and all(item.idempotency_key != header for item in data.items):
            # No batch is kept under the bare key: whatever stands there was another request.
            without_own.append(Request(user_id=user_id, key=header, body=b"batch"))
        if await services.ledger.is_reused(user_id, without_own):
            raise ProblemError(of_refusal(KEY_REUSED))
    movements = [await movement_of(request.currencies, user_id, item) for item in data.items]
    requests = list(zip(asked, movements, strict=True))
    answers = await services.ledger.move_all(requests, atomic=data.atomic)
    request.limit_guesses(sum(isinstance(one, Refusal) and one.code is Code.UNKNOWN_ACCOUNT for one in answers))
    key = await services.ledger.user_key(user_id)
    items = [await _told(request, item, answer, key) for item, answer in zip(data.items, answers, strict=True)]
    position = max((answer.position for answer in answers if isinstance(answer, Booking)), default=0)
    count = sum(isinstance(answer, Booking) for answer in answers)
    headers = {"X-Position": str(position)} if count else {}
    return Answer(BatchAnswer(items=items, booked=count, position=position), headers=headers)


def _requests(request: Call, header: str | None, data: Batch) -> list[Request]:
    whole = b"" if header is None else sha256(encode(data)).digest()
    made = []
    for index, item in enumerate(data.items):
        key = item.idempotency_key
        # Like the same transaction booked alone: an item that is sent again by itself is recognised.
        body = encode(("book", replace(item, idempotency_key=None)))
        if key is None and header is not None:
            key = f"{header}\0{index}"  # no header holds a NUL, so this is no other request's
            body += whole
        made.append(Request(user_id=request.user_id, key=key, body=body))
    return made


async def _told(request: Call, item: BatchItem, answer: LedgerAnswer | Exception, key: UserKey) -> ItemAnswer:
    match answer:
        case Booking():
            return ItemAnswer(status=201, transaction=transaction.of_booking(answer, key))
        case Refusal():
            refusal = await in_own_words(request.currencies, request.user_id, item, answer)
            return _failed(request, of_refusal(refusal))
        case NotApplied():
            return _failed(request, NOT_APPLIED)
        case LedgerBusyError():
            return _failed(request, BUSY)
        case OutcomeUnknownError():
            return _failed(request, OUTCOME_UNKNOWN)
        case _:
            return _failed(request, FAULT)


def _failed(request: Call, found: Problem) -> ItemAnswer:
    return ItemAnswer(status=found.status, problem=replace(found, request_id=request.scope.get("request_id", "")))
