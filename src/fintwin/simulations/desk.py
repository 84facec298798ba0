"""The desk: takes scenarios, has workers run them, tells how far they are.

Workers are processes of their own (spawned, on first use), so a heavy run takes nothing from the routes. One user has at most
`RUNS_A_USER` runs at once, everybody together `RUNS_MAX`; beyond that the asker is told to come back. Whoever asked may go away:
the worker goes on. Long work goes to the last worker only, one after the other: short questions never wait behind it, and it
never takes more than one core.

    desk = Desk(url_of_the_twin_role)
    done = await desk.run(user_id, document_bytes, now, run_id=run_id)
    desk.progress(user_id, run_id)          # (months done, months in all), or None
"""

from __future__ import annotations

import asyncio
import datetime as dt
import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from fintwin.simulations.quick import QuickAsked
from fintwin.simulations.working import CANCEL, DONE, NUMBERS_A_RUN, OF, Done, Task, begin, work
from fintwin.twin.answer import work_of
from fintwin.twin.scenario import Document

WORKERS: Final = 2
RUNS_A_USER: Final = 2
RUNS_MAX: Final = 32
NICENESS: Final = 10
NICENESS_OF_LONG: Final = 19
MONTHS_SHORT: Final = 5_000
PATH_MONTHS_SHORT: Final = 1_000_000
"""What a run walks month by month, and path by path: up to here it takes a second or two."""
_log = structlog.get_logger(__name__)
_done = msgspec.msgpack.Decoder(Done)


class TooManyRunsError(Exception):
    """The user, or everybody together, has as many runs under way as there may be."""


class DuplicateRunError(Exception):
    """A run of this id is under way already."""


