"""`fintwin verify`: proves that nothing in the log was changed, and that everything made from the log is its replay.

Names the first bad position and what is wrong. Exit code 0: all is sound; 1: something is wrong; 2: it could not be looked at.

    $ fintwin verify --head head-2026-01.json
    49,481 events up to position 49,481, 2,458 heads and 21,342 rows of 9 read models verified in 4.2 s
    hash 3f2a...
    CZK: 39296720.10 on accounts, -39296720.10 outside, 0.00 in transit
    Nothing is wrong.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from fintwin.cli.output import give_way, reader_may_leave
from fintwin.cli.servers import servers_for
from fintwin.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from fintwin.audit.heads import SignedHead
    from fintwin.audit.verify import Report
    from fintwin.publisher.redis_stream import RedisStream
    from fintwin.store.connect import Connection

FOUND_WRONG = 1
IN_THIS_PROCESS_MAX = 20_000


@click.command()
@click.option("--head", "heads", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True,
              help="A head exported before: shows a cut-off tail and a rewritten past.")  # fmt: skip
@click.option("--since", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Trust the log up to this exported head, and look only at what came after it.")  # fmt: skip
@click.option(
    "--public-key", help="The key that the heads were signed with (base64). Default: this installation's own."
)
@click.option("--read-models/--no-read-models", default=True, show_default=True, help="Compare read models as well.")
@click.option("--jobs", type=click.IntRange(1), help="Number of processes. Default: one for each core.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def verify(
    *,
    heads: tuple[Path, ...],
    since: Path | None,
    public_key: str | None,
    read_models: bool,
    jobs: int | None,
    form: str,
) -> None:
    """Verify the log, its heads and the read models."""
    with servers_for(os.environ, lambda sentence: click.echo(sentence, err=True), empty_redis=False) as environment:
        give_way()
        report = asyncio.run(_verify(environment, heads, since, public_key, read_models=read_models, jobs=jobs))
    code = 0 if report.sound else FOUND_WRONG
    with reader_may_leave(code):
        click.echo(_json(report) if form == "json" else _text(report))
    sys.exit(code)


async def _verify(
    environment: Mapping[str, str],
    heads: Sequence[Path],
    since: Path | None,
    public_key: str | None,
    *,
    read_models: bool,
    jobs: int | None,
) -> "Report":
    from rich.console import Console
    from rich.progress import Progress

    from fintwin.audit.processes import Processes
    from fintwin.audit.verify import OneAfterTheOther
    from fintwin.audit.verify import verify as run_verify
    from fintwin.publisher.redis_stream import REFUSED
    from fintwin.store.auditing import auditing, log_end

    settings = load(environment)
    signed = [_signed(path, public_key, settings) for path in heads]
    start = _signed(since, public_key, settings) if since else None
    url = settings.database_url("auditor")
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(auditing(url))
        published = await _published(stack, connection, settings)
        models = await _comparable(connection) if read_models else []
        events = (await log_end(connection)).position - (start.position if start else 0)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("verify", total=None)

            def show(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            options: dict[str, Any] = {
                "models": models,
                "after": start.position if start else 0,
                "signed": [*signed, start] if start else signed,
                "published": published,
                "progress": show,
            }
            count = jobs or os.cpu_count() or 1
            try:
                if count == 1 or events < IN_THIS_PROCESS_MAX:
                    return await run_verify(connection, OneAfterTheOther(connection), **options)
                with Processes(url, count) as processes:
                    return await run_verify(connection, processes, **options)
            except REFUSED as error:
                msg = f"Redis was lost while the published stream was compared ({error}): try again."
                raise SettingsError(msg) from None


async def _comparable(connection: "Connection") -> list[str]:
    """Read models whose live build was made by the folds of this version."""
    from fintwin.projections.catalogue import READ_MODELS
    from fintwin.projector.sources import sources_of
    from fintwin.store.building import builds

    live = {build.model: build for build in await builds(connection) if build.state == "live"}
    names = []
    for model in READ_MODELS:
        build = live.get(model.name)
        if build is None or not build.is_of(sources_of(model)):
            why = "it has not been built yet" if build is None else "it was built by another version of its fold"
            click.echo(f"{model.name} is not compared: {why}", err=True)
            continue
        if build.fault is not None:
            click.echo(f"{model.name} stands still at position {build.fault_position}: {build.fault}", err=True)
        names.append(model.name)
    return names


async def _published(stack: AsyncExitStack, connection: "Connection", settings: Settings) -> "RedisStream | None":
    """The stream, where there is one that can be asked."""
    from fintwin.publisher.envelope import stream_name
    from fintwin.publisher.redis_stream import REFUSED, UNREACHABLE, RedisStream, open_redis
    from fintwin.store import publishing

    if await publishing.status(connection) is None:
        return None
    if settings.redis_url is None:
        click.echo("the published stream is not compared: there is no Redis to ask", err=True)
        return None
    client = await stack.enter_async_context(open_redis(settings.redis_url))
    try:
        await client.type(stream_name(0))
    except (*UNREACHABLE, REFUSED) as error:
        click.echo(f"the published stream is not compared: Redis cannot be used ({error})", err=True)
        return None
    return RedisStream(client, stream_name(0))


def _signed(path: Path, public_key: str | None, settings: Settings) -> "SignedHead":
    import msgspec

    from fintwin.audit.heads import SignatureError, Signed, Signer, opened

    if public_key is None:
        if settings.signing_key is None:
            msg = "FINTWIN_SIGNING_KEY is not set: say with --public-key which key has signed the head."
            raise SettingsError(msg)
        public_key = Signer(settings.signing_key).public_key
    try:
        return opened(msgspec.json.decode(path.read_bytes(), type=Signed), public_key)
    except (SignatureError, msgspec.DecodeError) as error:
        msg = f"{path} is not a head to rely on: {error}"
        raise SettingsError(msg) from None


def _json(report: "Report") -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(report), indent=2)


def _text(report: "Report") -> str:
    from fintwin.domain.money import to_decimal

    after = f" after position {report.after:,}" if report.after else ""
    models = f" and {report.rows:,} rows of {len(report.read_models)} read models" if report.read_models else ""
    events = f"{report.events:,} events{after} up to position {report.position:,}"
    if report.published is not None:
        models += f" and {report.published:,} published entries"
    lines = [f"{events}, {report.heads:,} heads{models} verified in {report.seconds:.1f} s", f"hash {report.hash}"]
    lines += [
        f"{book.currency}: {to_decimal(book.accounts_minor, book.currency)} on accounts, "
        f"{to_decimal(book.world_minor, book.currency)} outside, "
        f"{to_decimal(book.transit_minor, book.currency)} in transit"
        for book in report.books
    ]
    if report.signed_heads:
        lines.append(f"signed heads compared: {report.signed_heads}")
    if report.sound:
        return "\n".join([*lines, "Nothing is wrong."])
    shown = [f"  {fault.sentence()}" for fault in report.faults]
    more = report.fault_count - len(report.faults)
    title = f"{report.fault_count:,} faults; look at the first one first:"
    return "\n".join([*lines, title, *shown, *([f"  and {more:,} more"] if more else [])])
