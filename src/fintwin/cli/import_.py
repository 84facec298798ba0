"""`fintwin import`: books a bank's file by a mapping, and holds every balance it tells against the ledger's.

It can be stopped and started again at any time: what is booked is known by its keys, so the same command goes on where it
ended, and a file imported twice adds nothing. The exit code is 0 when every row is in and every balance agrees, 1 when
something is to be looked at, 2 when the import was refused. docs/import.md explains mappings.

    $ fintwin import transactions.csv --map czech-bank.toml --owner per-account
    transactions.csv: 46,997 rows of 1,229 accounts (1,229 opened now, 26 given an overdraft limit)
    booked 46,997; in the ledger already 0; not booked 0
    balances compared 46,997; different 0
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from uuid import UUID

import rich_click as click

from fintwin.cli.servers import servers_for
from fintwin.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from fintwin.ledger.importing.booking import Report, Watcher
    from fintwin.ledger.importing.mapping import Mapping


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map", "mapping_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The mapping: a TOML file that says what the columns mean.",
)  # fmt: skip
@click.option(
    "--owner", type=click.Choice(["one", "per-account"]), default="one", show_default=True,
    help="One user for all accounts of the file, or a user for each.",
)  # fmt: skip
@click.option("--user", type=click.UUID, help="With --owner one: a user who is there already, by id.")
@click.option("--account", type=click.UUID, help="With --user: the account that the whole file goes into, by id.")
@click.option("--strict", is_flag=True, help="Book nothing unless the whole file is in order.")
def import_(
    file: Path,
    mapping_file: Path,
    owner: Literal["one", "per-account"],
    user: UUID | None,
    account: UUID | None,
    *,
    strict: bool,
) -> None:
    """Book the transactions of FILE."""
    from fintwin.ledger.importing.mapping import MappingError, read_mapping

    if user is not None and owner == "per-account":
        msg = "--user names one user, and --owner per-account makes one for each account: give only one of them."
        raise SettingsError(msg)
    if account is not None and user is None:
        msg = "--account needs --user: the account's owner."
        raise SettingsError(msg)
    try:
        mapping = read_mapping(mapping_file.read_text("utf-8"))
    except (MappingError, OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{mapping_file}: {error}") from None
    began = time.monotonic()
    with servers_for(os.environ, lambda sentence: click.echo(sentence, err=True), new=True) as environment:
        report, is_booked = asyncio.run(_import(load(environment), file, mapping, owner, user, account, strict=strict))
    _print_findings(file, report, mapping)
    if not is_booked:
        click.echo(f"{file.name}: nothing was booked, because it is not in order and the import is a strict one.")
        sys.exit(2)
    _print_summary(file, report, time.monotonic() - began)
    sys.exit(1 if report.bad.count or report.mismatches.count else 0)


async def _import(
    settings: Settings,
    file: Path,
    mapping: "Mapping",
    owner: str,
    user: UUID | None,
    account: UUID | None,
    *,
    strict: bool,
) -> "tuple[Report, bool]":
    """Runs the import; gives its report and whether anything was booked at all."""
    from fintwin.bootstrap import open_services
    from fintwin.ledger.importing.booking import Importer, StrictError
    from fintwin.ledger.importing.opening import ImportRefusedError, OneAccount, OneOwner, Ownership, PerAccount
    from fintwin.ledger.importing.reading import HeaderError
    from fintwin.ledger.submission import LedgerBusyError, OutcomeUnknownError

    file_bytes = file.stat().st_size  # noqa: ASYNC240 - before anything waits for us
    async with open_services(settings) as services:
        ownership: Ownership = PerAccount(services.identity)
        if owner == "one":
            ownership = OneOwner(services.identity, user)
        if user is not None and account is not None:
            ownership = OneAccount(user, account)
        with Progress(file_bytes) as progress:
            importer = Importer(services.ledger, services.pools["api"], mapping, ownership, progress.watch)
            try:
                return await importer.run(file, strict=strict), True
            except StrictError as error:
                return error.report, False
            except (HeaderError, ImportRefusedError) as error:
                raise SettingsError(f"{file}: {error}") from None
            except (LedgerBusyError, OutcomeUnknownError):
                msg = "The database was lost on the way. The same command goes on where it ended."
                raise SettingsError(msg) from None


class Progress:
    """Bars on the terminal; nothing where standard error is none."""

    def __init__(self, file_bytes: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._bytes = file_bytes
        self._task = self._bars.add_task("looking through", total=file_bytes)
        self._rows = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @property
    def watch(self) -> "Watcher":
        """What the importer calls."""
        return self._watch

    def _watch(self, step: str, done: int) -> None:
        if step == "rows":
            self._bars.update(self._task, description="booking rows", completed=done, total=self._rows)
        elif step == "planned":
            self._rows = done
            self._bars.update(self._task, description="opening accounts", completed=0, total=None)
        else:
            self._bars.update(self._task, completed=done)


def _print_summary(file: Path, report: "Report", seconds: float) -> None:
    accounts = f"{len(report.survey.accounts):,} accounts ({report.accounts_opened:,} opened now"
    lines = [
        f"{file.name}: {report.rows:,} rows of {accounts}, {report.overdrafts:,} given an overdraft limit)",
        f"booked {report.booked:,}; in the ledger already {report.repeated:,}; not booked {report.bad.count:,}",
    ]
    if report.empty or report.other_halves:
        lines.append(f"of amount zero {report.empty:,}; receiving side of a booked transfer {report.other_halves:,}")
    lines.append(f"balances compared {report.compared:,}; different {report.mismatches.count:,}")
    if not report.booked and report.repeated and not report.bad.count:
        lines.append("Nothing was added: the ledger has every row of this file.")
    lines.append(f"{seconds:.1f} s")
    click.echo("\n".join(lines))


def _print_findings(file: Path, report: "Report", mapping: "Mapping") -> None:
    """Every finding with file and line, on standard error."""
    from fintwin.domain.money import in_words

    bad = report.bad if report.bad.count else report.survey.bad
    mismatches = report.mismatches if report.mismatches.count else report.survey.mismatches
    shown: list[tuple[int, list[str]]] = [
        (bad.count, [f"{file}:{one.line}: {one.reason}" for one in bad.first]),
        (
            mismatches.count,
            [
                f"{file}:{one.line}: account {one.account}: the file tells {in_words(one.told_minor, one.currency)}, "
                f"the ledger has {in_words(one.expected_minor, one.currency)}"
                for one in mismatches.first
            ],
        ),
        (
            report.unexpected.count,
            [
                f"{file}:{one.line}: account {one.account} begins with {in_words(one.told_minor, one.currency)} here "
                f"and has {in_words(one.start_minor, one.currency)} in the ledger"
                for one in report.unexpected.first
            ],
        ),
    ]
    for count, lines in shown:
        for line in lines:
            click.echo(line, err=True)
        if count > len(lines):
            click.echo(f"... and {count - len(lines):,} more of this kind", err=True)
    if report.unexpected.count and mapping.opening == "zero":
        click.echo(
            'If the file begins in the middle of an account\'s life, say opening = "first-row" in the mapping.',
            err=True,
        )
    if report.survey.runs_backwards:
        order = "oldest-first" if mapping.file.order == "newest-first" else "newest-first"
        click.echo(f'The file seems to run the other way: say order = "{order}" under [file] in the mapping.', err=True)
