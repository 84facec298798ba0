"""Processes that work side by side for one command, forked from it, and the words between them and it.

They are forked before the command has any loop or thread: starting them anew would take half a second each, longer than what they
are there for. Until the command says what is to be done they wait.

    with Crew(work, size=cores()) as crew:
        uvloop.run(use(crew))

Whoever dies is noticed by its pipe: `Crew.hear` raises `CrewError`. A process whose parent is gone ends itself,
at the latest after the statement it is at.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from types import TracebackType
from typing import Any, Final, NoReturn, Self

SIZE_MAX: Final = 4
"""More would only wait for the database, which works as much as they do."""
STOP_PATIENCE_S: Final = 5.0

Work = Callable[["Mate"], None]


class CrewError(Exception):
    """One of the processes is gone."""


def cores() -> int:
    """How many processes are of use here."""
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        found = os.cpu_count() or 1
    return min(found, SIZE_MAX)


class Mate:
    """What one of the processes knows of the one that forked it."""

    def __init__(self, pipe: Pipe, parent: int) -> None:
        """``parent``: the process id."""
        self._pipe = pipe
        self._parent = parent

    def say(self, word: Any) -> None:
        """Tell the parent; ends this process where there is none any more."""
        if os.getppid() != self._parent:
            raise SystemExit
        try:
            self._pipe.send(word)
        except OSError:
            raise SystemExit from None

    def leave(self) -> NoReturn:
        """End at once: taking apart what the process still holds would take longer than it is worth."""
        os._exit(0)

    def hear(self) -> Any:
        """Wait for the parent's next word; ends this process where there will be none."""
        try:
            return self._pipe.recv()
        except (EOFError, OSError):
            raise SystemExit from None


class Crew:
    """See the module. ``size`` is how many there are: none where forking is not safe."""

    def __init__(self, work: Work, *, size: int) -> None:
        """``work(mate)`` is what each does from its start to its end."""
        self._pipes: list[Pipe] = []
        self._processes: list[Any] = []
        self._work = work
        # A lock that another thread holds in the moment of the fork would be held in the child for ever.
        self.size = size if threading.active_count() == 1 else 0

    def __enter__(self) -> Self:
        """Fork."""
        context = multiprocessing.get_context("fork")
        parent = os.getpid()
        for _ in range(self.size):
            own, theirs = context.Pipe()
            self._pipes.append(own)
            process = context.Process(target=_serve, args=(self._work, theirs, parent, tuple(self._pipes)), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        """End them, whatever they are at."""
        self.stop()

    def stop(self) -> None:
        """End them; a statement under way is undone by the database."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(STOP_PATIENCE_S)
            if process.exitcode is None:
                process.kill()
                process.join()
        self._pipes, self._processes, self.size = [], [], 0

    def say(self, number: int, word: Any) -> None:
        """Tell one of them something; whether it is still there, `hear` finds out."""
        with suppress(OSError):
            self._pipes[number].send(word)

    async def hear(self, number: int) -> Any:
        """Wait for what one of them says next. One wait at a time for each."""
        pipe, loop, heard = self._pipes[number], asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(pipe.fileno(), heard.set)
        try:
            await heard.wait()
        finally:
            loop.remove_reader(pipe.fileno())
        try:
            return pipe.recv()
        except (EOFError, OSError):
            raise self._gone(number) from None

    def _gone(self, number: int) -> CrewError:
        process = self._processes[number]
        process.join(STOP_PATIENCE_S)
        code = process.exitcode
        how = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"
        return CrewError(f"one of the processes that were building {how}")


def _serve(work: Work, pipe: Pipe, parent: int, others: Sequence[Pipe]) -> None:
    # Else nobody's pipe would ever be seen to end.
    for other in others:
        other.close()
    # Ctrl-C in a terminal reaches everybody in it: the parent says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    work(Mate(pipe, parent))
