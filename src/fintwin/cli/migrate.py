"""`fintwin migrate`: brings a database of your own to the shape that this version needs.

It connects with `FINTWIN_OWNER_DATABASE_URL`, which no running service ever sees, makes the roles and gives those their
passwords that have one in `FINTWIN_<ROLE>_PASSWORD`. Running it again changes nothing.

    FINTWIN_OWNER_DATABASE_URL=postgresql://postgres@db/fintwin FINTWIN_API_PASSWORD=... fintwin migrate
"""

import asyncio
import os

import rich_click as click

from fintwin.settings import SettingsError, role_passwords


@click.command()
def migrate() -> None:
    """Create or upgrade the tables and roles in the database of FINTWIN_OWNER_DATABASE_URL."""
    from fintwin.store.migrate import MigrationError
    from fintwin.store.migrate import migrate as run_migrations

    url = os.environ.get("FINTWIN_OWNER_DATABASE_URL")
    if not url:
        msg = "FINTWIN_OWNER_DATABASE_URL is not set: `fintwin migrate` connects with it as an administrator."
        raise SettingsError(msg)
    try:
        ran = asyncio.run(run_migrations(url, role_passwords(os.environ)))
    except (MigrationError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Ran {', '.join(ran)}." if ran else "Nothing to do: the database is up to date.")
