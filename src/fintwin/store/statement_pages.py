"""Pages of a statement as ready text, for many readers at once (`store.together`): what lists without any condition are made of.

The rows come as `projections.statement_json` wrote them, sealed texts and all; every page is read under the policy of its own
tenant. A page waits for what it has to show like any other read (`store.reading`). Large pages go alone.

    pages = StatementPages(pool)
    page = await pages.of(PageWanted(user_id=user_id, limit=50))
    page.told, page.cursor
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from fintwin.store.connect import Pool
from fintwin.store.reading import until_reached
from fintwin.store.together import Together

TOGETHER_MAX: Final = 8
"""While one question is read the pages of the other are put together; in larger ones either waits for all of the other."""
TOGETHER_LIMIT_MAX: Final = 200
_SQL: Final = "SELECT * FROM read.statement_text($1, $2, $3, $4, $5)"


class NoPagesError(Exception):
    """The statements that are live were built before there was ready text; the columns tell the same."""


class PageWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows: the newest ``limit`` of one own account or of all, those before a position where ``before`` gives one."""

    user_id: UUID
    limit: int
    min_position: int | None = None
    account_id: UUID | None = None
    before: int | None = None


class StatementPage(msgspec.Struct, frozen=True):
    """Rows newest first, put together with commas; ``cursor`` is the position of the last where there are older ones."""

    told: bytes
    cursor: int | None


class StatementPages:
    """See the module. One per process."""

    def __init__(self, pool: Pool) -> None:
        """``pool`` of the role `api`."""
        self._pool = pool
        self._together: Together[PageWanted, Any] = Together(self._ask, together_max=TOGETHER_MAX)

    async def of(self, wanted: PageWanted) -> StatementPage:
        """One page. Raises `reading.NotReachedError`, `NoPagesError`, and what the database raises."""

        async def ask() -> list[Any]:
            if wanted.limit > TOGETHER_LIMIT_MAX:
                return await self._ask([wanted])
            return [await self._together.of(wanted)]

        ((_, told, cursor),) = await until_reached(ask)
        return StatementPage(told or b"", cursor)

    async def _ask(self, asked: list[PageWanted]) -> list[Any]:
        columns = [
            [one.user_id for one in asked],
            [one.min_position for one in asked],
            [one.account_id for one in asked],
            [one.before for one in asked],
            [one.limit for one in asked],
        ]
        try:
            rows: list[Any] = await self._pool.fetch(_SQL, *columns)
        except asyncpg.UndefinedFunctionError as error:
            raise NoPagesError from error
        return rows
