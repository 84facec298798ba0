"""A Redis of one's own, a real publisher over a test database, and who listens to it.

async with publisher(database, redis_url) as running:
    await running.caught_up()
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import asyncpg
import msgspec
import redis

from fintwin.publisher.envelope import as_json, stream_name
from fintwin.publisher.redis_stream import open_redis
from fintwin.publisher.runner import Publisher
from fintwin.store import publishing
from fintwin.store.connect import Pool, open_pool
from tests.conftest import Database

PATIENCE_S = 20.0
NAME = stream_name(0)
# The 16 databases of a Redis by turns: nobody else's entries are in the way.
_numbers = count(1)


def own_redis(url: str) -> str:
    """The address of a database of the session's Redis that is empty."""
    address = f"{url.rpartition('/')[0]}/{next(_numbers) % 15 + 1}"
    with redis.Redis.from_url(address) as client:
        client.flushdb()
    return address


@contextmanager
def redis_client(url: str) -> Iterator[redis.Redis]:
    """A client for looking at the stream and for doing harm to it."""
    with redis.Redis.from_url(url) as client:
        yield client


@dataclass
class Running:
    """A publisher at work in this process."""

    pool: Pool
    url: str
    task: "asyncio.Task[None]"
    stop: asyncio.Event

    async def caught_up(self) -> int:
        """Wait until the stream has the whole log; its last position."""
        return await wait_until_published(self.pool, self.url)


async def wait_until_published(pool: Pool, url: str) -> int:
    """Until the stream ends where the log does."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    client = open_redis(url)
    try:
        while True:
            end = await publishing.log_position(pool)
            try:
                last = await client.xrevrange(NAME, count=1)
            except (redis.RedisError, OSError):
                last = []
            if last and last[0][0] == f"{end}-0".encode():
                return end
            assert asyncio.get_running_loop().time() < deadline, f"the log is at {end}, the stream at {last}"
            await asyncio.sleep(0.01)
    finally:
        await client.aclose()


@asynccontextmanager
async def publisher(
    database: Database,
    url: str,
    *,
    entries_max: int = 100_000,
    reach: Callable[[str], None] = lambda _point: None,
) -> AsyncIterator[Running]:
    """A publisher that runs until the end of the block."""
    pool = await open_pool(database.role_urls["publisher"], size_max=4, name="publisher under test")
    client = open_redis(url)
    stop = asyncio.Event()
    worker = Publisher(pool, client, holder="test", entries_max=entries_max, reach=reach)
    task = asyncio.create_task(worker.run(stop))
    try:
        yield Running(pool, url, task, stop)
    finally:
        stop.set()
        await task
        await client.aclose()
        await pool.close()


async def expected_events(database: Database) -> list[bytes]:
    """What each entry of the stream has to hold, by position from 1."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return [as_json(row) for row in await connection.fetch("SELECT * FROM log.event ORDER BY position")]
    finally:
        await connection.close()


def in_stream(url: str) -> list[tuple[int, int, bytes]]:
    """Every entry: position, the position before, the event."""
    with redis_client(url) as client:
        found = client.xrange(NAME)
    return [(int(number.split(b"-")[0]), int(fields[b"prev_position"]), fields[b"event"]) for number, fields in found]


def problems(received: Iterable[Any], events: list[bytes], *, after: int = 0) -> list[str]:
    """What is wrong with what a subscriber has received, as the events' JSON in the order of receiving: nothing, or sentences."""
    given = list(received)
    positions = [msgspec.json.decode(one)["position"] for one in given]
    wanted = list(range(after + 1, len(events) + 1))
    found = [f"{missing} never came" for missing in wanted if missing not in set(positions)]
    found += [f"{one} came {positions.count(one)} times" for one in set(positions) if positions.count(one) > 1]
    if positions != sorted(positions):
        found.append("not in order")
    found += [
        f"{position} is another event"
        for position, one in zip(positions, given, strict=True)
        if position > len(events) or events[position - 1] != one
    ]
    return found
