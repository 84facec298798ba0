"""`fintwin head export`: the end of the log, signed, to be kept where nobody who can change the log can change it.

`fintwin verify --head FILE` holds the log against it later. `fintwin head key` prints the public key that goes with it.

    $ fintwin head export --output head-2026-01.json
    position 49481, hash 3f2a...
"""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from fintwin.cli.output import reader_may_leave, written
from fintwin.cli.servers import servers_for
from fintwin.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from fintwin.audit.heads import SignedHead, Signer


@click.group()
def head() -> None:
    """Sign the end of the log, and show the key that signs."""


@head.command()
@click.option("--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-",
              help="The file to write. Default: standard output.")  # fmt: skip
def export(output: Path) -> None:
    """Write the position and the hash of the log's end, signed."""
    import msgspec

    with servers_for(os.environ, _say) as environment:
        settings = load(environment)
        signer = _signer(settings)
        found = asyncio.run(_head(settings))
    with reader_may_leave(), written(output) as file:
        file.write(msgspec.json.format(msgspec.json.encode(signer.sign(found)), indent=2) + b"\n")
    _say(f"position {found.position}, hash {found.hash}")


@head.command()
def key() -> None:
    """Print the public key (base64) that the signatures of this installation fit."""
    with servers_for(os.environ, _say) as environment:
        click.echo(_signer(load(environment)).public_key)


async def _head(settings: Settings) -> "SignedHead":
    from fintwin.audit.heads import SignedHead
    from fintwin.store.auditing import auditing, log_end
    from fintwin.store.shard import SHARD

    async with auditing(settings.database_url("auditor")) as connection:
        end = await log_end(connection)
    if end.position == 0:
        msg = "The log is empty: there is nothing to sign yet."
        raise SettingsError(msg)
    return SignedHead(
        shard=SHARD,
        position=end.position,
        hash=end.hash.hex(),
        recorded_at=end.recorded_at,
        exported_at=datetime.now(UTC),
    )


def _signer(settings: Settings) -> "Signer":
    from fintwin.audit.heads import Signer

    if settings.signing_key is None:
        msg = "FINTWIN_SIGNING_KEY is not set: it signs heads, give it 32 random bytes in base64."
        raise SettingsError(msg)
    return Signer(settings.signing_key)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
