"""`fintwin webhooks`: sends users' events to the addresses they told, in the foreground.

`fintwin run` starts it; elsewhere it is started once or several times: one works, the others wait to take over.

    DATABASE_URL=... FINTWIN_PUBLISHER_DATABASE_URL=... FINTWIN_MASTER_KEY=... FINTWIN_JWT_SECRET=... fintwin webhooks
"""

import asyncio
import os
import signal
import socket
from functools import partial

import rich_click as click

from fintwin.settings import Settings, load

CONNECTIONS_MAX = 6
RETRY_S = 0.5


@click.command()
def webhooks() -> None:
    """Deliver webhooks in the foreground."""
    import uvloop

    uvloop.run(deliver(load(os.environ)))


async def deliver(settings: Settings) -> None:
    """Returns after SIGINT or SIGTERM."""
    from fintwin.store.connect import LOST, open_pool
    from fintwin.store.keys import Vault
    from fintwin.store.standing import refuse_mighty
    from fintwin.webhooks.deliverer import Deliverer
    from fintwin.webhooks.sending import Sender

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    api_url, publisher_url = settings.database_url("api"), settings.database_url("publisher")
    vault = Vault(settings.master_key)
    async with Sender(private=settings.webhooks_private) as sender:
        while not stop.is_set():
            pools = []
            try:
                pools.append(await open_pool(publisher_url, size_max=CONNECTIONS_MAX, name="fintwin webhooks"))
                pools.append(await open_pool(api_url, size_max=2, name="fintwin webhooks keys"))
                log, keys = pools
                await refuse_mighty(log, "publisher")
                await refuse_mighty(keys, "api")
                holder = f"{socket.gethostname()}:{os.getpid()}"
                await Deliverer(log, partial(vault.key, keys), sender, holder=holder).run(stop)
            except LOST:
                await asyncio.sleep(RETRY_S)
            finally:
                for pool in pools:
                    pool.terminate()
