"""Heads for many readers at once (`store.together`). `load_heads` gives a stream to its owner only.

heads = Heads(pool)
head = await heads.of(user_id, StreamKey(StreamKind.ACCOUNT, account_id))    # None: none, or not the user's
"""

from __future__ import annotations

from uuid import UUID

from fintwin.domain.streams import StreamKey
from fintwin.store.append import load_heads
from fintwin.store.connect import Pool
from fintwin.store.rows import Head
from fintwin.store.together import Together

_Question = tuple[UUID, StreamKey]


class Heads:
    """See the module. One per process."""

    def __init__(self, pool: Pool) -> None:
        """``pool`` of the role `api`."""
        self._pool = pool
        self._together: Together[_Question, Head | None] = Together(self._ask)

    async def of(self, user_id: UUID, stream: StreamKey) -> Head | None:
        """The head of an own stream as it is now. Raises what the database raises."""
        return await self._together.of((user_id, stream))

    async def _ask(self, asked: list[_Question]) -> list[Head | None]:
        async with self._pool.acquire() as connection:
            found = await load_heads(connection, list(set(asked)))
        told = {(head.user_id, head.stream): head for head in found}
        return [told.get(question) for question in asked]
