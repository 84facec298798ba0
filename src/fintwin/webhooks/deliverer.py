"""The deliverer: follows the log and tells each hook its user's events, one after the other.

One deliverer works at a time, elected by a lease with an epoch; others wait. Within a hook the next event waits until the one
before is taken or given up, so order holds; hooks do not wait for each other. A try that fails is repeated after a pause that
doubles, with a share of chance so that many hooks do not come back together; after `ATTEMPTS_MAX` tries the event becomes a
letter that its owner can have tried again. What was sent is noted after the answer: killed in between, it is sent again.

    await Deliverer(pool, keys, sender, holder="host:1234").run(stop)
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from random import SystemRandom
from time import time
from typing import Any, Final
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from msgspec.structs import replace

from fintwin.domain.streams import Recorded
from fintwin.store import delivering
from fintwin.store.connect import LOST, UNDONE, Pool
from fintwin.store.delivering import AskedLetter, DueHook
from fintwin.store.keys import KeyDestroyedError, UserKey
from fintwin.store.lease import Leader, let_go
from fintwin.store.listening import LOG_CHANNEL
from fintwin.webhooks import messages
from fintwin.webhooks.hooks import opened
from fintwin.webhooks.sending import DELIVERED, GONE, Sender

ATTEMPTS_MAX: Final = 14
PAUSE_S_MAX: Final = 3600.0
LETTERS_IN_A_ROW_MAX: Final = 3
POLL_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.1
AT_ONCE: Final = 32
AT_ONCE_OF_USER: Final = 4
EVENTS_A_TURN: Final = 50

_chance: Final = SystemRandom().random
_log = structlog.get_logger("fintwin.webhooks")


def pause_after(attempts: int) -> float:
    """Seconds until the next try after so many that failed: 1, 2, 4... up to an hour, half of it to one and a half by chance.

    >>> 0.5 <= pause_after(1) <= 1.5, 1800 <= pause_after(13) <= 5400
    (True, True)
    """
    return float(min(PAUSE_S_MAX, 2.0 ** (attempts - 1)) * (0.5 + _chance()))


class Deliverer:
    """See the module. Stops when `run`'s event is set."""

    def __init__(
        self,
        pool: Pool,
        keys: Callable[[UUID], Awaitable[UserKey]],
        sender: Sender,
        *,
        holder: str,
        pause_after: Callable[[int], float] = pause_after,
        attempts_max: int = ATTEMPTS_MAX,
    ) -> None:
        """``pool`` is the publisher role's, with at least four connections; ``keys`` gives a user's key."""
        self._pool = pool
        self._keys = keys
        self._sender = sender
        self._leader = Leader(pool, delivering.LEASE, holder=holder, channels=[LOG_CHANNEL, delivering.HOOK_CHANNEL])
        self._pause_after = pause_after
        self._attempts_max = attempts_max
        self._running: dict[tuple[UUID, UUID], asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the lease, deliver, begin again after whatever goes wrong, until ``stop`` is set."""
        await self._leader.run(stop, self._lead)

    async def _lead(self) -> None:
        _log.info("webhooks are delivered from here", epoch=self._leader.epoch)
        news = self._leader.news
        news.set()
        try:
            while self._leader.leads:
                heard = news.is_set()
                news.clear()
                await self._look(retries_only=not heard)
                await self._leader.pause(POLL_SECONDS, news)
                await self._leader.pause(GATHER_SECONDS)
        finally:
            await let_go(*self._running.values())

    async def _look(self, *, retries_only: bool) -> None:
        """Begin what can be begun: a few at once, and a few of one user."""
        if len(self._running) >= AT_ONCE:
            return
        for letter in await delivering.asked_letters(self._pool, limit=AT_ONCE):
            self._begin((letter.user_id, letter.hook_id), self._deliver_letter(letter))
        for hook in await delivering.due(self._pool, limit=4 * AT_ONCE, retries_only=retries_only):
            self._begin((hook.user_id, hook.id), self._deliver(hook))

    def _begin(self, key: tuple[UUID, UUID], work: Coroutine[Any, Any, None]) -> None:
        """One thing at a time for a hook; what finds no room now is found again at the next look."""
        of_user = Counter(user_id for user_id, _ in self._running)[key[0]]
        if key in self._running or of_user >= AT_ONCE_OF_USER or len(self._running) >= AT_ONCE:
            work.close()
            return
        task = asyncio.create_task(work)
        self._running[key] = task

        def ended(_: object) -> None:
            self._running.pop(key, None)
            # There may be more for it, and there is room for others.
            self._leader.news.set()
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.warning("a delivery broke off", error=type(error).__name__)

        task.add_done_callback(ended)

    async def _deliver(self, hook: DueHook) -> None:
        try:
            await self._deliver_in_order(hook)
        except (*LOST, *UNDONE):
            raise
        except Exception as error:  # noqa: BLE001  a fault of ours with one hook is none of the others'
            _log.error("a delivery failed by our own fault", error=type(error).__name__, hook=str(hook.id))
            await delivering.failed(self._pool, self._leader.epoch, hook, "our_fault", PAUSE_S_MAX)

    async def _deliver_in_order(self, hook: DueHook) -> None:
        following = await delivering.told_next(self._pool, hook, limit=EVENTS_A_TURN)
        for event in following.events:
            outcome = await self._try(hook.user_id, hook.id, hook.sealed, event)
            if outcome != DELIVERED:
                await self._after_failure(hook, event, outcome)
                return
            if not await delivering.delivered(self._pool, self._leader.epoch, hook, event.position):
                return
            hook = replace(hook, attempts=0)
        await delivering.passed_by(self._pool, self._leader.epoch, hook, following.through)

    async def _after_failure(self, hook: DueHook, event: Recorded, outcome: str) -> None:
        attempts = hook.attempts + 1
        if outcome in {GONE, "sealed_for_good"}:
            await delivering.stop(self._pool, self._leader.epoch, hook, outcome)
        elif attempts >= self._attempts_max:
            await delivering.give_up(
                self._pool, self._leader.epoch, hook, event.position, outcome, letters_max=LETTERS_IN_A_ROW_MAX
            )
        else:
            await delivering.failed(self._pool, self._leader.epoch, hook, outcome, self._pause_after(attempts))

    async def _deliver_letter(self, letter: AskedLetter) -> None:
        event = await delivering.event_at(self._pool, letter.user_id, letter.position)
        assert event is not None, "a letter is of an event, and events stay"
        outcome = await self._try(letter.user_id, letter.hook_id, letter.sealed, event)
        if outcome == DELIVERED:
            await delivering.letter_delivered(self._pool, self._leader.epoch, letter)
        else:
            await delivering.letter_failed(self._pool, self._leader.epoch, letter, outcome)

    async def _try(self, user_id: UUID, hook_id: UUID, sealed: str, event: Recorded) -> str:
        try:
            aim = opened(await self._keys(user_id), hook_id, sealed)
        except (KeyDestroyedError, InvalidTag):
            return "sealed_for_good"
        body = messages.body_of(event)
        headers = messages.headers(str(hook_id), event.position, body, aim.secret, at=int(time()))
        return await self._sender.send(aim.url, headers, body)
