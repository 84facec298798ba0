"""`fintwin projector`: keeps the read models up to the log, in the foreground.

`fintwin run` starts it; elsewhere it is started once or several times: one works, the others wait to take over.

    FINTWIN_PROJECTOR_DATABASE_URL=postgresql://fintwin_projector@db/fintwin fintwin projector
"""

import asyncio
import os
import signal
import socket

import rich_click as click

from fintwin.garbage import rest_garbage_collection
from fintwin.settings import Settings, load

CONNECTIONS_MAX = 5
RETRY_S = 0.5


@click.command()
def projector() -> None:
    """Keep the read models up to date in the foreground."""
    import uvloop

    rest_garbage_collection()
    uvloop.run(project(load(os.environ)))


async def project(settings: Settings) -> None:
    """Returns after SIGINT or SIGTERM."""
    from fintwin.projector.runner import Projector
    from fintwin.store.connect import LOST, open_pool

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = settings.database_url("projector")
    while not stop.is_set():
        try:
            pool = await open_pool(url, size_max=CONNECTIONS_MAX, name="fintwin projector")
        except LOST:
            await asyncio.sleep(RETRY_S)
            continue
        try:
            await Projector(pool, holder=f"{socket.gethostname()}:{os.getpid()}").run(stop)
        finally:
            pool.terminate()
