"""Verifying with every core: tasks go to processes, each with a connection of its own.

with Processes(url, count=2) as runner:
    report = await verify(connection, runner)
"""

from __future__ import annotations

import asyncio
import os
import signal
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
        # Spawned: a forked child would share the sockets and locks of whatever runs in this process.
        self._pool = ProcessPoolExecutor(
            count, mp_context=get_context("spawn"), initializer=_begin, initargs=(url, giving_way)
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
        loop = asyncio.get_running_loop()
        for outcome in asyncio.as_completed([loop.run_in_executor(self._pool, _do, task) for task in tasks]):
            yield await outcome


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
