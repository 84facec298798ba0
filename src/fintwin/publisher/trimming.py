"""How long entries stay in the stream: until every consumer group has acknowledged them, and never beyond a bound.

The last entries stay in any case, for readers that belong to no group. Where a group lags so far behind that the bound takes what
it has not read, it is the bound that wins: Redis must not run full, and a subscriber that finds a hole asks the internal route.

>>> wanted_floor(position=50_000, acknowledged=[48_000, 30_000], entries_max=100_000)
30000
>>> wanted_floor(position=50_000, acknowledged=[48_000, 30_000], entries_max=15_000)
35000
>>> wanted_floor(position=50_000, acknowledged=[], entries_max=100_000)
0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from fintwin.publisher.redis_stream import RedisStream
from fintwin.store import publishing
from fintwin.store.connect import Pool

KEPT_ENTRIES: Final = 10_000
STEP_ENTRIES: Final = 1_000
ENTRIES_LEAST: Final = 1_000

_log = structlog.get_logger("fintwin.publisher")


def wanted_floor(*, position: int, acknowledged: Sequence[int], entries_max: int) -> int:
    """Up to which position entries may go; 0 for none. ``acknowledged``: how far each group is."""
    floor = min(*acknowledged, position - KEPT_ENTRIES) if acknowledged else 0
    return max(0, floor, position - entries_max)


class Trimming:
    """Trims one stream. What goes is noted in the database before it goes, so that an audit knows what must be there."""

    def __init__(self, stream: RedisStream, pool: Pool, entries_max: int) -> None:
        """``entries_max``: the bound."""
        self._stream = stream
        self._pool = pool
        self._entries_max = entries_max
        self._trimmed = 0

    def is_due(self, position: int) -> bool:
        """Whether the stream has grown beyond its bound by a tenth."""
        return position - self._trimmed > self._entries_max * 11 // 10

    async def start(self, epoch: int, log_position: int) -> int:
        """From where on an empty stream is filled: what was there before, within the bound."""
        known = await publishing.progress(self._pool)
        start = max(known.trimmed_position, log_position - self._entries_max)
        if start > known.trimmed_position:
            await publishing.allow_trimming(self._pool, epoch, start)
        self._trimmed = start
        return start

    async def trim(self, epoch: int, position: int) -> None:
        """Take out what is not needed any more."""
        self._trimmed = max(self._trimmed, (await publishing.progress(self._pool)).trimmed_position)
        groups = await self._stream.groups()
        floor = wanted_floor(
            position=position, acknowledged=[one.acknowledged for one in groups], entries_max=self._entries_max
        )
        if floor >= self._trimmed + min(STEP_ENTRIES, self._entries_max // 10):
            for one in groups:
                if one.acknowledged < floor:
                    _log.warning(
                        "the stream's bound takes entries that a group has not acknowledged",
                        group=one.name, acknowledged=one.acknowledged, up_to=floor,
                    )  # fmt: skip
            await self._cut(epoch, floor)

    async def make_room(self, epoch: int) -> bool:
        """Redis is full: keep half of what there is from now on. False where nothing more is to be gained by that."""
        end = await self._stream.end()
        self._entries_max = min(self._entries_max, max(ENTRIES_LEAST, end.length // 2))
        floor = end.position - self._entries_max
        if floor <= self._trimmed:
            return False
        _log.warning("Redis has no memory left: keeping fewer entries", entries_max=self._entries_max)
        await self._cut(epoch, floor)
        return True

    async def _cut(self, epoch: int, floor: int) -> None:
        if await publishing.allow_trimming(self._pool, epoch, floor):
            self._trimmed = floor
            await self._stream.trim(floor)
