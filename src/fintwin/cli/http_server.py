"""Serves an ASGI application with granian inside this process, until a signal says stop.

Granian's own master process is not used: it costs 29 MB more, was no faster in our measurements, and leaves its worker behind
when it is killed (docs/decisions/0002). Several processes may serve one port: on Linux granian opens it with SO_REUSEPORT.

    asyncio.run(serve(app, "127.0.0.1", 8000))
"""

import asyncio
import signal
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

BACKLOG = 1024


async def serve(app: Any, host: str, port: int) -> None:  # noqa: ANN401 - any ASGI application
    """Returns after SIGINT or SIGTERM, when running requests are answered."""
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    await server.serve()
