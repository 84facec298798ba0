"""Reading an exported log back into an empty one: the same events, hashes and positions, heads made by replaying.

Everything is checked on the way in, and the whole is verified before it is kept: a file that was changed, cut or mixed up is
refused, and the log stays empty. Read models are made from the log by the projector afterwards.

    report = await restore(url, file)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import asdict

from fintwin.audit.events_file import FileEvent, FileHead, FileKey, Record, decoder
from fintwin.audit.replaying import Stream, head_row
from fintwin.audit.verify import OneAfterTheOther, Report, verify
from fintwin.domain.hashing import GENESIS, chain
from fintwin.domain.streams import StreamKind
from fintwin.store import restoring
from fintwin.store.connect import Connection
from fintwin.store.rows import StoredEvent, recorded
from fintwin.store.shard import SHARD

BATCH_EVENTS: Final = 2_000


class RestoreError(Exception):
    """The file is not a log to restore from; nothing was kept. The text says where and why."""


async def restore(url: str, lines: Iterable[bytes]) -> Report:
    """Restore a file's lines as the owner. Raises `RestoreError` and `restoring.NotEmptyError`."""
    async with restoring.restoring(url) as connection:
        reader = _Reader(connection)
        for number, raw in enumerate(lines, 1):
            try:
                await reader.take(decoder.decode(raw))
            except (msgspec.DecodeError, ValueError, AssertionError, KeyError, TypeError) as error:
                raise RestoreError(f"Line {number} does not belong there: {error}") from error
        await reader.end()
        report = await verify(connection, OneAfterTheOther(connection))
        if not report.sound:
            raise RestoreError(f"The file's log is not sound: {report.faults[0].sentence()}")
        return report


class _Reader:
    """What has been read so far."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._head: FileHead | None = None
        self._events: list[StoredEvent] = []
        self._keys: list[FileKey] = []
        self._streams: dict[tuple[StreamKind, UUID], Stream] = {}
        self._reversals: list[tuple[UUID, UUID, UUID, int]] = []
        self._open_reversals: list[tuple[UUID, UUID]] = []
        self._last: StoredEvent | None = None

    async def take(self, record: Record) -> None:
        """The next line."""
        if isinstance(record, FileHead):
            if self._head is not None:
                raise ValueError("there is a second beginning")
            if record.user_id is not None:
                raise ValueError("the file holds one user's events, not the log")
            if record.shard != SHARD:
                raise ValueError(f"the log of shard {record.shard} is none of this version")
            self._head = record
        elif self._head is None:
            raise ValueError("the file does not begin like an exported log")
        elif isinstance(record, FileEvent):
            self._take_event(record.stored())
            if len(self._events) == BATCH_EVENTS:
                await self._write_events()
        else:
            self._keys.append(record)
            if len(self._keys) == BATCH_EVENTS:
                await self._write_keys()

    def _take_event(self, event: StoredEvent) -> None:
        last = self._last
        if event.position != (last.position + 1 if last else 1):
            raise ValueError(f"position {event.position} follows position {last.position if last else 0}")
        if event.computed_digest() != event.digest:
            raise ValueError(f"the event at position {event.position} is not the one that was hashed")
        if chain(last.hash if last else GENESIS, event.digest) != event.hash:
            raise ValueError(f"the chain is broken at position {event.position}")
        if last is not None and last.transaction_id != event.transaction_id:
            self._end_transaction(last)
        one = recorded(asdict(event))
        stream = self._streams.get(one.stream)
        if stream is None:
            stream = self._streams[one.stream] = Stream(one.stream_kind, one.stream_id, one.user_id)
        at_once = one.effective_at == one.recorded_at
        stream.evolve(one.event, one.transaction_id, one.effective_at, at_once=at_once)
        stream.version, stream.position, stream.link = event.version, event.position, event.stream_hash
        stream.decided_in = stream.decided_in or event.transaction_id
        reverses = getattr(one.event, "reverses", None)
        if reverses is not None:
            self._open_reversals.append((event.user_id, reverses))
        self._events.append(event)
        self._last = event

    def _end_transaction(self, last: StoredEvent) -> None:
        # Both halves of a refund between own accounts name the same transaction.
        for user_id, reverses in dict.fromkeys(self._open_reversals):
            self._reversals.append((user_id, reverses, last.transaction_id, last.position))
        self._open_reversals = []

    async def end(self) -> None:
        """Nothing more comes: write what is left, the heads and the end."""
        if self._head is None:
            raise RestoreError("The file is empty.")
        last = self._last
        if (last.position if last else 0) != self._head.position:
            found = last.position if last else 0
            raise RestoreError(f"The file ends at position {found}, its first line says {self._head.position}.")
        if last is None:
            return
        if last.hash.hex() != self._head.hash:
            raise RestoreError("The last event has another hash than the first line says.")
        self._end_transaction(last)
        await self._write_events()
        await self._write_keys()
        await restoring.put_heads(self._connection, map(head_row, self._streams.values()))
        await restoring.put_reversals(self._connection, self._reversals)
        await restoring.put_end(self._connection, last.position, last.hash, last.recorded_at)

    async def _write_events(self) -> None:
        await restoring.put_events(self._connection, self._events)
        self._events = []

    async def _write_keys(self) -> None:
        rows = [
            (
                one.user_id, bytes.fromhex(one.key), bytes.fromhex(one.request), one.shard, one.transaction_id,
                one.position, one.balance_minor,
            )
            for one in self._keys
        ]  # fmt: skip
        await restoring.put_keys(self._connection, rows)
        self._keys = []
