"""How many requests a process works on at once, how many wait for a place, and how long both may last.

Working on more at once makes nothing faster, only everything slower, until clients give up on answers that are still being worked
out. So a request that finds every place taken waits. While nobody has waited for more than a second they go in in turn; from then
on there is more than can be done, and who has just come goes first: some are served at once, instead of all too late. Who
waits in vain, or finds no room to wait, is told to come back. Waiting costs little and refusing does not: the room is large and
patient, so that clients who come back at once do not keep the process busy with refusing them. A few places are kept for what
is shed last.

A clock looks round four times a second while anybody is there: a timer for each request would cost more than the whole door.

    if not await room.enter(visit):
        ...    # 503
    try:
        ...    # is cancelled, with `visit.overdue` set, when its time is up
    finally:
        room.leave(visit)
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import Any, Final

PLACES: Final = 256
KEPT_PLACES: Final = 32
WAITING_MAX: Final = 8192
PATIENCE_S: Final = 4.0
IN_TURN_S: Final = 1.0
REQUEST_S: Final = 60.0
BODY_S: Final = 10.0
LOOK_S: Final = 0.25


class Visit:
    """One request."""

    __slots__ = ("headers", "overdue", "started", "task", "until")

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.started = False
        self.overdue = False
        self.task: asyncio.Task[Any] | None = None
        self.until = 0.0

    def awaits_body(self) -> None:
        """Its body is waited for from now on, and not for long."""
        self.until = monotonic() + BODY_S

    def has_body(self) -> None:
        """All of the body is there: the time for working on it begins."""
        self.until += REQUEST_S


class Room:
    """See the module. One per process."""

    def __init__(
        self,
        places: int = PLACES,
        *,
        kept_places: int = KEPT_PLACES,
        waiting_max: int = WAITING_MAX,
        patience_s: float = PATIENCE_S,
        in_turn_s: float = IN_TURN_S,
    ) -> None:
        """``kept_places`` come on top, for requests that are shed last."""
        self._places = places
        self._kept_places = kept_places
        self._waiting_max = waiting_max
        self._patience_s = patience_s
        self._in_turn_s = in_turn_s
        self._waiting: deque[tuple[float, asyncio.Future[bool]]] = deque()
        self._inside: dict[Visit, None] = {}
        self._taken = 0
        self._looking = False

    @property
    def taken(self) -> int:
        """Requests that are worked on."""
        return self._taken

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether there is no place and no room to wait for one."""
        return self._taken >= self._places and len(self._waiting) >= self._waiting_max

    async def enter(self, visit: Visit, *, time_s: float = REQUEST_S, shed_last: bool = False) -> bool:
        """Take a place for ``time_s``, waiting for it if need be; False where there is none to be had."""
        if self._taken < self._places or (shed_last and self._taken < self._places + self._kept_places):
            self._taken += 1
        elif len(self._waiting) >= self._waiting_max or not await self._turn():
            return False
        visit.task = asyncio.current_task()
        visit.until = monotonic() + time_s
        self._inside[visit] = None
        if not self._looking:
            self._look_again()
        return True

    def leave(self, visit: Visit) -> None:
        """Give the place back, to whoever waits for it. A second time is nothing."""
        if visit in self._inside:
            del self._inside[visit]
            self._give_back()

    async def _turn(self) -> bool:
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((monotonic() + self._patience_s, turn))
        if not self._looking:
            self._look_again()
        try:
            return await turn
        except asyncio.CancelledError:
            # The place may have been given to somebody who has just gone away.
            if turn.done() and not turn.cancelled() and turn.result():
                self._give_back()
            raise

    def _give_back(self) -> None:
        if self._taken <= self._places:
            latest_first = (
                bool(self._waiting) and self._waiting[0][0] - monotonic() < self._patience_s - self._in_turn_s
            )
            while self._waiting:
                _, turn = self._waiting.pop() if latest_first else self._waiting.popleft()
                if not turn.done():
                    turn.set_result(True)
                    return
        self._taken -= 1

    def _look_again(self) -> None:
        self._looking = True
        asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _look(self) -> None:
        now = monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(False)
        for visit in self._inside:
            if visit.until <= now and not visit.overdue and visit.task is not None:
                visit.overdue = True
                visit.task.cancel()
        self._looking = False
        if self._inside or self._waiting:
            self._look_again()
