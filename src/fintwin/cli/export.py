"""`fintwin export`: the books for other programs, or the whole log as a file.

`beancount` and `hledger` are journals with balance assertions, `csv` and `parquet` one row per posting, `ndjson` the events
themselves with their hashes, which `fintwin restore` reads back. The same log up to the same position gives the same bytes.

    $ fintwin export --format hledger --output books.journal
    $ hledger -f books.journal check --strict
"""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID

import rich_click as click

from fintwin.cli.output import give_way, reader_may_leave, written
from fintwin.cli.servers import servers_for
from fintwin.settings import SettingsError, load

if TYPE_CHECKING:
    from fintwin.audit.export import TextForm
    from fintwin.store.connect import Connection

UNKNOWN = 3


@click.command()
@click.option(
    "--format", "form", required=True, type=click.Choice(["beancount", "hledger", "csv", "ndjson", "parquet"])
)
@click.option("--user", type=click.UUID, help="Only this user's events. Default: everybody's.")
@click.option("--to-position", type=click.IntRange(0), help="Up to this position. Default: the end of the log.")
@click.option("--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-",
              help="The file to write. Default: standard output.")  # fmt: skip
def export(form: str, user: UUID | None, to_position: int | None, output: Path) -> None:
    """Write the books or the log to a file."""
    said = servers_for(os.environ, lambda sentence: click.echo(sentence, err=True))
    with said as environment, reader_may_leave(), written(output) as file:
        code = asyncio.run(_export(environment, form, user, to_position, file))
        if code != 0:
            sys.exit(code)


async def _export(
    environment: Mapping[str, str], form: str, user: UUID | None, to_position: int | None, target: BinaryIO
) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from fintwin.audit import export as exports
    from fintwin.store.auditing import auditing, log_end, streams_of

    async with auditing(load(environment).database_url("auditor")) as connection:
        end = (await log_end(connection)).position
        until = end if to_position is None else min(to_position, end)
        if user is not None and not await streams_of(connection, user):
            click.echo("There is no such user.", err=True)
            return UNKNOWN
        give_way()
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("export", total=until)

            def show(done: int) -> None:
                bar.update(task, completed=done)

            if form == "ndjson":
                async for piece in exports.events_export(connection, user=user, until=until, progress=show):
                    target.write(piece)
            elif form == "parquet":
                await _parquet(connection, user, until, target, show)
            else:
                text = _text_form(form)
                async for lines in exports.text_export(connection, text, user=user, until=until, progress=show):
                    target.write(lines.encode())
    target.flush()
    return 0


async def _parquet(
    connection: "Connection", user: UUID | None, until: int, target: BinaryIO, show: Callable[[int], None]
) -> None:
    from fintwin.audit.export import transactions
    from fintwin.audit.tables import ParquetTable

    try:
        table = ParquetTable(target)
    except ImportError:
        msg = "Parquet needs pyarrow: install fintwin[parquet]."
        raise SettingsError(msg) from None
    async for page in transactions(connection, user=user, until=until, progress=show):
        for transaction in page:
            table.take(transaction)
    table.end()


def _text_form(form: str) -> "TextForm":
    from fintwin.audit.journal import Beancount, Hledger
    from fintwin.audit.tables import CsvTable

    forms: dict[str, type[TextForm]] = {"beancount": Beancount, "hledger": Hledger, "csv": CsvTable}
    return forms[form]()
