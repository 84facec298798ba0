"""`/api/import`: a bank's file into an own account, looked at first, then booked, and taken back if it must be.

POST /api/import?account_id=... (text/csv)    -> 201 Preview: the guessed mapping, the first rows as they would be booked
POST /api/import/{id}/commit                  -> 200 what became of it; again: the same answer
DELETE /api/import/{id}                       -> 200 everything that it booked is reversed

The file comes as `text/csv`, as the field `file` of a form (`multipart/form-data`), or as the text `csv` in JSON. Beside it come
`account_id` (the main account unless said) and `mapping` (docs/import.md, as JSON); with `text/csv` as query parameters.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Router, delete, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, QueryParameter

from fintwin.api.answers import Answer
from fintwin.api.bodies import decoded
from fintwin.api.call import Call, signed_in
from fintwin.api.money import out
from fintwin.api.problems import ProblemError, malformed, problem, refused
from fintwin.api.transaction import Counterparty, Type
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.ledger.importing.guess import guess
from fintwin.ledger.importing.mapping import Mapping
from fintwin.ledger.importing.opening import ImportRefusedError
from fintwin.ledger.importing.reading import HeaderError
from fintwin.ledger.importing.sampling import NoGuessError
from fintwin.ledger.importing.uploads import Committed, Preview, Shown, TakenBackError, UnknownDraftError, Uploads

BODY_BYTES_MAX: Final = 4 * 1024 * 1024 + 64 * 1024
"""4 MiB of CSV, and what a form or JSON puts around it."""
FILE_BYTES_MAX: Final = 4 * 1024 * 1024
UNKNOWN: Final = problem(404, "unknown_import", "There is no such import.")
TAKEN_BACK: Final = problem(
    409, "import_taken_back", "This import was taken back. Upload the file again to book it anew."
)


class BadRow(msgspec.Struct, frozen=True):
    """A line of the file that is not booked, and why."""

    line: int
    reason: str


class ImportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it would be booked; `duplicate`: it is booked already."""

    line: int
    type: Type
    amount: Decimal
    currency: str
    effective_at: datetime
    date_only: bool
    note: str | None
    category: str | None
    counterparty: Counterparty | None
    balance_after: Decimal | None
    duplicate: bool


class ImportPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What the file would do. `doubts` are sentences about what was guessed; `refused_rows` are the first hundred."""

    id: UUID
    account_id: UUID
    currency: str
    mapping: dict[str, Any]
    doubts: tuple[str, ...]
    rows: int
    new: int
    duplicates: int
    empty: int
    refused: int
    mismatches: int
    opening_balance: Decimal
    first_rows: list[ImportRow]
    refused_rows: list[BadRow]


class ImportDone(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the file; `mismatches` counts balances of the file that differ from the ledger's."""

    id: UUID
    account_id: UUID
    rows: int
    booked: int
    duplicates: int
    empty: int
    refused: int
    mismatches: int
    refused_rows: list[BadRow]
    position: int


class ImportTakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """How many transactions are reversed; `remaining` could not be, `detail` says why. It can be tried again."""

    id: UUID
    account_id: UUID
    reversed: int
    remaining: int
    detail: str | None
    position: int


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    csv: str
    account_id: UUID | None = None
    mapping: dict[str, Any] | None = None


_sent: Final = msgspec.json.Decoder(_Sent)
_object: Final = msgspec.json.Decoder(dict[str, Any])


@post("/", request_max_body_size=BODY_BYTES_MAX, summary="Look at a CSV file before it is booked")
async def look_at_import(
    request: Call,
    account: Annotated[UUID | None, QueryParameter(name="account_id")] = None,
    mapping_text: Annotated[str | None, QueryParameter(name="mapping", max_length=20_000)] = None,
) -> Answer[ImportPreview]:
    """201 with what the file would do; nothing is booked. Drafts that are not committed are kept for a week, ten at most."""
    content, account_id, told = await _upload(request, account, mapping_text)
    if len(content) > FILE_BYTES_MAX:
        raise ProblemError(problem(413, "body_too_large", "A file has at most 4 MiB."))
    user_id = request.user_id
    account_id = account_id or user_id
    currency = await request.currencies.of(user_id, account_id)
    if currency is None:
        raise refused(UNKNOWN_ACCOUNT)
    try:
        doubts: tuple[str, ...] = ()
        if told is None:
            mapping, doubts = msgspec.structs.astuple(guess(content, currency))
        else:
            mapping = msgspec.convert({"currency": currency} | told | {"name": "upload"}, Mapping)
        preview = await _uploads(request).look_at(user_id, account_id, content, mapping, doubts)
    except msgspec.ValidationError as error:
        raise malformed(f"The mapping cannot be used: {error}.", "mapping") from None
    except NoGuessError as error:
        raise _unusable("import_not_understood", str(error)) from None
    except (HeaderError, ImportRefusedError) as error:
        raise _unusable("import_refused", str(error)) from None
    return Answer(_shown(preview), status_code=201)


