"""How much anybody may ask: a bucket per kind and asker, shared by all processes through Redis, and never waited for.

A request is decided here and now, from what this process knows, in about a microsecond. What was let through is told to Redis in
the background ten times a second, for all askers in one round trip, and what all processes together have let through comes back.
So a burst that is spread over N processes within a tenth of a second can get through N times; it is then owed, and nobody gets
more than the rate in the long run. Without Redis, or while it is away, every process counts for itself.

The bucket is GCRA: one number an asker, the time at which it will be empty again.

>>> limit = Limit("user", Rate(per_second=1, burst=2))
>>> limit.take("ada", 100.0), limit.take("ada", 100.0), limit.take("ada", 100.5)
(0.0, 0.0, 0.5)
>>> limit.take("ada", 101.0), limit.take("bob", 101.0)
(0.0, 0.0)
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from hashlib import sha256
from time import monotonic
from typing import Any, Final, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from fintwin.door_settings import Rate

EXCHANGE_S: Final = 0.1
EAGER: Final = 0.25
"""The part of a burst that one asker may use up before the others are told at once."""
REDIS_PATIENCE_S: Final = 0.5
AGAIN_S: Final = 2.0
BUCKETS_MAX: Final = 100_000

# Told: how much each asker was let through. Answered: in how many microseconds their buckets are empty again, by Redis' clock.
EXCHANGE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local left = {}
for i, key in ipairs(KEYS) do
  local empty = tonumber(redis.call('GET', key) or now)
  if empty < now then empty = now end
  empty = empty + ARGV[i]
  redis.call('SET', key, string.format('%.0f', empty), 'PX', math.ceil((empty - now) / 1000) + 1)
  left[i] = empty - now
end
return left
"""
_log = structlog.get_logger(__name__)


class _Bucket:
    """One asker's."""

    __slots__ = ("empty_at", "told", "untold")

    def __init__(self, empty_at: float) -> None:
        self.empty_at = empty_at
        self.untold = 0
        self.told = ""


class Limit:
    """The buckets of one kind of asker."""

    def __init__(self, kind: str, rate: Rate, *, buckets_max: int = BUCKETS_MAX) -> None:
        """``buckets_max``: askers that are remembered at once."""
        self.kind = kind
        self.interval_s: Final = 1 / rate.per_second
        self.full_s: Final = rate.burst / rate.per_second
        self.eager: Final = max(1, int(rate.burst * EAGER))
        self._buckets: dict[object, _Bucket] = {}
        self._buckets_max = buckets_max
        self.due: dict[object, _Bucket] | None = None
        """Buckets whose use the other processes have not heard of; None where there is nobody to tell."""
        self.wake: Any = None

    def take(self, asker: object, now: float) -> float:
        """Let a request through (0), or say in how many seconds the next one may come."""
        bucket = self._buckets.get(asker)
        if bucket is None:
            bucket = self._new(asker, now)
        empty_at = bucket.empty_at
        empty_at = max(empty_at, now)
        over_s = empty_at + self.interval_s - now - self.full_s
        if over_s > 1e-9:  # noqa: PLR2004  what adding up leaves
            return over_s
        bucket.empty_at = empty_at + self.interval_s
        if self.due is not None:
            bucket.untold += 1
            self.due[asker] = bucket
            self.wake(bucket.untold >= self.eager)
        return 0.0

    def wait_s(self, asker: object, now: float) -> float:
        """What `take` would say, and nothing is taken."""
        bucket = self._buckets.get(asker)
        return 0.0 if bucket is None else max(0.0, bucket.empty_at + self.interval_s - now - self.full_s)

    def _new(self, asker: object, now: float) -> _Bucket:
        if len(self._buckets) >= self._buckets_max:
            self._buckets = {key: one for key, one in self._buckets.items() if one.empty_at > now or one.untold}
            for key in list(self._buckets)[: max(0, len(self._buckets) - self._buckets_max * 3 // 4)]:
                del self._buckets[key]
        made = self._buckets[asker] = _Bucket(now)
        return made


class Limits:
    """All kinds. A kind that is switched off lets everything through."""

    def __init__(self, rates: Mapping[str, Rate], *, redis_url: str | None, key: bytes) -> None:
        """``key`` hides askers in Redis: a name there tells nobody's id or address."""
        self.of: Final = {kind: Limit(kind, rate) for kind, rate in rates.items()}
        self._redis_url = redis_url if rates else None
        self._key = hmac.digest(key, b"limits", sha256)
        self._woken = asyncio.Event()
        self._eager = asyncio.Event()
        self._exchanging: asyncio.Task[None] | None = None
        self.shared = False
        """Whether the last exchange with the other processes succeeded (for the metrics)."""

    def take(self, kind: str, asker: object) -> float:
        """Let a request through (0), or say in how many seconds the next one may come."""
        limit = self.of.get(kind)
        return 0.0 if limit is None else limit.take(asker, monotonic())

    def wait_s(self, kind: str, asker: object) -> float:
        """What `take` would say, and nothing is taken."""
        limit = self.of.get(kind)
        return 0.0 if limit is None else limit.wait_s(asker, monotonic())

    def start(self) -> None:
        """Begin to share, where there is a Redis."""
        if self._redis_url is not None:
            for limit in self.of.values():
                limit.due, limit.wake = {}, self._wake
            self._exchanging = asyncio.create_task(self._exchange_for_ever(self._redis_url))

    async def stop(self) -> None:
        """Stop sharing."""
        if self._exchanging is not None:
            self._exchanging.cancel()
            with suppress(asyncio.CancelledError):
                await self._exchanging

    def _wake(self, eager: bool) -> None:  # noqa: FBT001  called for each request
        if eager:
            self._eager.set()
        if not self._woken.is_set():
            self._woken.set()

    async def _exchange_for_ever(self, url: str) -> None:
        redis = Redis.from_url(
            url,
            socket_timeout=REDIS_PATIENCE_S,
            socket_connect_timeout=REDIS_PATIENCE_S,
            retry=Retry(NoBackoff(), retries=1),
        )
        exchange = redis.register_script(EXCHANGE)
        try:
            while True:
                await self._woken.wait()
                with suppress(TimeoutError):
                    async with asyncio.timeout(EXCHANGE_S):
                        await self._eager.wait()
                self._woken.clear()
                self._eager.clear()
                try:
                    for limit in self.of.values():
                        await self._exchange(exchange, limit)
                except (RedisError, OSError) as error:
                    if self.shared:
                        _log.warning("limits: Redis is away, this process counts alone", error=type(error).__name__)
                    self.shared = False
                    await asyncio.sleep(AGAIN_S)
        finally:
            await redis.aclose()

    async def _exchange(self, exchange: Any, limit: Limit) -> None:
        due, limit.due = limit.due, {}
        if not due:
            return
        names, costs = [], []
        for asker, bucket in due.items():
            bucket.told = bucket.told or self._name(limit.kind, asker)
            names.append(bucket.told)
            costs.append(int(bucket.untold * limit.interval_s * 1e6))
            # What is not told because Redis is away is forgotten: by then the process counts alone.
            bucket.untold = 0
        left = await cast("Awaitable[list[int]]", exchange(keys=names, args=costs))
        self.shared = True
        now = monotonic()
        for bucket, left_us in zip(due.values(), left, strict=True):
            bucket.empty_at = now + left_us / 1e6 + bucket.untold * limit.interval_s

    def _name(self, kind: str, asker: object) -> str:
        return f"fintwin:limit:{kind}:{hmac.digest(self._key, str(asker).encode(), sha256).hex()[:24]}"
