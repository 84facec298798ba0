"""Exports by the auditor: the books of everybody or of one user, or the log itself, up to a position.

Read page by page, so that the log's length costs no memory; the journals remember one number per account and month.

    async for piece in text_export(connection, Hledger(), user=None, until=end.position):
        file.write(piece)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol
from uuid import UUID

from fintwin.audit.events_file import FileHead, line, of_event, of_key
from fintwin.domain.streams import Recorded
from fintwin.store import auditing
from fintwin.store.auditing import Row
from fintwin.store.connect import Connection
from fintwin.store.rows import recorded
from fintwin.store.shard import SHARD

PAGE_EVENTS: Final = 2_000
Progress = Callable[[int], None]


class TextForm(Protocol):
    """A form that is written piece by piece."""

    media_type: str

    def begin(self) -> str:
        """The first lines."""

    def take(self, transaction: Sequence[Recorded]) -> str:
        """The lines of one transaction."""

    def end(self) -> Iterator[str]:
        """The last lines."""


async def transactions(
    connection: Connection, *, user: UUID | None, until: int, progress: Progress = lambda _done: None
) -> AsyncIterator[list[list[Recorded]]]:
    """Transactions in booking order, a page at a time: everybody's, or the events of one user."""
    open_one: list[Recorded] = []
    async for rows in pages(connection, user=user, until=until):
        *whole, open_one = grouped([*open_one, *map(recorded, rows)])
        yield whole
        progress(rows[-1]["position"])
    if open_one:
        yield [open_one]


def grouped(events: Iterable[Recorded]) -> list[list[Recorded]]:
    """Events of one transaction together; they stand next to each other."""
    found: list[list[Recorded]] = []
    for one in events:
        if found and found[-1][0].transaction_id == one.transaction_id:
            found[-1].append(one)
        else:
            found.append([one])
    return found


async def pages(connection: Connection, *, user: UUID | None, until: int) -> AsyncIterator[Sequence[Row]]:
    """Rows of the log in order of positions."""
    after = 0
    while True:
        if user is None:
            rows = await auditing.page(connection, after, until, PAGE_EVENTS)
        else:
            rows = await auditing.page_by_user(connection, (user, after), user, until, PAGE_EVENTS)
        if rows:
            yield rows
            after = rows[-1]["position"]
        if len(rows) < PAGE_EVENTS:
            return


async def text_export(
    connection: Connection, form: TextForm, *, user: UUID | None, until: int, progress: Progress = lambda _done: None
) -> AsyncIterator[str]:
    """The pieces of a journal or of CSV."""
    yield form.begin()
    async for page in transactions(connection, user=user, until=until, progress=progress):
        yield "".join(map(form.take, page))
    for piece in form.end():
        yield piece


async def events_export(
    connection: Connection, *, user: UUID | None, until: int, progress: Progress = lambda _done: None
) -> AsyncIterator[bytes]:
    """The lines of the log as a file; with everybody's events the idempotency keys as well."""
    last = await auditing.event_at(connection, until)
    yield line(
        FileHead(shard=SHARD, position=until, hash=last["hash"].hex() if last else bytes(32).hex(), user_id=user)
    )
    async for rows in pages(connection, user=user, until=until):
        yield b"".join(line(of_event(row)) for row in rows)
        progress(rows[-1]["position"])
    if user is not None:
        return
    after = (auditing.FIRST_USER, b"")
    while rows := await auditing.idempotency_page(connection, after, until, PAGE_EVENTS):
        yield b"".join(line(of_key(row)) for row in rows)
        after = (rows[-1]["user_id"], rows[-1]["key"])
