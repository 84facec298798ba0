"""`/api/audit/proof` and `/api/export`: what a person can take along to prove, and to keep, the own history.

The proof is signed with the key of this installation; the export has names and notes in clear, for they are the caller's own.

    GET /api/audit/proof                 -> {"statement": "{...}", "public_key": "...", "signature": "..."}
    GET /api/export?format=hledger       -> a journal with balance assertions
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from litestar import Router, get
from litestar.params import QueryParameter
from litestar.response import Stream

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.api.problems import ProblemError, problem
from fintwin.audit.events_file import FileHead, line, of_event
from fintwin.audit.export import TextForm, grouped
from fintwin.audit.heads import Signed, Signer
from fintwin.audit.journal import Beancount, Hledger, Open
from fintwin.audit.proofs import proof_of
from fintwin.audit.tables import CsvTable
from fintwin.domain.streams import Recorded
from fintwin.store import read
from fintwin.store.connect import Pool
from fintwin.store.keys import UserKey
from fintwin.store.shard import SHARD

PAGE_EVENTS: Final = 1_000
NOTHING_YET: Final = "Nothing has happened yet."
NO_KEY: Final = "This installation signs nothing: its operator has set no signing key."
Form = Literal["beancount", "hledger", "csv", "ndjson"]


@get("/api/audit/proof", summary="The ends of the caller's streams, signed")
async def proof(request: Call) -> Answer[Signed]:
    """At one position and hash of the log; Ed25519 over the bytes of `statement`."""
    seed = request.services.settings.signing_key
    if seed is None:
        raise ProblemError(problem(404, "not_found", NO_KEY))
    found = await proof_of(request.services.pools["api"], request.user_id, datetime.now(UTC))
    if found is None:
        raise ProblemError(problem(404, "not_found", NOTHING_YET))
    return Answer(Signer(seed).sign(found))


@get("/api/export", summary="The caller's books or events as a file", media_type="application/octet-stream")
async def export(request: Call, form: Annotated[Form, QueryParameter(name="format")] = "ndjson") -> Stream:
    """`beancount` and `hledger` with balance assertions, `csv` a row per posting, `ndjson` the events with their hashes.

    Events are as they were hashed, with sealed texts; the journals have names and notes in clear.
    """
    pool = request.services.pools["api"]
    name = {"beancount": "books.beancount", "hledger": "books.journal", "csv": "books.csv", "ndjson": "events.ndjson"}
    headers = {"content-disposition": f'attachment; filename="fintwin-{name[form]}"'}
    if form == "ndjson":
        return Stream(_events(pool, request.user_id), media_type="application/x-ndjson", headers=headers)
    opened = _opener(await request.services.ledger.user_key(request.user_id))
    book: TextForm = CsvTable() if form == "csv" else {"beancount": Beancount, "hledger": Hledger}[form](opened)
    return Stream(_books(pool, request.user_id, book), media_type=book.media_type, headers=headers)


async def _events(pool: Pool, user_id: UUID) -> AsyncIterator[bytes]:
    heads = await read.heads(pool, user_id)
    after, until = 0, max((head.position for head in heads), default=0)
    last = await read.stored_events(pool, user_id, until - 1, 1) if until else []
    link = last[0].hash.hex() if last else bytes(32).hex()
    yield line(FileHead(shard=SHARD, position=until, hash=link, user_id=user_id))
    while after < until:
        page = [one for one in await read.stored_events(pool, user_id, after, PAGE_EVENTS) if one.position <= until]
        yield b"".join(line(of_event(one)) for one in page)
        after = page[-1].position if page else until


async def _books(pool: Pool, user_id: UUID, book: TextForm) -> AsyncIterator[bytes]:
    yield book.begin().encode()
    after = 0
    waiting: list[Recorded] = []
    while page := await read.events(pool, user_id, after, PAGE_EVENTS):
        after = page[-1].position
        *whole, waiting = grouped([*waiting, *page])
        yield "".join(map(book.take, whole)).encode()
    if waiting:
        yield book.take(waiting).encode()
    for piece in book.end():
        yield piece.encode()


def _opener(key: UserKey) -> Open:
    def opened(sealed: str, event: Recorded, field: str) -> str | None:
        try:
            return key.open(sealed, event.stream, field)
        except InvalidTag:
            return None

    return opened


router = Router("/", route_handlers=[proof, export], before_request=signed_in, tags=["Audit"])
