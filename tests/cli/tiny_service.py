"""`fintwin run` with a tiny application in place of the API: what is under test here is the running, not the application.

The parent is the real command with one part exchanged; the part serves through the same code as `fintwin api`.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Message = dict[str, Any]


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answers with its process id; `/slow` takes a second over it; `/stream` never ends; `/exit` ends the process."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/exit":
        os._exit(9)
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    while scope["path"] == "/stream":
        await send({"type": "http.response.body", "body": b"still here\n", "more_body": True})
        await asyncio.sleep(0.1)
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def serve_app() -> None:
    """The part: reads the settings like every part."""
    import uvloop

    from fintwin.cli.http_server import serve
    from fintwin.settings import load

    settings = load(os.environ)
    uvloop.run(serve(app, settings.host, settings.port))


def run_command() -> None:
    """The parent."""
    from fintwin.cli import run
    from fintwin.cli.main import main
    from fintwin.cli.source_watch import SourceWatch
    from fintwin.cli.supervisor import Part

    run.service_parts = lambda _: [Part("api", [sys.executable, __file__, "part"])]
    if watched := os.environ.get("WATCHED"):
        run.SourceWatch = lambda _: SourceWatch(Path(watched))
    main(["run", *sys.argv[1:]])


if __name__ == "__main__":
    serve_app() if sys.argv[1:] == ["part"] else run_command()
