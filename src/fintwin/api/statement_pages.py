"""Pages of a statement: which transactions are asked for, and the address of the next page.

Conditions on what the database can see go to the database; texts are sealed there, so that a search through them (`q`) is done
here, row by row, after opening.

    page = await find(pool, key, user_id, Search(wanted=Filter(), limit=100, q="rent"))
    page.rows, page.cursor

A page without any condition is not taken apart at all: `told` opens what is sealed in the text that the read model has ready.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from msgspec.structs import replace

from fintwin.api import transaction
from fintwin.api.answers import encode
from fintwin.api.problems import malformed
from fintwin.api.transaction import Transaction
from fintwin.store import reading
from fintwin.store.connect import Pool
from fintwin.store.keys import UserKey
from fintwin.store.reading import Filter
from fintwin.store.statement_pages import NoPagesError, PageWanted, StatementPages

STEP: Final = 1000
POSITION_MAX: Final = 2**63 - 1


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A page asked for. ``wanted`` carries what the database decides; its limit and offset are not looked at."""

    wanted: Filter
    limit: int
    offset: int = 0
    q: str | None = None
    min_position: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is asked for but the newest, or those before a position."""
        wanted = self.wanted
        return (
            self.q is None
            and self.offset == 0
            and wanted
            == Filter(account_id=wanted.account_id, before=wanted.before, offset=wanted.offset, limit=wanted.limit)
        )

    def matches(self, row: Transaction) -> bool:
        """Whether an opened row holds the words that are looked for."""
        if self.q is None:
            return True
        party = row.counterparty
        texts = (row.note, row.category, party and party.name, party and party.account)
        return any(self.q.casefold() in text.casefold() for text in texts if text)


class Page(msgspec.Struct, frozen=True):
    """Transactions, newest first; ``cursor`` leads to older ones and is None at the end."""

    rows: list[Transaction]
    cursor: int | None


async def find(pool: Pool, key: UserKey, user_id: UUID, search: Search) -> Page:
    """One page of the user's transactions. Raises `reading.NotReachedError`."""
    if search.q is None:
        wanted = replace(search.wanted, limit=search.limit + 1, offset=search.offset)
        return _page(await _rows(pool, key, user_id, wanted, search.min_position), search.limit)
    found: list[Transaction] = []
    before, enough = search.wanted.before, search.offset + search.limit + 1
    while len(found) < enough:
        wanted = replace(search.wanted, before=before, limit=STEP, offset=0)
        rows = await _rows(pool, key, user_id, wanted, search.min_position)
        found.extend(row for row in rows if search.matches(row))
        if len(rows) < STEP:
            break
        before = rows[-1].position
    return _page(found[search.offset : enough], search.limit)


async def told(
    pages: StatementPages, pool: Pool, key: UserKey, user_id: UUID, search: Search
) -> tuple[bytes, int | None]:
    """A plain page as JSON, and the cursor that leads on. Raises `reading.NotReachedError`."""
    account_id, limit = search.wanted.account_id, search.limit
    wanted = PageWanted(
        user_id=user_id,
        limit=limit,
        min_position=search.min_position,
        account_id=account_id,
        before=search.wanted.before,
    )
    try:
        page = await pages.of(wanted)
    except NoPagesError:
        found = await find(pool, key, user_id, search)
        return encode(found.rows), found.cursor
    return transaction.of_page(page.told, key, account_id), page.cursor


async def _rows(pool: Pool, key: UserKey, user_id: UUID, wanted: Filter, min_position: int | None) -> list[Transaction]:
    seen = await reading.transactions(pool, user_id, wanted, min_position=min_position)
    return [transaction.of_statement(row, key, wanted.account_id) for row in seen.value]


def _page(rows: list[Transaction], limit: int) -> Page:
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], rows[limit - 1].position)


def next_link(path: str, parameters: list[tuple[str, str]], limit: int, cursor: int | None) -> dict[str, str]:
    """The `Link` header that leads on, or nothing at the end. ``parameters`` are those of this request."""
    if cursor is None:
        return {}
    kept = [(name, value) for name, value in parameters if name not in {"cursor", "offset", "limit"}]
    if not kept:
        return {"Link": f'<{path}?limit={limit}&cursor={cursor}>; rel="next"'}
    query = urlencode([*kept, ("limit", str(limit)), ("cursor", str(cursor))])
    return {"Link": f'<{path}?{query}>; rel="next"'}


def moment(text: str | None, field: str, *, end: bool = False) -> datetime | None:
    """A time with its zone, or a day (UTC): its first moment, or with ``end`` its last."""
    if not text:
        return None
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time.max if end else time.min, UTC)
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise malformed(f"{field} is a day (2026-01-31) or a time with its zone (2026-01-31T12:00:00Z).", field)


def decimal(text: str | None, field: str) -> Decimal | None:
    """An exact decimal of a query, or None."""
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise malformed(f"{field} is a number.", field)
    return found
