"""The application of a test behind nginx, in place of being called directly: `FINTWIN_TESTS_THROUGH=gateway pytest tests/api`.

The service runs in the test's own process, so that a test may look inside it; its requests come over two real sockets.

    async with through_gateway(app) as url:
        ...
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fintwin.cli.http_server import opened, server_of
from tests.cli.processes import free_port
from tests.conftest import reachable_folder
from tests.support.gateway import gateway

WANTED = os.environ.get("FINTWIN_TESTS_THROUGH") == "gateway"
SETTINGS = {"FINTWIN_TRUSTED_PROXIES": "127.0.0.1"} if WANTED else {}


@asynccontextmanager
async def through_gateway(app: Any) -> AsyncIterator[str]:
    """Serves an application behind a gateway; gives the gateway's address."""
    listening = opened("127.0.0.1", free_port())
    port = listening.getsockname()[1]
    server = server_of(app, grace_s=1)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        with reachable_folder() as folder, gateway(folder / "site", [f"http://127.0.0.1:{port}"]) as url:
            yield url.replace("127.0.0.1", "localhost")
    finally:
        server.should_exit = True
        await serving
