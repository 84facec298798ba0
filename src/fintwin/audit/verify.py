"""Verifying everything: the log against its hashes and rules, and whatever is stored against the log.

Two ways through the log, cut into tasks that are independent of each other: by position (`chain`) and by user (`streams`). Tasks
run one after the other over one connection, or in processes, one for each core. Only what was in the log at the beginning is
looked at; the service may go on meanwhile.

What this cannot find is a past that was rewritten as a whole, hashes, heads and read models included: it is a true log, of
another history. Only a head that was exported before, and is kept elsewhere, tells the two apart (`heads`).

    report = await verify(connection, OneAfterTheOther(connection), models=["balances"])
    report.faults
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from fintwin.audit.chain import Checked, Segment, check_segment
from fintwin.audit.findings import Fault, Faults
from fintwin.audit.heads import SignedHead, against_log
from fintwin.audit.streams import UsersChecked, check_users
from fintwin.store import auditing
from fintwin.store.auditing import LogEnd, Users
from fintwin.store.connect import Connection

if TYPE_CHECKING:
    from fintwin.publisher.redis_stream import RedisStream

SEGMENT_EVENTS: Final = 50_000
RANGE_EVENTS: Final = 10_000

Progress = Callable[[int, int], None]


class UsersTask(msgspec.Struct, frozen=True):
    """The part of `check_users` that one process does at a time."""

    users: Users
    comparing: tuple[str, ...]
    books_until: int


Task = Segment | UsersTask
Outcome = Checked | UsersChecked


class Runner(Protocol):
    """Runs tasks, in whatever order."""

    def run(self, tasks: Sequence[Task]) -> AsyncIterator[Outcome]:
        """The outcomes as they come."""


class Books(msgspec.Struct, frozen=True):
    """One currency over all accounts, in minor units; ``transit_minor`` is zero in a sound log."""

    currency: str
    accounts_minor: int
    world_minor: int
    transit_minor: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified, up to which position and hash, and what is wrong (the first faults, and how many there are)."""

    position: int
    hash: str
    after: int
    events: int
    heads: int
    read_models: tuple[str, ...]
    rows: int
    published: int | None
    signed_heads: int
    books: tuple[Books, ...]
    fault_count: int
    faults: tuple[Fault, ...]
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault_count == 0


class OneAfterTheOther:
    """Runs tasks in this process, over one connection."""

    def __init__(self, connection: Connection) -> None:
        """``connection``: the auditor's."""
        self._connection = connection

    async def run(self, tasks: Sequence[Task]) -> AsyncIterator[Outcome]:
        """The outcomes in order."""
        for task in tasks:
            yield await run_task(self._connection, task)


async def run_task(connection: Connection, task: Task) -> Outcome:
    """Do one task."""
    if isinstance(task, Segment):
        return await check_segment(connection, task)
    return await check_users(connection, task.users, comparing=task.comparing, books_until=task.books_until)


async def verify(
    connection: Connection,
    runner: Runner,
    *,
    models: Collection[str] = (),
    after: int = 0,
    signed: Sequence[SignedHead] = (),
    published: RedisStream | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Report:
    """Verify the log after a position, the streams of everybody with an event there from their first, and what is made of them.

    ``models`` names the read models to compare; ``signed`` are heads exported before, whose signatures have been checked;
    ``published`` is the stream to compare.
    """
    began = perf_counter()
    faults = Faults()
    end = await auditing.log_end(connection)
    _check_end(end, faults)
    for stray in await auditing.strays(connection):
        faults.add("gap", f"a row that belongs to no log of this version ({stray['what']})", where=stray["detail"])
    for one in signed:
        wrong = await against_log(connection, one, end)
        if wrong:
            faults.add("signed head", wrong, position=one.position)
    entries = None if published is None else await _entries(connection, published, faults)
    segments = [
        Segment(begin, min(begin + SEGMENT_EVENTS, end.position))
        for begin in range(after, end.position, SEGMENT_EVENTS)
    ]
    if after:
        ranges = await auditing.users_since(connection, after)
    else:
        ranges = await auditing.user_ranges(connection, RANGE_EVENTS)
    tasks: list[Task] = [*segments, *(UsersTask(users, tuple(models), end.position) for users in ranges)]
    total = end.position - after + sum(users.events for users in ranges)
    done = 0
    checked = UsersChecked(0, 0, 0, faults, Counter())
    async for outcome in runner.run(tasks):
        faults.take(outcome.faults.first(), outcome.faults.count)
        if isinstance(outcome, UsersChecked):
            _add(checked, outcome)
        done += outcome.events
        progress(done, total)
    books = _books(checked) if after == 0 else ()
    for book in books:
        if book.transit_minor and faults.count == 0:
            what = f"{book.currency}: {book.transit_minor} (minor units) are in transit"
            faults.add("books", what, position=end.position)
    return Report(
        position=end.position,
        hash=end.hash.hex(),
        after=after,
        events=checked.events,
        heads=checked.heads,
        read_models=tuple(models),
        rows=checked.rows,
        published=entries,
        signed_heads=len(signed),
        books=books,
        fault_count=faults.count,
        faults=tuple(faults.first()),
        seconds=perf_counter() - began,
    )


async def _entries(connection: Connection, stream: RedisStream, faults: Faults) -> int:
    # Processes that only go through the log do without the Redis client: loading it takes longer than 10,000 events.
    from fintwin.audit.published import check_published

    return await check_published(connection, stream, faults)


def _check_end(end: LogEnd, faults: Faults) -> None:
    last = end.last_position or 0
    if end.position > last:
        faults.add(
            "end", f"the log says that it ends at position {end.position}: its tail is cut off", position=last + 1
        )
    elif end.position < last:
        faults.add(
            "end", f"the log says that it ends at position {end.position}: there are events after it", position=last
        )
    elif last and end.hash != end.last_hash:
        faults.add("end", "the head of the log has another hash than its last event", position=last)
    elif last and end.recorded_at != end.last_recorded_at:
        faults.add("end", "the head of the log has another time than its last event", position=last)
    elif not last and end.hash != bytes(32):
        faults.add("end", "the log is empty, but its head has a hash", position=0)


def _add(total: UsersChecked, part: UsersChecked) -> None:
    total.events += part.events
    total.heads += part.heads
    total.rows += part.rows
    for key, minor in part.moved_minor.items():
        total.moved_minor[key] += minor


def _books(checked: UsersChecked) -> tuple[Books, ...]:
    moved = checked.moved_minor
    return tuple(
        Books(currency, moved["accounts", currency], moved["world", currency], moved["transit", currency])
        for currency in sorted({currency for _, currency in moved})
    )
