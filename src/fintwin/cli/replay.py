"""`fintwin replay`: what happened to a user or an account, event by event, and what they are after it.

Exit code 0: shown; with `--diff` 0: the same, 1: different; 2: it could not be looked at; 3: there is no such user or account.

    $ fintwin replay --account 0198c0de-0000-7000-8000-00000000002a --as-of 2026-03-01
    $ fintwin replay --user 0198c0de-0000-7000-8000-00000000002a --format ndjson | jq 'select(.type == "Withdrawn")'
    $ fintwin replay --user 0198c0de-0000-7000-8000-00000000002a --diff 120 2026-03-01
"""

import asyncio
import contextlib
import csv
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rich_click as click

from fintwin.cli.output import reader_may_leave
from fintwin.cli.replay_formats import WRITERS, Table, as_json
from fintwin.cli.servers import servers_for
from fintwin.settings import load

if TYPE_CHECKING:
    from fintwin.audit.history import Point, Replay, Subject
    from fintwin.store.connect import Connection

DIFFERENT = 1
UNKNOWN = 3
FOLLOW_S = 0.25


class Moment(click.ParamType[Any]):
    """A time with its zone, or a day (its end, UTC)."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See the class."""
        from fintwin.audit.history import moment

        try:
            return moment(value)
        except ValueError as error:
            self.fail(f"{value!r} is neither a day nor a time: {error}", param, ctx)


class AnyPoint(click.ParamType[Any]):
    """A position, or a time by which it was known."""

    name = "point"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See the class."""
        from fintwin.audit.history import point_of

        try:
            return point_of(value)
        except ValueError as error:
            self.fail(f"{value!r} is neither a position nor a time: {error}", param, ctx)


@click.command()
@click.option("--user", type=click.UUID, help="All streams of a user.")
@click.option("--account", type=click.UUID, help="One account.")
@click.option("--to-position", type=click.IntRange(0), help="Up to this position of the log.")
@click.option("--known-at", type=Moment(), help="What had been recorded by then.")
@click.option("--as-of", type=Moment(), help="What counted by then, whenever it was recorded.")
@click.option("--diff", nargs=2, type=AnyPoint(), metavar="A B", help="What is different between two points.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv", "ndjson"]), default="table",
              show_default=True)  # fmt: skip
@click.option("--follow", is_flag=True, help="Go on with what is appended, until Ctrl-C.")
def replay(*, user: UUID | None, account: UUID | None, diff: tuple[Any, Any] | None, form: str, follow: bool,
           **limits: Any) -> None:  # fmt: skip
    """Replay the history of a user or an account."""
    from fintwin.audit.history import Point

    if (user is None) == (account is None):
        msg = "Say whose history: --user or --account."
        raise click.UsageError(msg)
    if follow and (diff or any(limits.values()) or form == "json"):
        msg = "--follow goes on without an end: it takes no limit, no --diff and no --format json."
        raise click.UsageError(msg)
    point = Point(limits["to_position"], limits["known_at"], limits["as_of"])
    with servers_for(os.environ, lambda sentence: click.echo(sentence, err=True)) as environment, reader_may_leave():
        code = asyncio.run(_replay(environment, (user, account), point, diff, form, follow=follow))
    sys.exit(code)


async def _replay(
    environment: Mapping[str, str],
    whose: tuple[UUID | None, UUID | None],
    point: "Point",
    diff: "tuple[Point, Point] | None",
    form: str,
    *,
    follow: bool,
) -> int:
    from fintwin.audit.history import Replay, subject_of
    from fintwin.store.auditing import auditing

    async with auditing(load(environment).database_url("auditor")) as connection:
        subject = await subject_of(connection, user=whose[0], account=whose[1])
        if subject is None:
            click.echo("There is no such user or account.", err=True)
            return UNKNOWN
        if diff:
            return await _diff(connection, subject, diff, form)
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            await _show(connection, subject, Replay(point), WRITERS[form](), follow=follow)
    return 0


async def _show(connection: "Connection", subject: "Subject", replay: "Replay", writer: Table, *, follow: bool) -> None:
    from fintwin.audit.history import Pages

    pages = Pages(subject)
    writer.begin()
    while True:
        found = await pages.next(connection)
        for one in found:
            entry = replay.take(one)
            if entry is not None:
                writer.entry(entry)
        sys.stdout.flush()
        if not found and not follow:
            break
        if not found:
            await asyncio.sleep(FOLLOW_S)
    writer.end(replay.states())


async def _diff(connection: "Connection", subject: "Subject", points: "tuple[Point, Point]", form: str) -> int:
    from fintwin.audit.history import Pages, Replay, differences

    both = [Replay(point) for point in points]
    pages = Pages(subject)
    while found := await pages.next(connection):
        for one in found:
            for replay in both:
                replay.take(one)
    changes = differences(both[0].states(), both[1].states())
    if form in {"json", "ndjson"}:
        keys = ("stream", "field", "before", "after")
        lines = [as_json(dict(zip(keys, change, strict=True))) for change in changes]
        click.echo("\n".join(lines) if form == "ndjson" else f"[{', '.join(lines)}]")
    elif form == "csv":
        csv.writer(sys.stdout).writerows([("stream", "field", "before", "after"), *changes])
    else:
        click.echo(f"{both[0].count:,} events before, {both[1].count:,} after")
        for stream, field, before, after in changes:
            click.echo(f"{stream}: {field}: {_text(before)} -> {_text(after)}")
    return DIFFERENT if changes else 0


def _text(value: Any) -> str:
    return "-" if value is None else str(value)
