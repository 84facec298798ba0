"""`fintwin publisher`: puts every event of the log into the Redis stream, in the foreground.

`fintwin run` starts it; elsewhere it is started once or several times: one works, the others wait to take over.

    FINTWIN_PUBLISHER_DATABASE_URL=postgresql://fintwin_publisher@db/fintwin REDIS_URL=redis://redis/0 fintwin publisher
"""

import asyncio
import os
import signal
import socket

import rich_click as click

from fintwin.settings import Settings, SettingsError, load

CONNECTIONS_MAX = 4
RETRY_S = 0.5


@click.command()
def publisher() -> None:
    """Publish the log to Redis in the foreground."""
    import uvloop

    settings = load(os.environ)
    if settings.redis_url is None:
        msg = "REDIS_URL is not set: the publisher needs to know where to publish to."
        raise SettingsError(msg)
    uvloop.run(publish(settings, settings.redis_url))


async def publish(settings: Settings, redis_url: str) -> None:
    """Returns after SIGINT or SIGTERM."""
    from fintwin.publisher.redis_stream import open_redis
    from fintwin.publisher.runner import Publisher
    from fintwin.store.connect import LOST, open_pool

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = settings.database_url("publisher")
    async with open_redis(redis_url) as client:
        while not stop.is_set():
            try:
                pool = await open_pool(url, size_max=CONNECTIONS_MAX, name="fintwin publisher")
            except LOST:
                await asyncio.sleep(RETRY_S)
                continue
            try:
                holder = f"{socket.gethostname()}:{os.getpid()}"
                await Publisher(pool, client, holder=holder, entries_max=settings.stream_entries_max).run(stop)
            finally:
                pool.terminate()
