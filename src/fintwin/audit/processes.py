"""Verifying with every core: this process and others take tasks, each over a connection of its own.

This one begins at once, while the others still start.

with Processes(url, count=2) as runner:
    report = await verify(connection, runner)
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from multiprocessing import get_context
from types import TracebackType
from typing import Final, Self

from fintwin.audit.verify import Outcome, Task, run_task
from fintwin.store.auditing import auditing
from fintwin.store.connect import Connection

GIVING_WAY: Final = 10


class Processes:
    """A runner over several processes. They end with the block, also when it is left by Ctrl-C."""

    def __init__(self, url: str, count: int, *, giving_way: int = GIVING_WAY) -> None:
        """``url`` of the auditor's role; ``giving_way``: how far these processes stand back for others, 0 to 19."""
        self._url = url
        self._others = max(1, count - 1)
        # Spawned: a forked child would share the sockets and locks of whatever runs in this process.
        self._pool = ProcessPoolExecutor(
            self._others, mp_context=get_context("spawn"), initializer=_begin, initargs=(url, giving_way)
        )

    def __enter__(self) -> Self:
        """The runner."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What has not begun is not begun any more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def run(self, tasks: Sequence[Task]) -> AsyncIterator[Outcome]:
        """The outcomes as they come."""
        waiting = deque(tasks)
        outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
        # Two for each process: the next task is there before this busy process notices that one has ended.
        elsewhere = (self._do_elsewhere(waiting, outcomes) for _ in range(2 * self._others))
        working = {asyncio.create_task(work) for work in (self._do_here(waiting, outcomes), *elsewhere)}
        try:
            for _ in tasks:
                coming = asyncio.create_task(outcomes.get())
                while not coming.done():
                    ended, _ = await asyncio.wait({coming, *working}, return_when=asyncio.FIRST_COMPLETED)
                    for work in ended & working:
                        working.discard(work)
                        work.result()
                yield coming.result()
        finally:
            for work in working:
                work.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def _do_here(self, waiting: deque[Task], outcomes: asyncio.Queue[Outcome]) -> None:
        async with auditing(self._url) as connection:
            while waiting:
                outcomes.put_nowait(await run_task(connection, waiting.popleft()))

    async def _do_elsewhere(self, waiting: deque[Task], outcomes: asyncio.Queue[Outcome]) -> None:
        loop = asyncio.get_running_loop()
        while waiting:
            outcomes.put_nowait(await loop.run_in_executor(self._pool, _do, waiting.popleft()))


class _Worker:
    """One process: its event loop and its connection, made with the first task."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._connection: Connection | None = None

    def do(self, task: Task) -> Outcome:
        return self._loop.run_until_complete(self._do(task))

    async def _do(self, task: Task) -> Outcome:
        if self._connection is None:
            self._connection = await self._stack.enter_async_context(auditing(self._url))
        return await run_task(self._connection, task)


_workers: list[_Worker] = []


def _begin(url: str, giving_way: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told as well, and ends this process
    os.setpriority(os.PRIO_PROCESS, 0, giving_way)  # appends come before audits
    _workers.append(_Worker(url))


def _do(task: Task) -> Outcome:
    return _workers[0].do(task)
