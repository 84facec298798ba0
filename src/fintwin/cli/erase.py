"""`fintwin erase USER`: destroys a user's key, after which nobody reads their names, notes and contacts any more.

It cannot be undone. `--again` finishes erasures that were interrupted, and erases anew whose keys came back with an old dump.
`--sweep` overwrites what the database's files still hold of destroyed keys, as an administrator. See docs/erasure.md.

    $ fintwin erase 0198c0de-0000-7000-8000-00000000002a --sweep
    This makes everything personal of 0198c0de-0000-7000-8000-00000000002a unreadable, for good. Type the id again: ...
    erased: key, 3 further tables; 2 accounts frozen
    swept: the table of keys is new, 5 segments of the write-ahead log are overwritten
"""

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import rich_click as click

from fintwin.cli.servers import administrator_for, servers_for
from fintwin.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from fintwin.identity.erasure import Erased


@click.command()
@click.argument("user", type=click.UUID, required=False)
@click.option("--again", is_flag=True, help="Everybody whom the log calls erased and whose key is there.")
@click.option("--sweep", is_flag=True, help="Overwrite the bytes of destroyed keys in the database's files.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(user: UUID | None, *, again: bool, sweep: bool, yes: bool) -> None:
    """Make everything personal of USER unreadable, for good."""
    if user is not None and again:
        msg = "USER names one user and --again all who were erased: give only one of them."
        raise SettingsError(msg)
    if user is None and not again and not sweep:
        msg = "Say whom: a user's id, or --again, or --sweep alone."
        raise SettingsError(msg)
    if user is not None and not yes:
        click.echo(f"This makes everything personal of {user} unreadable, for good.")
        if click.prompt("Type the id again", type=str).strip() != str(user):
            msg = "That is another id. Nothing was erased."
            raise SettingsError(msg)
    say = lambda sentence: click.echo(sentence, err=True)  # noqa: E731
    if user is not None or again:
        _erase(user, say)
    if sweep:
        _sweep(say)


def _erase(user: UUID | None, say: Callable[[str], None]) -> None:
    with servers_for(os.environ, say) as environment:
        done = asyncio.run(_erased(load(environment), user))
    if user is None:
        click.echo(f"erased again: {len(done)}")
    for one in done:
        others = len(set(one.tables) - {"vault.user_key"})
        key = "key" if "vault.user_key" in one.tables else "no key was left"
        click.echo(f"erased: {key}, {others} further tables; {one.frozen} accounts frozen")
    if done and not done[-1].rewritten:
        click.echo("The bytes of the key are still in the database's files: run `fintwin erase --sweep`.")


async def _erased(settings: Settings, user: UUID | None) -> "list[Erased]":
    from fintwin.bootstrap import open_services
    from fintwin.identity.erasure import ErasureUnavailableError, UnknownUserError
    from fintwin.ledger.submission import LedgerBusyError, OutcomeUnknownError
    from fintwin.store.auditing import auditing
    from fintwin.store.erasing import erased_with_key

    async with open_services(settings) as services:
        users = [user] if user is not None else []
        if user is None:
            async with auditing(settings.database_url("auditor")) as auditor:
                users = await erased_with_key(auditor)
        try:
            return [await services.erasure.erase(one) for one in users]
        except UnknownUserError:
            msg = "There is no such user."
            raise SettingsError(msg) from None
        except ErasureUnavailableError:
            msg = "FINTWIN_ERASER_DATABASE_URL is not set: this part connects as the role fintwin_eraser."
            raise SettingsError(msg) from None
        except (LedgerBusyError, OutcomeUnknownError):
            msg = "The database was lost on the way: run the same command again, it finishes what was begun."
            raise SettingsError(msg) from None


def _sweep(say: Callable[[str], None]) -> None:
    from fintwin.store.erasing import SweepRefusedError, sweep

    with administrator_for(os.environ, say) as url:
        try:
            segments = asyncio.run(sweep(url))
        except SweepRefusedError:
            msg = "This administrator may not write a checkpoint or switch the write-ahead log: sweep as a superuser."
            raise SettingsError(msg) from None
    click.echo(f"swept: the table of keys is new, {segments} segments of the write-ahead log are overwritten")
