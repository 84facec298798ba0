"""Questions to the database that go together: those that come while one is under way are asked with the next.

A round trip costs a reader more than the look-up itself. Nobody waits for company that is not there, and what is told was read
after the question came, so the own last write is always in it.

    heads = Together(ask)               # async def ask(questions): one answer for each, in their order
    head = await heads.of(question)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

TOGETHER_MAX: Final = 256
IN_FLIGHT_MAX: Final = 2

Q = TypeVar("Q")
A = TypeVar("A")


class Together(Generic[Q, A]):
    """See the module."""

    def __init__(
        self,
        ask: Callable[[list[Q]], Awaitable[Sequence[A]]],
        *,
        together_max: int = TOGETHER_MAX,
    ) -> None:
        """``ask`` answers up to ``together_max`` questions at once."""
        self._ask_all = ask
        self._together_max = together_max
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._in_flight: set[asyncio.Task[None]] = set()

    async def of(self, question: Q) -> A:
        """The answer, as it is now. Raises what asking raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if len(self._waiting) == 1:
            # Whoever asks in this very moment goes along; requests that came together ask a turn or two of the loop apart.
            loop.call_soon(loop.call_soon, loop.call_soon, self._kick)
        return await answer

    def _kick(self) -> None:
        while self._waiting and len(self._in_flight) < IN_FLIGHT_MAX:
            asked, self._waiting = self._waiting[: self._together_max], self._waiting[self._together_max :]
            task = asyncio.get_running_loop().create_task(self._ask(asked))
            self._in_flight.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._kick()

    async def _ask(self, asked: list[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            found = await self._ask_all([question for question, _ in asked])
        except Exception as error:  # noqa: BLE001  each reader is told
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), told in zip(asked, found, strict=True):
            if not answer.done():
                answer.set_result(told)
