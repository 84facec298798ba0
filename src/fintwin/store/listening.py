"""Hearing what the database tells: a channel that is listened to for as long as the process runs, and pauses that end early.

The word is only a reason to look sooner: whoever hears it asks the database itself, and asks now and then without it, so a word
that is lost while a connection was broken costs a moment and nothing else.

    listener = Listener(pool, "fintwin_read")
    while True:
        await listener.keep()
        ...    # look
        await pause(0.5, listener.news)
        listener.news.clear()
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from fintwin.store.connect import LOST, UNDONE, Pool

LOG_CHANNEL: Final = "fintwin_log"
"""Each append says here that the log has grown."""


async def pause(seconds: float, *events: asyncio.Event) -> None:
    """Until one of the events is set, and at most so long."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class Listener:
    """One connection of a pool that listens to a channel; after it broke, another. ``news`` is set by every word."""

    def __init__(self, pool: Pool, channel: str) -> None:
        """Nothing is opened before the first `keep`."""
        self.news = asyncio.Event()
        self._pool = pool
        self._channel = channel
        self._connection: Any = None

    async def keep(self) -> None:
        """Listen, unless it does so already. Raises the errors of `store.connect.LOST` and `UNDONE`."""
        known, self._connection = self._connection, None
        # A connection that broke has been taken back by its pool, and then says nothing but an error.
        with suppress(*LOST):
            if known is not None and not known.is_closed():
                self._connection = known
        if self._connection is None:
            connection: Any = await self._pool.acquire()
            try:
                await connection.add_listener(self._channel, self._hear)
            except BaseException:
                await self._give_back(connection)
                raise
            self._connection = connection

    async def stop(self) -> None:
        """Listen no longer."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*LOST, *UNDONE):
                await connection.remove_listener(self._channel, self._hear)
            await self._give_back(connection)

    def _hear(self, *_: object) -> None:
        self.news.set()

    async def _give_back(self, connection: Any) -> None:
        with suppress(*LOST, *UNDONE):
            await self._pool.release(connection)
