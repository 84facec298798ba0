"""A publisher process that ends itself, as kill -9 would, when it comes to a named point for the n-th time.

python -m tests.publisher.crashing_publisher URL REDIS_URL "after add" 3
"""

import asyncio
import os
import signal
import sys

from fintwin.publisher.redis_stream import open_redis
from fintwin.publisher.runner import Publisher
from fintwin.store.connect import open_pool


async def main(url: str, redis_url: str, point: str, times: int) -> None:
    """Publishes until the point is reached so often; for ever where it never is."""
    left = times

    def reach(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    pool = await open_pool(url, size_max=4)
    client = open_redis(redis_url)
    await Publisher(pool, client, holder=f"crashing {os.getpid()}", entries_max=100_000, reach=reach).run(
        asyncio.Event()
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], int(sys.argv[4])))