class Desk:
    """See the module. One per process of the service."""

    def __init__(self, url: str, *, market_text: str | None = None, workers: int = WORKERS) -> None:
        """``url`` of the database as the twin's role; ``market_text`` replaces the market file that ships."""
        self._url = url
        self._market_text = market_text
        self._context = multiprocessing.get_context("spawn")
        self._shared: Any = self._context.Array("q", RUNS_MAX * NUMBERS_A_RUN, lock=False)
        self._free = list(range(RUNS_MAX))
        self._places: dict[tuple[UUID, UUID], int] = {}
        self._of_user: Counter[UUID] = Counter()
        self._pools: list[ProcessPoolExecutor | None] = [None] * workers
        self._busy = [0] * workers

    def start(self, user_id: UUID, document: bytes, now: dt.datetime, *, run_id: UUID) -> asyncio.Task[Done]:
        """Begin to run a document; the task goes on whether anybody waits for it or not.

        Raises:
            TooManyRunsError: come back later.
            DuplicateRunError: the id is taken at the moment.
        """
        return self._begin(user_id, run_id, kind="run", at=now, document=document, is_long=_is_long(document))

    async def run(self, user_id: UUID, document: bytes, now: dt.datetime, *, run_id: UUID) -> Done:
        """Run a document. Raises as `start`."""
        return await asyncio.shield(self.start(user_id, document, now, run_id=run_id))

    async def quick(self, user_id: UUID, asked: QuickAsked, now: dt.datetime, *, run_id: UUID) -> Done:
        """Answer a quick question. Raises as `start`."""
        return await asyncio.shield(self._begin(user_id, run_id, kind="quick", at=now, quick=asked))

    async def reality(self, user_id: UUID, document: bytes, at: dt.datetime, now: dt.datetime, *, run_id: UUID) -> Done:
        """Run a kept document as of its own present and hold it against what happened until now. Raises as `start`."""
        return await asyncio.shield(
            self._begin(user_id, run_id, kind="reality", at=at, document=document, now=now, is_long=_is_long(document))
        )

    async def recurring(self, user_id: UUID, now: dt.datetime, *, run_id: UUID) -> Done:
        """The recurring flows of a user. Raises as `start`."""
        return await asyncio.shield(self._begin(user_id, run_id, kind="recurring", at=now))

    async def risk_course(
        self, user_id: UUID, account_id: UUID, months: int, now: dt.datetime, *, run_id: UUID
    ) -> Done:
        """An account's risk score at the ends of past months. Raises as `start`."""
        return await asyncio.shield(
            self._begin(user_id, run_id, kind="risk_course", at=now, account_id=account_id, months=months)
        )

    def progress(self, user_id: UUID, run_id: UUID) -> tuple[int, int] | None:
        """Months done and months in all of a run under way (0 of 0: nothing to tell yet); None where it is not."""
        place = self._places.get((user_id, run_id))
        if place is None:
            return None
        start = place * NUMBERS_A_RUN
        return self._shared[start + DONE], self._shared[start + OF]

    def cancel(self, user_id: UUID, run_id: UUID) -> bool:
        """Ask a run to stop; whether there was one."""
        place = self._places.get((user_id, run_id))
        if place is None:
            return False
        self._shared[place * NUMBERS_A_RUN + CANCEL] = 1
        return True

    def close(self) -> None:
        """Stop the workers; runs under way are told to stop and end with them."""
        for place in self._places.values():
            self._shared[place * NUMBERS_A_RUN + CANCEL] = 1
        for number, pool in enumerate(self._pools):
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)
                self._pools[number] = None

    def _begin(self, user_id: UUID, run_id: UUID, *, is_long: bool = False, **task: Any) -> asyncio.Task[Done]:
        """Take a place and hand the task over; the place is in use until the worker is done with it."""
        name = (user_id, run_id)
        self._admit(user_id, run_id)
        place = self._free.pop()
        for offset in range(NUMBERS_A_RUN):
            self._shared[place * NUMBERS_A_RUN + offset] = 0
        self._places[name] = place
        self._of_user[user_id] += 1
        encoded = msgspec.msgpack.encode(Task(user_id=user_id, place=place, **task))
        begun = asyncio.get_running_loop().create_task(self._submit(user_id, encoded, is_long=is_long))
        begun.add_done_callback(lambda _: self._release(name, place))
        return begun

    def _admit(self, user_id: UUID, run_id: UUID) -> None:
        if (user_id, run_id) in self._places:
            raise DuplicateRunError
        if self._of_user[user_id] >= RUNS_A_USER or not self._free:
            raise TooManyRunsError

    def _release(self, name: tuple[UUID, UUID], place: int) -> None:
        del self._places[name]
        self._free.append(place)
        self._of_user[name[0]] -= 1
        if not self._of_user[name[0]]:
            del self._of_user[name[0]]

    async def _submit(self, user_id: UUID, task: bytes, *, is_long: bool) -> Done:
        for attempt in (1, 2):
            number = len(self._pools) - 1 if is_long else self._worker_for(user_id)
            pool = self._started(number)
            self._busy[number] += 1
            try:
                answer = await asyncio.get_running_loop().run_in_executor(pool, work, task)
            except BrokenProcessPool:
                _log.warning("a worker of the twin died", attempt=attempt)
                if self._pools[number] is pool:
                    self._pools[number] = None
                    pool.shutdown(wait=False, cancel_futures=True)
                continue
            finally:
                self._busy[number] -= 1
            return _done.decode(answer)
        return Done(broken=True)

    def _worker_for(self, user_id: UUID) -> int:
        """The worker that has the user's fork, where it is idle; else the one with the least to do."""
        own = user_id.int % len(self._pools)
        return own if not self._busy[own] else min(range(len(self._pools)), key=lambda number: self._busy[number])

    def _started(self, number: int) -> ProcessPoolExecutor:
        pool = self._pools[number]
        if pool is None:
            niceness = NICENESS_OF_LONG if number == len(self._pools) - 1 else NICENESS
            pool = self._pools[number] = ProcessPoolExecutor(
                max_workers=1,
                mp_context=self._context,
                initializer=begin,
                initargs=(self._url, self._shared, self._market_text, niceness),
            )
        return pool


def _is_long(document: bytes) -> bool:
    """Whether a document keeps a worker busy for more than some seconds."""
    months, path_months = work_of(msgspec.json.decode(document, type=Document))
    return months > MONTHS_SHORT or path_months > PATH_MONTHS_SHORT
