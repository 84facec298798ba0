"""Heads for many readers at once: those who ask while a question is under way go together in the next one.

A round trip to the database costs a reader more than the look-up itself. Nobody waits for company that is not there, and what
is told was read after the question came, so the own last write is always in it. `load_heads` gives a stream to its owner only.

    heads = Heads(pool)
    head = await heads.of(user_id, StreamKey(StreamKind.ACCOUNT, account_id))    # None: none, or not the user's
"""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from fintwin.domain.streams import StreamKey
from fintwin.store.append import load_heads
from fintwin.store.connect import Pool
from fintwin.store.rows import Head

TOGETHER_MAX: Final = 256
IN_FLIGHT_MAX: Final = 2

_Question = tuple[UUID, StreamKey, "asyncio.Future[Head | None]"]


class Heads:
    """See the module. One per process."""

    def __init__(self, pool: Pool) -> None:
        """``pool`` of the role `api`."""
        self._pool = pool
        self._waiting: list[_Question] = []
        self._in_flight: set[asyncio.Task[None]] = set()

    async def of(self, user_id: UUID, stream: StreamKey) -> Head | None:
        """The head of an own stream as it is now. Raises what the database raises."""
        answer: asyncio.Future[Head | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((user_id, stream, answer))
        self._kick()
        return await answer

    def _kick(self) -> None:
        if self._waiting and len(self._in_flight) < IN_FLIGHT_MAX:
            asked, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
            task = asyncio.get_running_loop().create_task(self._ask(asked))
            self._in_flight.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._kick()

    async def _ask(self, asked: list[_Question]) -> None:
        try:
            async with self._pool.acquire() as connection:
                found = await load_heads(connection, list({(user_id, stream) for user_id, stream, _ in asked}))
        except Exception as error:  # noqa: BLE001  each reader is told
            for _, _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return
        told = {(head.user_id, head.stream): head for head in found}
        for user_id, stream, answer in asked:
            if not answer.done():
                answer.set_result(told.get((user_id, stream)))
