"""The servers that a command works on: those that are named, those that run already, or its own for as long as it takes.

With `DATABASE_URL` it is those servers. Without it, a `fintwin run` on the same data folder is joined while it goes on
serving; where none runs, the embedded servers are started for the command and stopped with it. A folder that holds no data is
begun by commands that book (``new``) only: an audit of nothing would find nothing wrong.

    with servers_for(os.environ, say) as environment:
        settings = load(environment)
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from fintwin.embedded import EmbeddedServers
from fintwin.embedded.accounts import is_settled
from fintwin.embedded.running import running_environment, running_superuser_url
from fintwin.settings import SettingsError, StartOptions, start_options

MIGRATION_PATIENCE_S = 15.0


@contextmanager
def administrator_for(environ: Mapping[str, str], say: Callable[[str], None]) -> Iterator[str]:
    """The database administrator's address; raises `SettingsError` where none is named."""
    options = start_options(environ)
    if not options.embedded:
        url = environ.get("FINTWIN_OWNER_DATABASE_URL")
        if not url:
            msg = "FINTWIN_OWNER_DATABASE_URL is not set: this works as an administrator of the database."
            raise SettingsError(msg)
        yield url
        return
    _expect_data(options)
    running = running_superuser_url(options.data_folder)
    if running is not None:
        yield running
        return
    with EmbeddedServers(options.data_folder, say=say) as servers:
        yield servers.superuser_url


@contextmanager
def servers_for(
    environ: Mapping[str, str], say: Callable[[str], None], *, new: bool = False, empty_redis: bool = True
) -> Iterator[Mapping[str, str]]:
    """The environment that `fintwin.settings.load` reads, with the database up to date.

    ``new``: begun where there is none. ``empty_redis``: with the Valkey that is started for the command, which holds nothing.
    """
    from fintwin.store.migrate import pending

    options = start_options(environ)
    if not options.embedded:
        yield environ
        return
    if not new:
        _expect_data(options)
    running = running_environment(options.data_folder)
    if running is not None:
        # A start that is under way brings the database up to date in a moment.
        deadline = time.monotonic() + MIGRATION_PATIENCE_S
        while missing := asyncio.run(pending(running["DATABASE_URL"])):
            if time.monotonic() > deadline:
                msg = f"The database of the running FinTwin lacks {', '.join(missing)}: stop it and start this version."
                raise SettingsError(msg)
            time.sleep(0.1)
        yield {**environ, **running}
        return
    with EmbeddedServers(options.data_folder, say=say) as servers:
        bring_up_to_date(servers)
        own = servers.environment()
        if not empty_redis:
            own["REDIS_URL"] = ""
        yield {**environ, **own}


def bring_up_to_date(servers: EmbeddedServers) -> None:
    """Run what migrations the database lacks; raises `SettingsError` where that cannot be."""
    from fintwin.store.migrate import MigrationError, migrate

    try:
        asyncio.run(migrate(servers.superuser_url, servers.role_passwords))
    except MigrationError as error:
        raise SettingsError(str(error)) from None


def _expect_data(options: StartOptions) -> None:
    if not is_settled(options.data_folder):
        msg = (
            f"There are no FinTwin data in {options.data_folder.absolute()}: name their folder with FINTWIN_DATA, or their "
            "database with DATABASE_URL."
        )
        raise SettingsError(msg)
