"""The open live streams of a process, woken when the read models show something new of their user.

One connection listens for the projector's word, and half a second is the longest that is waited without it. Whoever is woken
reads for itself, from the position up to which it has told everything: a word that is lost or comes twice changes nothing, a
client that reads slowly holds up nobody but itself, and a stream can go on in any process. What an idle stream costs is its
own memory and a comment every fifteen seconds: the database is asked once for all of them.

    stream = hub.open(user_id, lambda: admission.is_revoked(bearer))
    while await stream.news(15.0):
        ...    # read what is after stream.told, up to hub.front.position
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final, Literal
from uuid import UUID
from weakref import WeakSet

import structlog

from fintwin.store import news
from fintwin.store.connect import LOST, UNDONE, Pool
from fintwin.store.listening import Listener, pause
from fintwin.store.news import Front

MODELS: Final = ("statements", "notifications", "risk")
"""What a stream tells of."""

POLL_S: Final = 0.5
GATHER_S: Final = 0.05
LOOK_OVER_S: Final = 1.0
"""How often it is asked of each stream whether it may go on: with thousands of them that is worth counting."""

STREAMS_OF_USER_MAX: Final = 8
STREAMS_MAX: Final = 10_000
READING_MAX: Final = 3
"""Streams that read at once, so that the requests of others always find a connection."""
POSITIONS_AT_ONCE: Final = 20_000

Ended = Literal["signed_out", "expired", "shutdown"]
_log = structlog.get_logger(__name__)


class TooManyStreamsError(Exception):
    """The user, or the whole process, has as many streams open as there may be."""

    def __init__(self, *, own: bool) -> None:
        """``own``: they are all the user's."""
        super().__init__()
        self.own = own


class Stream:
    """One open stream; see the module. ``told`` is the position up to which its client knows everything."""

    def __init__(self, user_id: UUID, over: Callable[[], Ended | None]) -> None:
        """``over`` says why it must end, as soon as it must."""
        self.user_id = user_id
        self.told = 0
        self.ended: Ended | None = None
        self._over = over
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to tell."""
        self._woken.set()

    def end(self, why: Ended) -> None:
        """Nothing more is to be told."""
        self.ended = self.ended or why
        self._woken.set()

    def end_if_over(self) -> None:
        """Look whether it may go on."""
        why = self._over()
        if why is not None:
            self.end(why)

    async def news(self, patience_s: float) -> bool:
        """Wait until there is something to tell, or the end; False when neither came in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._woken.wait()
                self._woken.clear()
                return True
        return False


class Hub:
    """See the module. One per process."""

    def __init__(self, pool: Pool) -> None:
        """``pool`` is the api role's; one of its connections listens while there are streams."""
        self._pool = pool
        # Weakly: a request that breaks off before its stream has begun leaves nothing behind.
        self._streams: dict[UUID, WeakSet[Stream]] = {}
        self._wanted = asyncio.Event()
        self._listener = Listener(pool, news.CHANNEL)
        self._watching: asyncio.Task[None] | None = None
        self._stopping = False
        self._searched: int | None = None
        self._looked_over = 0.0
        self.front = Front(0, frozenset())
        self.reading = asyncio.Semaphore(READING_MAX)

    @property
    def open_streams(self) -> int:
        """How many there are in this process."""
        return sum(map(len, self._streams.values()))

    def open(self, user_id: UUID, over: Callable[[], Ended | None]) -> Stream:
        """A further stream; `close` it in the end. Raises `TooManyStreamsError`."""
        own = self._streams.setdefault(user_id, WeakSet())
        if len(own) >= STREAMS_OF_USER_MAX or self.open_streams >= STREAMS_MAX:
            raise TooManyStreamsError(own=len(own) >= STREAMS_OF_USER_MAX)
        stream = Stream(user_id, over)
        if self._stopping:
            stream.end("shutdown")
        own.add(stream)
        self._wanted.set()
        return stream

    def close(self, stream: Stream) -> None:
        """Its client is gone, or it has ended."""
        own = self._streams.get(stream.user_id)
        if own is not None:
            own.discard(stream)
            if not own:
                del self._streams[stream.user_id]
                self._rest_if_empty()

    async def look(self) -> Front:
        """How far the read models are at this moment. Raises the errors of `store.connect.LOST` and `UNDONE`."""
        self.front = await news.front(self._pool, MODELS)
        return self.front

    def start(self) -> None:
        """Begin to watch; nothing is asked while there are no streams."""
        self._watching = asyncio.create_task(self._watch())

    def end_all(self) -> None:
        """The service stops: every client is told, so that it comes back, and no stream keeps the process."""
        self._stopping = True
        for stream in self._all():
            stream.end("shutdown")

    async def stop(self) -> None:
        """End all streams and watch no longer."""
        self.end_all()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        await self._listener.stop()

    async def _watch(self) -> None:
        while not self._stopping:
            await self._wanted.wait()
            try:
                await self._listener.keep()
                await self._tell()
            except (*LOST, *UNDONE) as error:
                _log.warning("live streams: the database cannot be reached", error=type(error).__name__)
            if monotonic() - self._looked_over >= LOOK_OVER_S:
                self._looked_over = monotonic()
                self._forget_empty()
                for stream in self._all():
                    stream.end_if_over()
            await pause(POLL_S, self._listener.news)
            if self._listener.news.is_set():
                # What comes in the next moment is told together.
                await asyncio.sleep(GATHER_S)
                self._listener.news.clear()

    async def _tell(self) -> None:
        """Wake the streams of those whose history has gone on, as far as the read models show it."""
        await self.look()
        if self._searched is None:
            # Nobody was here before. Who is only just coming may have looked a moment earlier, and sees for itself.
            self._searched = min((one.told for one in self._all() if one.told), default=self.front.position)
            for stream in self._all():
                if not stream.told:
                    stream.wake()
        while self._searched < self.front.position and self._streams:
            until = min(self._searched + POSITIONS_AT_ONCE, self.front.position)
            for user_id in await news.fresh(self._pool, self._streams, self._searched, until):
                for stream in self._streams.get(user_id, ()):
                    stream.wake()
            self._searched = until

    def _forget_empty(self) -> None:
        self._streams = {user_id: own for user_id, own in self._streams.items() if own}
        self._rest_if_empty()

    def _rest_if_empty(self) -> None:
        if not self._streams:
            self._wanted.clear()
            self._searched = None

    def _all(self) -> list[Stream]:
        return [one for own in self._streams.values() for one in own]
