"""`fintwin projector`: keeps the read models up to the log, in the foreground.

`fintwin run` starts it; elsewhere it is started once or several times: one works, the others wait to take over. It needs
no secret but its own address of the database.

    FINTWIN_PROJECTOR_DATABASE_URL=postgresql://fintwin_projector@db/fintwin fintwin projector
"""

import asyncio
import os
import signal
import socket

import rich_click as click

from fintwin.garbage import rest_garbage_collection
from fintwin.settings import part_database_url

CONNECTIONS_MAX = 5
RETRY_S = 0.5


@click.command()
def projector() -> None:
    """Keep the read models up to date in the foreground."""
    import uvloop

    rest_garbage_collection()
    uvloop.run(project(part_database_url(os.environ, "projector")))


async def project(url: str) -> None:
    """``url`` is the database's, as the projector's role. Returns after SIGINT or SIGTERM."""
    from fintwin.projector.runner import Projector
    from fintwin.store.connect import LOST, open_pool
    from fintwin.store.standing import refuse_mighty

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set():
        try:
            pool = await open_pool(url, size_max=CONNECTIONS_MAX, name="fintwin projector")
        except LOST:
            await asyncio.sleep(RETRY_S)
            continue
        try:
            await refuse_mighty(pool, "projector")
            await Projector(pool, holder=f"{socket.gethostname()}:{os.getpid()}").run(stop)
        except LOST:
            await asyncio.sleep(RETRY_S)
        finally:
            pool.terminate()
