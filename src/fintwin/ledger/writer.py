"""The queue in front of the log: many commands, few commits.

While one append commits, the commands that arrive queue up and go together in the next; no command waits for company that is
not there. Two appends may be in flight: the second is decided on the states as the first will leave them, and the log
takes them in turn. What conflicts (somebody else was faster) is decided again at the front of the next slice, on the states
the log just told; what conflicts twice takes the locked path, where the log waits for the decision. So nothing is tried more than
three times.

The answer to a command is given after its commit, never before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import UUID

import structlog

from fintwin.domain.streams import StreamKey
from fintwin.ledger.pasts import Pasts
from fintwin.ledger.slices import Slice
from fintwin.ledger.states import States
from fintwin.ledger.submission import (
    LedgerBusyError,
    LedgerFaultError,
    Outcome,
    OutcomeUnknownError,
    Submission,
)
from fintwin.store.append import Appended, append, load_heads
from fintwin.store.connect import LOST, REFUSED, UNDONE, Connection, Pool

_log = structlog.get_logger(__name__)

LATE_SLICE_MAX = 32
"""Commands that are decided under the lock together, where each may look at years of one account."""


class _Group:
    """Commands that go together: one, or the whole of an atomic batch."""

    __slots__ = ("atomic", "submissions")

    def __init__(self, submissions: Sequence[Submission], *, atomic: bool) -> None:
        self.submissions = submissions
        self.atomic = atomic


class _Sent:
    """A slice on its way into the log."""

    __slots__ = ("appending", "atomic", "part")

    def __init__(self, part: Slice, appending: asyncio.Future[Appended], *, atomic: bool) -> None:
        self.part = part
        self.appending = appending
        self.atomic = atomic


class Writer:
    """Appends commands to one shard for this process; see the module."""

    def __init__(
        self,
        pool: Pool,
        *,
        slice_max: int = 256,
        in_flight_max: int = 2,
        waiting_max: int = 16_384,
        tries_max: int = 2,
    ) -> None:
        """``waiting_max``: commands that may queue up before new ones are turned away."""
        self._pool = pool
        self._slice_max = slice_max
        self._in_flight_max = in_flight_max
        self._waiting_max = waiting_max
        self._tries_max = tries_max
        self._states = States()
        self._pasts = Pasts()
        self._late: deque[_Group] = deque()
        self._late_task: asyncio.Task[None] | None = None
        self._queue: deque[_Group] = deque()
        self._waiting = 0
        self._in_flight: set[asyncio.Task[None]] = set()
        self._at_work = 0
        self._deciding = asyncio.Lock()
        self._flying: dict[asyncio.Future[Appended], frozenset[StreamKey]] = {}
        self.tries: dict[int, int] = {}
        """How many commands needed how many tries, the one under the lock included (for the metrics)."""

    @property
    def waiting(self) -> int:
        """Commands in the queue."""
        return self._waiting

    async def submit(self, submission: Submission) -> Outcome:
        """Append one command.

        Raises:
            LedgerBusyError: nothing was booked; try again.
            OutcomeUnknownError: the database was lost meanwhile.
            LedgerFaultError: our bug; nothing was booked.
        """
        self._enqueue(_Group((submission,), atomic=False))
        if submission.key is None:
            return await submission.answer
        # Whoever asked may go away; the answer may still be awaited by an equal request.
        return await asyncio.shield(submission.answer)

    async def submit_all(self, submissions: Sequence[Submission], *, atomic: bool = False) -> list[Outcome | Exception]:
        """Append many commands in their order: each for itself, or with ``atomic`` all or none."""
        if self._waiting + len(submissions) > self._waiting_max:
            raise LedgerBusyError
        if atomic:
            self._enqueue(_Group(submissions, atomic=True))
        else:
            for submission in submissions:
                self._enqueue(_Group((submission,), atomic=False))
        outcomes = await asyncio.gather(*(one.answer for one in submissions), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, Exception):
                raise outcome
        return outcomes  # type: ignore[return-value]  # what is no Exception was raised above

    async def close(self) -> None:
        """Wait until everything that was taken is answered."""
        while under_way := {*self._in_flight, *([self._late_task] if self._late_task else [])}:
            await asyncio.wait(under_way)

    def _enqueue(self, group: _Group) -> None:
        if self._waiting >= self._waiting_max:
            raise LedgerBusyError
        self._waiting += len(group.submissions)
        self._queue.append(group)
        self._kick()

    def _kick(self) -> None:
        # The log takes one append at a time. A second one ahead keeps both cores busy when it has much to carry; with little,
        # it only makes two small appends of what could be one.
        worth_it = not self._at_work or self._waiting >= self._slice_max // 16
        if self._queue and worth_it and self._at_work < self._in_flight_max:
            self._at_work += 1
            task = asyncio.get_running_loop().create_task(self._run_next())
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)

    def _take(self) -> tuple[list[Submission], bool]:
        """The next slice: an atomic batch alone, or single commands up to the size of a slice."""
        taken: list[Submission] = []
        keys: set[tuple[UUID, bytes]] = set()
        while self._queue and len(taken) < self._slice_max:
            group = self._queue[0]
            if group.atomic and taken:
                break
            key = group.submissions[0].key
            if key is not None and not group.atomic:
                # The second of two commands with one key has to see the first one in the log.
                name = (group.submissions[0].user_id, key)
                if name in keys:
                    break
                keys.add(name)
            self._queue.popleft()
            taken.extend(group.submissions)
            if group.atomic:
                self._waiting -= len(taken)
                return taken, True
        self._waiting -= len(taken)
        return taken, False

    async def _run_next(self) -> None:
        async with AsyncExitStack() as stack:
            try:
                sent = await self._send_next(stack)
                if sent is not None:
                    await asyncio.wait([sent.appending])
            finally:
                self._at_work -= 1
                self._kick()
            if sent is None:
                return
            # The next slice sets out before this one is answered: answering takes as long as the log does.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            again, broken = await self._settle(sent)
        # Without the connection: what is appended under the lock takes one of its own, and a small pool may have no other.
        if broken is not None:
            await self._append_singly(sent.part.submissions, broken)
        if again:
            await self._again(again, atomic=sent.atomic)

    async def _send_next(self, stack: AsyncExitStack) -> _Sent | None:
        """Decide the next slice and let it set out; None where nothing of it is left to append."""
        # One after the other, in the order of their commands; so the connection comes first.
        async with self._deciding:
            connection = await self._connect(stack)
            if connection is None:
                return None
            submissions, atomic = self._take()
            if not submissions:
                return None
            self._kick()
            try:
                await self._load(connection, submissions)
                part = Slice(submissions, self._states)
                part.decide()
            except Exception as error:  # noqa: BLE001  each command is told what happened to it
                self._failed(submissions, error)
                return None
            if part.set_aside:
                if atomic:
                    self._states.forget(part.streams())
                self._put_aside(submissions if atomic else part.set_aside, atomic=atomic)
                if atomic or not part.submissions:
                    return None
            sent = _Sent(part, asyncio.ensure_future(append(connection, part.batch, atomic=atomic)), atomic=atomic)
            self._flying[sent.appending] = part.streams()
            await asyncio.sleep(0)
            return sent

    async def _connect(self, stack: AsyncExitStack) -> Connection | None:
        try:
            connection: Connection = await self._pool.acquire()
        except Exception as error:  # noqa: BLE001  each command is told what happened to it
            submissions, _ = self._take()
            self._failed(submissions, LedgerBusyError() if isinstance(error, LOST) else error)
            return None
        stack.push_async_callback(self._release, connection)
        return connection

    async def _release(self, connection: Connection) -> None:
        try:
            await self._pool.release(connection)
        except LOST as error:  # what is still to be decided again must not get lost with it
            _log.warning("connection lost on its way back", error=type(error).__name__)

    async def _load(self, connection: Connection, submissions: Sequence[Submission]) -> None:
        missing = {
            (one.user_id, stream)
            for one in submissions
            for stream in one.plan.streams
            if self._states.get(one.user_id, stream) is None
        }
        if not missing:
            return
        # What is read now does not show what an append in flight is about to do to the same streams.
        wanted = {stream for _, stream in missing}
        pending = [append for append, streams in self._flying.items() if not wanted.isdisjoint(streams)]
        if pending:
            await asyncio.wait(pending)
        self._states.refresh(await load_heads(connection, list(missing)))

    async def _settle(self, sent: _Sent) -> tuple[list[Submission], Exception | None]:
        """Answer what can be answered; gives what to decide again, or the error for which the database refused the slice."""
        part = sent.part
        for one in part.submissions:
            one.tries += 1
        try:
            appended = await sent.appending
            del self._flying[sent.appending]
        except Exception as error:  # noqa: BLE001  each command is told what happened to it
            del self._flying[sent.appending]
            self._states.forget(part.streams())
            if isinstance(error, REFUSED) and not isinstance(error, LOST + UNDONE) and not sent.atomic:
                return [], error
            self._failed(part.submissions, error)
            return [], None
        again = part.settle(appended, atomic=sent.atomic, in_flight=set().union(*self._flying.values()))
        self._count(part.submissions)
        return again, None

    async def _again(self, submissions: list[Submission], *, atomic: bool) -> None:
        stubborn = [one for one in submissions if one.tries >= self._tries_max]
        if atomic and stubborn:
            await self._append_locked(submissions, atomic=True)
            return
        if stubborn:
            await self._append_locked(stubborn, atomic=False)
        others = [one for one in submissions if one.tries < self._tries_max]
        if not others:
            return
        self._waiting += len(others)
        if atomic:
            self._queue.appendleft(_Group(others, atomic=True))
        else:
            self._queue.extendleft(_Group((one,), atomic=False) for one in reversed(others))
        self._kick()

    async def _append_locked(self, submissions: list[Submission], *, atomic: bool) -> None:
        """The log waits while these are decided: nobody can be faster."""
        part = Slice(submissions, States())
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                part = await self._pasts.decided(connection, submissions)
                appended = await append(connection, part.batch, atomic=atomic)
        except Exception as error:  # noqa: BLE001  each command is told what happened to it
            self._states.forget(part.streams())
            if (
                len(submissions) > 1
                and not atomic
                and isinstance(error, REFUSED)
                and not isinstance(error, LOST + UNDONE)
            ):
                await self._append_singly(submissions, error)
            else:
                self._failed(submissions, error)
            return
        self._states.forget(part.streams())
        for one in submissions:
            one.tries += 1
        again = part.settle(appended, atomic=atomic)
        self._count(submissions)
        if len(again) == len(submissions):
            for one in again:
                one.fail(LedgerFaultError("a conflict under the lock"))
        elif again:
            # They hang on one that dropped out: it was already reversed, or its payee cannot receive.
            await self._append_locked(again, atomic=atomic)

    def _put_aside(self, submissions: Sequence[Submission], *, atomic: bool) -> None:
        """These need the past of their accounts; nobody else waits for it."""
        if sum(len(one.submissions) for one in self._late) + len(submissions) > self._waiting_max:
            self._failed(submissions, LedgerBusyError())
            return
        self._states.aside.update(stream for one in submissions for stream in one.plan.streams)
        size = len(submissions) if atomic else LATE_SLICE_MAX
        for begin in range(0, len(submissions), size):
            self._late.append(_Group(submissions[begin : begin + size], atomic=atomic))
        if self._late_task is None:
            self._late_task = asyncio.get_running_loop().create_task(self._run_late())

    async def _run_late(self) -> None:
        """One group after the other, so that the commands on an account keep their order."""
        while self._late:
            group = self._late[0]
            streams = {stream for one in group.submissions for stream in one.plan.streams}
            try:
                pending = [append for append, theirs in self._flying.items() if not streams.isdisjoint(theirs)]
                if pending:
                    await asyncio.wait(pending)
                async with self._pool.acquire() as connection:
                    await self._pasts.read_ahead(connection, group.submissions)
                await self._append_locked(list(group.submissions), atomic=group.atomic)
            except Exception as error:  # noqa: BLE001  each command is told what happened to it
                self._failed(group.submissions, error)
            self._late.popleft()
            waiting = {stream for later in self._late for one in later.submissions for stream in one.plan.streams}
            self._states.aside.difference_update(streams - waiting)
        self._late_task = None

    def _count(self, submissions: Sequence[Submission]) -> None:
        for one in submissions:
            if one.answer.done():
                self.tries[one.tries] = self.tries.get(one.tries, 0) + 1

    async def _append_singly(self, submissions: Sequence[Submission], error: Exception) -> None:
        """One command of the slice is broken in a way only the database saw: find out which, book the others."""
        if len(submissions) == 1:
            self._failed(submissions, error)
            return
        for one in submissions:
            await self._append_locked([one], atomic=False)

    def _failed(self, submissions: Sequence[Submission], error: Exception) -> None:
        if isinstance(error, LedgerBusyError):
            answer: Exception = error
        elif isinstance(error, UNDONE):
            # A full disk, a time-out: the caller is told to try again, the operator why.
            _log.warning("append undone", error=type(error).__name__, commands=len(submissions))
            answer = LedgerBusyError()
        elif isinstance(error, LOST):
            _log.warning("append lost", error=type(error).__name__, commands=len(submissions))
            answer = OutcomeUnknownError()
        else:
            _log.error("append failed", error=type(error).__name__, commands=len(submissions))
            answer = LedgerFaultError(f"the log refused a decided command: {type(error).__name__}")
            answer.__cause__ = error
        for one in submissions:
            one.fail(answer)
