"""`fintwin tail`: the published stream as it comes, for people and for programs.

What is missing in the stream, because it was trimmed or Redis lost it, is read from the log: every position is shown once and in
order. Exit code 0: shown; 2: the question or the servers are not right. A reader may stop reading.

    $ fintwin tail                                  # the last ten events
    $ fintwin tail --from 0 --format ndjson | jq 'select(.type == "Deposited")'
    $ fintwin tail --follow --account 0198c0de-0000-7000-8000-00000000002a
"""

import asyncio
import contextlib
import csv
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import rich_click as click

from fintwin.cli.output import reader_may_leave
from fintwin.cli.servers import servers_for
from fintwin.settings import SettingsError, load

if TYPE_CHECKING:
    from fintwin.store.connect import Pool
    from fintwin.subscribe import Event, Refill

LAST_EVENTS = 10
COLUMNS = (
    "position", "recorded_at", "stream", "stream_id", "version", "type", "effective_at", "user_id", "transaction_id", "payload",
)  # fmt: skip


@click.command()
@click.option("--from", "after", type=click.IntRange(0), help="Begin after this position; 0 is the beginning of the log. "
              f"Default: the last {LAST_EVENTS} events.")  # fmt: skip
@click.option("-f", "--follow", is_flag=True, help="Go on with what is published, until Ctrl-C.")
@click.option("--user", type=click.UUID, help="Only events of this user.")
@click.option("--account", type=click.UUID, help="Only events of this account.")
@click.option("--format", "form", type=click.Choice(["table", "ndjson", "csv"]), default="table", show_default=True)
def tail(*, after: int | None, follow: bool, user: UUID | None, account: UUID | None, form: str) -> None:
    """Show the published stream."""
    said_elsewhere = servers_for(os.environ, lambda sentence: click.echo(sentence, err=True))
    with said_elsewhere as environment, reader_may_leave(), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_tail(environment, after, (user, account), form, follow=follow))


async def _tail(
    environment: Mapping[str, str], after: int | None, only: tuple[UUID | None, UUID | None], form: str, *, follow: bool
) -> None:
    from fintwin.store.connect import open_pool
    from fintwin.subscribe import Subscription

    settings = load(environment)
    if settings.redis_url is None:
        msg = "REDIS_URL is not set: nothing is published. `fintwin replay` and `fintwin export` read the log itself."
        raise SettingsError(msg)
    pool = await open_pool(settings.database_url("publisher"), size_max=1, name="fintwin tail")
    async with pool:
        end = await _stream_end(settings.redis_url)
        if after is None:
            after = max(0, end - LAST_EVENTS)
        show = _SHOWN[form]()
        subscription = Subscription(settings.redis_url, after=after, refill=_from_log(pool), follow=follow)
        async with subscription:
            async for event in subscription:
                if only[0] not in {None, event.user_id} or not _of_account(event, only[1]):
                    continue
                show.event(event)
                if follow:
                    sys.stdout.flush()


async def _stream_end(redis_url: str) -> int:
    from fintwin.publisher.envelope import stream_name
    from fintwin.publisher.redis_stream import REFUSED, UNREACHABLE, ForeignError, RedisStream, open_redis

    async with open_redis(redis_url) as client:
        try:
            return (await RedisStream(client, stream_name(0)).end()).position
        except (*UNREACHABLE, REFUSED) as error:
            msg = f"Redis cannot be used: {error}. `fintwin replay` and `fintwin export` read the log itself."
        except ForeignError as error:
            msg = f"{error}."
    raise SettingsError(msg)


def _of_account(event: "Event", account: UUID | None) -> bool:
    return account is None or (event.stream == "account" and event.stream_id == account)


def _from_log(pool: "Pool") -> "Refill":
    import msgspec

    from fintwin.publisher.envelope import StoredEventBody, as_json
    from fintwin.store import publishing

    async def refill(after: int, limit: int) -> "Sequence[Event]":
        rows = await publishing.page_after(pool, after, limit)
        return [msgspec.json.decode(as_json(row), type=StoredEventBody) for row in rows]

    return refill


class _Table:
    """A line for people. The other formats have the same method."""

    def event(self, one: "Event") -> None:
        """One event."""
        stream = f"{one.stream} {one.stream_id}"
        sys.stdout.write(
            f"{one.position:>9} {one.recorded_at:%Y-%m-%d %H:%M:%S} {stream:<50} {one.type:<22} {one.payload}\n"
        )


class _Lines(_Table):
    """The JSON of the entry."""

    def event(self, one: "Event") -> None:
        """One event."""
        import msgspec

        sys.stdout.write(msgspec.json.encode(one).decode() + "\n")


class _Csv(_Table):
    """A row for each event below the names of the columns."""

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def event(self, one: "Event") -> None:
        """One event."""
        times = {"recorded_at": one.recorded_at.isoformat(), "effective_at": one.effective_at.isoformat()}
        self._writer.writerow([times.get(name, getattr(one, name)) for name in COLUMNS])


_SHOWN = {"table": _Table, "ndjson": _Lines, "csv": _Csv}
