"""The published stream against the log: each entry must be the event of its position, and none may be missing.

What has to be there: everything from the first position that was never allowed to be trimmed up to where the publisher says that
it has come. The publisher may go on meanwhile, fill a stream again that Redis lost, and trim it.

    count = await check_published(connection, RedisStream(client, "fintwin:events:0"), faults)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from fintwin.audit.findings import Faults
from fintwin.publisher.envelope import VERSION, as_json, position_of
from fintwin.publisher.redis_stream import RawEntry, RedisStream
from fintwin.store import publishing
from fintwin.store.connect import Connection

PAGE_ENTRIES: Final = 1_000
REFILL_PATIENCE_S: Final = 1.0
KIND: Final = "published"


async def check_published(connection: Connection, stream: RedisStream, faults: Faults) -> int:
    """Look at every entry; gives how many there are. Raises redis-py's errors."""
    known = await publishing.progress(connection)
    looking = _Looking(connection, faults, last=known.trimmed_position)
    patient = True
    while True:
        entries = await stream.page(looking.cursor, PAGE_ENTRIES)
        if entries:
            await looking.take(entries)
            patient = True
        elif patient and looking.last < known.position:
            # The stream of a moment ago may be on its way again.
            patient = False
            await asyncio.sleep(REFILL_PATIENCE_S)
        else:
            break
    if looking.last < known.position:
        faults.add(KIND, _missing(looking.last + 1, known.position), position=looking.last + 1)
    return looking.entries


class _Looking:
    """How far it is. ``last``: the position up to which nothing is missing, or was said to be."""

    def __init__(self, connection: Connection, faults: Faults, last: int) -> None:
        self.entries = 0
        self.last = last
        self.cursor = "-"
        self._connection = connection
        self._faults = faults
        self._before: int | None = None

    async def take(self, entries: Sequence[RawEntry]) -> None:
        """The next entries."""
        self.cursor = f"({entries[-1][0].decode()}"
        found: list[tuple[int, dict[bytes, bytes]]] = []
        for number, fields in entries:
            self.entries += 1
            try:
                found.append((position_of(number), fields))
            except ValueError as error:
                self._faults.add(KIND, str(error), where=f"entry {number.decode()}")
        if not found:
            return
        rows = await publishing.events_at(self._connection, [position for position, _ in found])
        stored = {row["position"]: row for row in rows}
        for position, fields in found:
            row = stored.get(position)
            if row is None:
                self._faults.add(KIND, "the log has no such event", position=position)
                continue
            await self._hole(position)
            wrong = _what_is_wrong(fields, row, position - 1 if self._before is None else self._before)
            if wrong:
                self._faults.add(KIND, wrong, position=position)
            self.last = max(self.last, position)
            self._before = position

    async def _hole(self, position: int) -> None:
        if position <= self.last + 1:
            return
        trimmed = (await publishing.progress(self._connection)).trimmed_position
        first = max(self.last, trimmed) + 1  # trimmed meanwhile is no fault
        if first < position:
            self._faults.add(KIND, _missing(first, position - 1), position=first)
            self._before = position - 1  # said once


def _missing(first: int, last: int) -> str:
    if first == last:
        return "the entry is missing in the stream"
    return f"the entries from here to position {last} are missing in the stream"


def _what_is_wrong(fields: dict[bytes, bytes], row: Any, before: int) -> str | None:
    if fields.get(b"v") != VERSION.encode() or set(fields) != {b"v", b"prev_position", b"event"}:
        return "the entry has another form than published ones"
    if fields[b"prev_position"] != str(before).encode():
        return f"it says that position {fields[b'prev_position'].decode(errors='replace')} comes before it, that is {before}"
    expected = as_json(row)
    if fields[b"event"] == expected:
        return None
    try:
        there = msgspec.json.decode(fields[b"event"])
    except msgspec.DecodeError:
        return "the event in it cannot be read"
    names = [name for name, value in msgspec.json.decode(expected).items() if there.get(name) != value]
    return f"another {', '.join(names)} than in the log" if names else None
