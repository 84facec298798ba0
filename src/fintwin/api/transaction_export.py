"""`GET /api/transactions/export?format=csv`: the caller's transactions as a file, newest first, as long as it takes.

It is sent page by page, so it needs no more memory for a hundred thousand rows than for a hundred.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from fintwin.api.call import Call
from fintwin.api.statement_pages import STEP, Page, Search, find
from fintwin.api.transaction import Counterparty, Transaction
from fintwin.store.connect import Pool
from fintwin.store.keys import UserKey
from fintwin.store.reading import Filter

COLUMNS: Final = (
    "id", "created_at", "effective_at", "type", "amount", "currency", "account_id", "to_account", "category", "note",
    "counterparty_name", "counterparty_account", "counterparty_bank", "balance_after", "reverses", "reversed_by",
    "position",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@get("/export", summary="The caller's transactions as a CSV file", media_type="text/csv")
async def export_transactions(
    request: Call,
    form: Annotated[Literal["csv"], QueryParameter(name="format")] = "csv",
) -> Stream:
    """Newest first; texts that a spreadsheet would take for a formula begin with an apostrophe."""
    del form
    key = await request.services.ledger.user_key(request.user_id)
    pool, user_id = request.services.pools["api"], request.user_id
    # Before the first byte: what cannot be read now is still told as a problem.
    first = await find(pool, key, user_id, Search(wanted=Filter(), limit=STEP))
    return Stream(
        _lines(pool, key, user_id, first),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="fintwin-transactions.csv"'},
    )


async def _lines(pool: Pool, key: UserKey, user_id: UUID, page: Page) -> AsyncIterator[bytes]:
    yield _csv([COLUMNS])
    while True:
        if page.rows:
            yield _csv(_cells(row) for row in page.rows)
        if page.cursor is None:
            return
        # What is behind the cursor has been read once: it cannot be missing.
        page = await find(pool, key, user_id, Search(wanted=Filter(before=page.cursor), limit=STEP, min_position=0))


def _cells(row: Transaction) -> tuple[Any, ...]:
    party = row.counterparty or Counterparty()
    return (
        row.id, row.created_at.isoformat(), row.effective_at.isoformat(), row.type, row.amount, row.currency,
        row.account_id, row.to_account, _text(row.category), _text(row.note),
        _text(party.name), _text(party.account), _text(party.bank),
        row.balance_after, row.reverses, row.reversed_by, row.position,
    )  # fmt: skip


def _text(value: str | None) -> str | None:
    return f"'{value}" if value and value.startswith(_FORMULA) else value


def _csv(rows: Iterable[Iterable[Any]]) -> bytes:
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue().encode()
