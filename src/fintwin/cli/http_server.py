"""Serves an ASGI application with granian inside this process, until a signal says stop.

Granian's own master process is not used: it costs 29 MB more, was no faster in our measurements, and leaves its worker behind
when it is killed (docs/decisions/0002). Several processes may serve one port: on Linux granian opens it with SO_REUSEPORT.

    asyncio.run(serve(app, "127.0.0.1", 8000))
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from fintwin.garbage import rest_garbage_collection

BACKLOG = 1024
# Requests that run at once. Granian's own limit is the backlog: as many open event streams would shut everybody else out.
RUNNING_MAX = 12_000
# For requests that are running when somebody says stop; an event stream, which would go on for ever, is cut then.
GRACE_S = 3


async def serve(app: Any, host: str, port: int, *, on_stop: Callable[[], None] = lambda: None) -> None:
    """Returns after SIGINT or SIGTERM, when running requests are answered or had their time.

    ``on_stop`` is called at the signal: whoever has streams without an end ends them there.
    """
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=RUNNING_MAX,
        log_enabled=False,
    )
    server.workers_kill_timeout = GRACE_S

    def stop() -> None:
        on_stop()
        server.stop()  # type: ignore[no-untyped-call]

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    rest_garbage_collection()
    # Granian lets the time-out of its last wait through to us; by then it accepts nothing any more.
    with suppress(TimeoutError):
        await server.serve()
