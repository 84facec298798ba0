"""`fintwin api`: one process of the HTTP service, against the servers that the environment names.

`fintwin run` starts it; behind a gateway it is started directly, as often as there are cores to use.

    DATABASE_URL=... REDIS_URL=... FINTWIN_JWT_SECRET=... FINTWIN_MASTER_KEY=... fintwin api
"""

import os

import rich_click as click

from fintwin.settings import Settings, load


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

    async with open_services(settings) as services:
        await serve(create_app(services), settings.host, settings.port)
