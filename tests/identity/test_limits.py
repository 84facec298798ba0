"""How much is let through: by one process, by several over one Redis, and without it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from redis.asyncio import Redis

from fintwin.door_settings import Rate
from fintwin.embedded import EmbeddedServers
from fintwin.identity import limits as module
from fintwin.identity.limits import Limit, Limits

KEY = b"k" * 32


@asynccontextmanager
async def sharing(count: int, rate: Rate, url: str | None) -> AsyncIterator[list[Limits]]:
    """So many processes' limits."""
    made = [Limits({"user": rate}, redis_url=url, key=KEY) for _ in range(count)]
    for one in made:
        one.start()
    yield made
    for one in made:
        await one.stop()


@pytest.mark.parametrize("rate", [Rate(20, 100), Rate(0.2, 20), Rate(1000, 1), Rate(3, 7)])
def test_never_more_than_the_burst_and_the_rate(rate: Rate) -> None:
    """Asked all the time for a while: the burst at once, and then the rate, to one request."""
    limit = Limit("user", rate)
    span_s, let_through = 50 / rate.per_second, 0
    steps = 5000
    for step in range(steps):
        let_through += limit.take("ada", 7.0 + span_s * step / steps) == 0.0
    assert rate.burst + 49 <= let_through <= rate.burst + 50


def test_what_is_told_to_wait_is_enough() -> None:
    """Whoever comes back after the told time gets in, and not before."""
    limit = Limit("user", Rate(2, 3))
    assert [limit.take("ada", 0.0) for _ in range(3)] == [0.0] * 3
    wait_s = limit.take("ada", 0.0)
    assert wait_s == pytest.approx(0.5)
    assert limit.take("ada", wait_s - 0.01) > 0
    assert limit.take("ada", wait_s) == 0.0


def test_looking_takes_nothing() -> None:
    """`wait_s` tells what `take` would, as often as one likes."""
    limit = Limit("user", Rate(1, 1))
    assert [limit.wait_s("ada", 0.0) for _ in range(9)] == [0.0] * 9
    assert limit.take("ada", 0.0) == 0.0
    assert limit.wait_s("ada", 0.25) == pytest.approx(0.75)


def test_everybody_has_a_bucket_of_their_own_and_memory_is_bounded() -> None:
    """A flood of askers pushes out those that owe nothing first."""
    limit = Limit("address", Rate(1, 2), buckets_max=100)
    limit.take("ada", 1000.0)
    limit.take("ada", 1000.0)
    for number in range(60):
        assert limit.take(number, 0.0) == 0.0
    for number in range(60, 120):
        assert limit.take(number, 1000.0) == 0.0
        assert len(limit._buckets) <= 100
    assert limit.take("ada", 1000.0) > 0
    for number in range(1000, 5000):
        limit.take(number, 1000.0)
        assert len(limit._buckets) <= 100


def test_taking_costs_microseconds() -> None:
    """A booking takes hundreds of them: this must not be felt."""
    limits = Limits({"user": Rate(1e6, 10**6)}, redis_url=None, key=KEY)
    fastest = min(_timed(limits) for _ in range(5))
    assert fastest < 20e-6


def _timed(limits: Limits) -> float:
    started = time.process_time()
    for number in range(2000):
        limits.take("user", number % 64)
    return (time.process_time() - started) / 2000


async def test_two_processes_share_one_limit(servers: EmbeddedServers) -> None:
    """Both asked as fast as can be: together the burst and the rate, and of the burst at most one more, which is owed."""
    rate = Rate(50, 50)
    async with sharing(2, rate, servers.redis_url) as both:
        started, let_through = monotonic(), 0
        while (elapsed := monotonic() - started) < 1.5:
            let_through += sum(one.take("user", "ada-shared") == 0.0 for one in both)
            await asyncio.sleep(0.002)
    assert rate.burst + elapsed * rate.per_second * 0.7 < let_through
    assert let_through < rate.burst * 1.6 + elapsed * rate.per_second


async def test_a_process_learns_what_others_have_let_through(servers: EmbeddedServers) -> None:
    """Who has used up the burst in one process soon waits in another, from the second request on; others do not."""
    async with sharing(2, Rate(1, 20), servers.redis_url) as (first, second):
        assert [first.take("user", "eve") for _ in range(20)] == [0.0] * 20
        second.take("user", "eve")
        async with asyncio.timeout(2):
            while second.wait_s("user", "eve") == 0.0:  # noqa: ASYNC110  what another process did
                await asyncio.sleep(0.02)
        assert second.take("user", "bob") == 0.0
        assert first.shared
        assert second.shared


async def test_names_in_redis_tell_nobody(servers: EmbeddedServers) -> None:
    """Neither an address nor an id stands there, and what is there goes by itself."""
    one = Limits({"canary": Rate(10, 10)}, redis_url=servers.redis_url, key=KEY)
    one.start()
    async with Redis.from_url(servers.redis_url) as redis:
        one.take("canary", "192.0.2.77")
        async with asyncio.timeout(2):
            while not (found := await redis.keys("fintwin:limit:canary:*")):  # noqa: ASYNC110  what another process did
                await asyncio.sleep(0.02)
        assert all(b"192.0.2" not in name for name in found)
        assert 0 < max([await redis.pttl(name) for name in found]) <= 1001
    await one.stop()


async def test_without_redis_each_process_counts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nobody listens: the limit holds all the same, and nothing waits for it."""
    monkeypatch.setattr(module, "AGAIN_S", 0.05)
    async with sharing(2, Rate(1, 5), "redis://127.0.0.1:9/0") as both:
        started = monotonic()
        for one in both:
            assert sum(one.take("user", "ada") == 0.0 for _ in range(50)) == 5
        assert monotonic() - started < 0.5
        await asyncio.sleep(0.3)
        assert both[0].take("user", "ada") > 0
        assert both[0].shared is False


async def test_a_kind_that_is_off_lets_everything_through() -> None:
    """And nothing is shared where everything is off."""
    async with sharing(1, Rate(1, 1), None) as (one,):
        assert [one.take("address", "x") for _ in range(500)] == [0.0] * 500
    off = Limits({}, redis_url="redis://127.0.0.1:9/0", key=KEY)
    off.start()
    assert off._exchanging is None
    await off.stop()
