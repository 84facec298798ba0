"""`fintwin api`: one process of the HTTP service, against the servers that the environment names.

`fintwin run` starts it; behind a gateway it is started directly, as often as there are cores to use.

    DATABASE_URL=... REDIS_URL=... FINTWIN_JWT_SECRET=... FINTWIN_MASTER_KEY=... fintwin api
"""

import asyncio
import os
import sys
from typing import Any

import msgspec
import rich_click as click

from fintwin.api.request_log import RequestLog
from fintwin.settings import Settings, SettingsError, load, log_options


@click.command()
def api() -> None:
    """Serve the HTTP interface in the foreground."""
    import uvloop

    uvloop.run(serve_api(load(os.environ)))


async def serve_api(settings: Settings) -> None:
    """Connects the parts, serves until told to stop, and takes them down again."""
    from fintwin.api.app import create_app
    from fintwin.bootstrap import open_services
    from fintwin.cli.http_server import serve

    tracing = _tracing(settings)
    lines = _request_log()
    try:
        async with open_services(settings) as services:
            app = create_app(services, request_log=lines, tracing=tracing)
            await serve(app, settings.host, settings.port, on_stop=services.live.end_all)
    finally:
        if lines is not None:
            lines.flush()
        if tracing is not None:
            await asyncio.to_thread(tracing.close)


def _request_log() -> RequestLog | None:
    options = log_options(os.environ, terminal=sys.stderr.isatty())
    if options.level not in {"debug", "info"}:
        return None
    return RequestLog(_say_plainly) if options.console else RequestLog()


def _say_plainly(chunk: bytes) -> None:
    """The lines of requests, for somebody at a terminal."""
    for line in chunk.splitlines():
        told = msgspec.json.decode(line)
        click.echo(f"{told['method']} {told['route']} {told['status']} {told['duration_ms']} ms", err=True)


def _tracing(settings: Settings) -> Any:
    if settings.traces_endpoint is None:
        return None
    try:
        from fintwin.api.tracing import open_tracing
    except ImportError:
        msg = "OTEL_EXPORTER_OTLP_ENDPOINT is set, but traces need more packages: install `fintwin[telemetry]`."
        raise SettingsError(msg) from None
    return open_tracing(settings.traces_endpoint)
