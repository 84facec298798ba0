"""The board: runs that somebody follows, seen by every process of the service.

A desk knows the runs of its own process. The board writes down how far such a run is, and at the end what came of it, so that
whichever process is asked next can tell, stop it, or hand the answer out. A run whose process has ended is told as broken off.

    board = Board(desk, pool)
    doing = await board.run(user_id, document_bytes, now, run_id=run_id)     # a task; nobody has to wait for it
    await board.find(user_id, run_id)           # Followed(progress=(12, 360), done=None), from any process
"""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Final
from uuid import UUID

import msgspec
import structlog

from fintwin.simulations.desk import RUNS_A_USER, Desk, DuplicateRunError, TooManyRunsError
from fintwin.simulations.working import Done
from fintwin.store import runs
from fintwin.store.connect import LOST, REFUSED, Pool

TELL_SECONDS: Final = 0.5
_log = structlog.get_logger(__name__)


class Followed(msgspec.Struct, frozen=True):
    """A run: ``progress`` in months done and in all while it is under way, else ``done``."""

    progress: tuple[int, int] | None
    done: Done | None


class Board:
    """See the module. One per process of the service."""

    def __init__(self, desk: Desk, pool: Pool) -> None:
        """``pool`` as the role `api`."""
        self._desk = desk
        self._pool = pool
        self._tasks: set[asyncio.Task[Done]] = set()

    async def run(self, user_id: UUID, document: bytes, now: dt.datetime, *, run_id: UUID) -> asyncio.Task[Done]:
        """Begin a run that can be followed.

        Raises:
            TooManyRunsError: the user has as many under way as there may be, in whichever processes.
            DuplicateRunError: one of this id is under way.
        """
        begun = await runs.begin(self._pool, user_id, run_id, most=RUNS_A_USER)
        if begun == "exists":
            raise DuplicateRunError
        if begun == "too_many":
            raise TooManyRunsError
        try:
            running = self._desk.start(user_id, document, now, run_id=run_id)
        except (TooManyRunsError, DuplicateRunError):
            await runs.end(self._pool, user_id, run_id, None)
            raise
        task = asyncio.create_task(self._watched(running, user_id, run_id))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def find(self, user_id: UUID, run_id: UUID) -> Followed | None:
        """How far a run is or what came of it; None where nobody follows one of this id."""
        progress = self._desk.progress(user_id, run_id)
        if progress is not None:
            return Followed(progress, None)
        found = await runs.find(self._pool, user_id, run_id)
        if found is None:
            return None
        if found.is_under_way:
            return Followed((found.months_done, found.months_in_all), None)
        if found.outcome is None:
            return Followed(None, Done(broken=True))
        return Followed(None, msgspec.msgpack.decode(found.outcome, type=Done))

    async def cancel(self, user_id: UUID, run_id: UUID) -> bool:
        """Ask a run to stop; whether it is under way. One of another process stops within a second."""
        return self._desk.cancel(user_id, run_id) or await runs.cancel(self._pool, user_id, run_id)

    async def forget(self, user_id: UUID, run_id: UUID) -> None:
        """Keep what came of a run no longer."""
        await runs.end(self._pool, user_id, run_id, None)

    async def close(self) -> None:
        """Give the watching up; runs under way are told as broken off by whoever is asked."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watched(self, running: asyncio.Task[Done], user_id: UUID, run_id: UUID) -> Done:
        while not (await asyncio.wait({running}, timeout=TELL_SECONDS))[0]:
            done, of = self._desk.progress(user_id, run_id) or (0, 0)
            try:
                if await runs.tell(self._pool, user_id, run_id, done, of):
                    self._desk.cancel(user_id, run_id)
            except (*LOST, REFUSED) as error:
                # The run goes on; the database may be back before it ends.
                _log.warning("a run's progress could not be told", error=type(error).__name__)
        outcome = Done(broken=True) if running.exception() is not None else running.result()
        try:
            await runs.end(self._pool, user_id, run_id, msgspec.msgpack.encode(outcome))
        except (*LOST, REFUSED) as error:
            _log.warning("a run's outcome could not be kept", error=type(error).__name__)
        return running.result()

    def _ended(self, task: asyncio.Task[Done]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a run ended without an outcome", error=type(error).__name__)
