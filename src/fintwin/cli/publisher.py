"""`fintwin publisher`: puts every event of the log into the Redis stream, in the foreground.

`fintwin run` starts it; elsewhere it is started once or several times: one works, the others wait to take over.

    FINTWIN_PUBLISHER_DATABASE_URL=postgresql://fintwin_publisher@db/fintwin REDIS_URL=redis://redis/0 fintwin publisher
"""

import asyncio
import os
import signal
import socket

import rich_click as click

from fintwin.settings import SettingsError, part_database_url, stream_entries_max

CONNECTIONS_MAX = 4
RETRY_S = 0.5


@click.command()
def publisher() -> None:
    """Publish the log to Redis in the foreground."""
    import uvloop

    redis_url = os.environ.get("REDIS_URL")
    if not redis_url:
        msg = "REDIS_URL is not set: the publisher needs to know where to publish to."
        raise SettingsError(msg)
    url = part_database_url(os.environ, "publisher")
    uvloop.run(publish(url, redis_url, entries_max=stream_entries_max(os.environ)))


async def publish(url: str, redis_url: str, *, entries_max: int) -> None:
    """``url`` is the database's, as the publisher's role. Returns after SIGINT or SIGTERM."""
    from fintwin.publisher.redis_stream import open_redis
    from fintwin.publisher.runner import Publisher
    from fintwin.store.connect import LOST, open_pool
    from fintwin.store.standing import refuse_mighty

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_redis(redis_url) as client:
        while not stop.is_set():
            try:
                pool = await open_pool(url, size_max=CONNECTIONS_MAX, name="fintwin publisher")
            except LOST:
                await asyncio.sleep(RETRY_S)
                continue
            try:
                await refuse_mighty(pool, "publisher")
                holder = f"{socket.gethostname()}:{os.getpid()}"
                await Publisher(pool, client, holder=holder, entries_max=entries_max).run(stop)
            except LOST:
                await asyncio.sleep(RETRY_S)
            finally:
                pool.terminate()
