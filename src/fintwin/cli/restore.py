"""`fintwin restore FILE`: reads a log that `fintwin export --format ndjson` wrote into an empty one.

Positions, hashes and keys are the same afterwards; the file is verified on the way, and nothing is kept of one that is not sound.
It works as the owner of the tables: with `FINTWIN_OWNER_DATABASE_URL`, or on the embedded servers while FinTwin does not run.

    $ fintwin restore log.ndjson
    49,481 events restored, hash 3f2a...
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import rich_click as click

from fintwin.cli.servers import bring_up_to_date
from fintwin.embedded import EmbeddedServers
from fintwin.settings import SettingsError, start_options


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Restore the log in FILE into an empty database."""
    from fintwin.audit.restore import RestoreError
    from fintwin.audit.restore import restore as run_restore
    from fintwin.store.restoring import NotEmptyError

    with _owner(os.environ) as url, file.open("rb") as lines:
        try:
            report = asyncio.run(run_restore(url, lines))
        except NotEmptyError:
            msg = "There are events already: a log is restored into an empty database only."
            raise SettingsError(msg) from None
        except RestoreError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{report.events:,} events restored, hash {report.hash}")


@contextmanager
def _owner(environ: Mapping[str, str]) -> Iterator[str]:
    """The administrator's address, with the database up to date."""
    options = start_options(environ)
    if not options.embedded:
        url = environ.get("FINTWIN_OWNER_DATABASE_URL")
        if not url:
            msg = "FINTWIN_OWNER_DATABASE_URL is not set: `fintwin restore` works as an administrator."
            raise SettingsError(msg)
        yield url
        return
    with EmbeddedServers(options.data_folder, say=lambda sentence: click.echo(sentence, err=True)) as servers:
        bring_up_to_date(servers)
        yield servers.superuser_url