@post("/{import_id:str}/commit", status_code=200, summary="Book a file that was looked at")
async def commit_import(request: Call, import_id: FromPath[str]) -> Answer[ImportDone]:
    """200; again: the same answer. Rows that a rule refuses are told and left out."""
    try:
        done = await _uploads(request).commit(request.user_id, _id(import_id))
    except UnknownDraftError:
        raise ProblemError(UNKNOWN) from None
    except TakenBackError:
        raise ProblemError(TAKEN_BACK) from None
    except (HeaderError, ImportRefusedError) as error:
        raise _unusable("import_refused", str(error)) from None
    return Answer(_done(done), headers={"X-Position": str(done.position)} if done.position else {})


@delete("/{import_id:str}", status_code=200, summary="Take an import back")
async def take_back_import(request: Call, import_id: FromPath[str]) -> Answer[ImportTakenBack]:
    """200: what it booked is reversed, newest first, as of now; a file that was never committed is forgotten."""
    try:
        told = await _uploads(request).take_back(request.user_id, _id(import_id))
    except UnknownDraftError:
        raise ProblemError(UNKNOWN) from None
    headers = {"X-Position": str(told.position)} if told.position else {}
    return Answer(
        ImportTakenBack(
            id=told.id,
            account_id=told.account_id,
            reversed=told.reversed,
            remaining=told.remaining,
            detail=told.why,
            position=told.position,
        ),
        headers=headers,
    )


async def _upload(
    request: Call, account: UUID | None, mapping_text: str | None
) -> tuple[bytes, UUID | None, dict[str, Any] | None]:
    """File, account and mapping, in whichever of the three ways they came."""
    kind = request.content_type[0]
    if kind == "multipart/form-data":
        await request.body()  # within the limit of the route
        form = await request.form()
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise malformed("The form needs a file in the field named file.", "file")
        text = form.get("account_id")
        if text:
            try:
                account = UUID(str(text))
            except ValueError:
                raise malformed("account_id is no account id.", "account_id") from None
        mapping = form.get("mapping") or mapping_text
        return await file.read(), account, decoded(_object, str(mapping).encode()) if mapping else None
    content = await request.body()
    if kind == "application/json":
        sent = decoded(_sent, content)
        return sent.csv.encode(), sent.account_id or account, sent.mapping
    return content, account, decoded(_object, mapping_text.encode()) if mapping_text else None


def _uploads(request: Call) -> Uploads:
    return Uploads(request.services.ledger, request.services.pools["api"])


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError(UNKNOWN) from None


def _unusable(code: str, detail: str) -> ProblemError:
    return ProblemError(problem(422, code, detail))


def _shown(preview: Preview) -> ImportPreview:
    mapping = msgspec.to_builtins(preview.mapping)
    del mapping["name"]  # ours: it keeps the rows of accounts apart
    return ImportPreview(
        id=preview.id,
        account_id=preview.account_id,
        currency=preview.currency,
        mapping=mapping,
        doubts=preview.doubts,
        rows=preview.rows,
        new=preview.new,
        duplicates=preview.duplicates,
        empty=preview.empty,
        refused=preview.refused,
        mismatches=preview.mismatches,
        opening_balance=out(preview.opening_minor, preview.currency),
        first_rows=[_row(one, preview.currency) for one in preview.first],
        refused_rows=[BadRow(one.line, one.reason) for one in preview.bad],
    )


def _row(shown: Shown, currency: str) -> ImportRow:
    movement = shown.movement
    assert movement.effective_at is not None, "a row has a date"
    party = movement.counterparty
    return ImportRow(
        line=shown.line,
        type=movement.kind,
        amount=out(movement.amount_minor, currency),
        currency=currency,
        effective_at=movement.effective_at,
        date_only=movement.date_only,
        note=movement.note,
        category=movement.category,
        counterparty=None if party is None else Counterparty(party.name, party.account, party.bank),
        balance_after=None if shown.balance_minor is None else out(shown.balance_minor, currency),
        duplicate=shown.duplicate,
    )


def _done(done: Committed) -> ImportDone:
    return ImportDone(
        id=done.id,
        account_id=done.account_id,
        rows=done.rows,
        booked=done.booked,
        duplicates=done.duplicates,
        empty=done.empty,
        refused=done.refused,
        mismatches=done.mismatches,
        refused_rows=[BadRow(one.line, one.reason) for one in done.bad],
        position=done.position,
    )


router: Final = Router(
    "/api/import",
    route_handlers=[look_at_import, commit_import, take_back_import],
    before_request=signed_in,
    tags=["Import"],
)
