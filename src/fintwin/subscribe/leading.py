"""Which consumer of a group is at work: one at a time, so that the group sees the events in order; the others stand by.

The lead is a key in Redis that runs out. Whoever works renews it; whoever finds it gone or another's steps back. A Redis that
loses it lets two work for a moment: what protects the effects then is the position that the handler stores with them.

    lead = Lead(client, group="mailer", consumer="mailer-1", shard=0)
    while not await lead.take():
        await asyncio.sleep(1.0)
"""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic
from typing import Final

from redis import asyncio as redis_async
from redis.exceptions import RedisError

LEASE_SECONDS: Final = 5.0
# Compare and act in one step: between the two the key may run out and become another's.
_RENEW: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Lead:
    """See the module. Methods raise redis-py's errors."""

    def __init__(self, client: redis_async.Redis, *, group: str, consumer: str, shard: int) -> None:
        """``consumer`` is this process' own name in the group."""
        self._client = client
        self._key = f"fintwin:lead:{group}:{shard}"
        self._consumer = consumer
        self._renew = client.register_script(_RENEW)
        self._release = client.register_script(_RELEASE)
        self._renewing: asyncio.Task[None] | None = None
        self._until = 0.0

    @property
    def held(self) -> bool:
        """Whether this consumer may go on."""
        return monotonic() < self._until

    async def take(self) -> bool:
        """Whether the lead is ours now; from then on it is renewed by itself."""
        await self._stop_renewing()
        asked = monotonic()
        milliseconds = int(LEASE_SECONDS * 1000)
        if not await self._client.set(self._key, self._consumer, nx=True, px=milliseconds) and not await self._renew(
            keys=[self._key], args=[self._consumer, milliseconds]
        ):
            return False
        self._until = asked + LEASE_SECONDS
        self._renewing = asyncio.create_task(self._keep())
        return True

    async def give_back(self) -> None:
        """Let another consumer go on at once."""
        await self._stop_renewing()
        self._until = 0.0
        await self._release(keys=[self._key], args=[self._consumer])

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 5)
            asked = monotonic()
            try:
                renewed = await self._renew(keys=[self._key], args=[self._consumer, int(LEASE_SECONDS * 1000)])
            except (RedisError, OSError):
                continue  # until the lead has run out
            if not renewed:
                self._until = 0.0
                return
            self._until = asked + LEASE_SECONDS

    async def _stop_renewing(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewing
            self._renewing = None
