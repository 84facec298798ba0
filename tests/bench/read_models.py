"""Building all read models from the log, against reading and decoding the same events.

make bench ARGS=read_models

Both are done by processes that have done nothing before, as commands are:

python -m tests.bench.read_models build|read URL     # seconds, on standard output
"""

import asyncio
import datetime as dt
import subprocess
import sys
from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import uvloop

from fintwin.domain.accounts import AccountOpened, Deposited
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.embedded import EmbeddedServers
from fintwin.garbage import rest_garbage_collection
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projector.applying import BATCH_EVENTS
from fintwin.projector.batch import decoded
from fintwin.projector.crew import Crew, cores
from fintwin.projector.filling import crew_for
from fintwin.projector.rebuild import build_all, rebuild_all
from fintwin.projector.runner import Projector
from fintwin.projector.sources import sources_of
from fintwin.store import building, projecting
from fintwin.store.connect import Pool, open_pool
from tests.bench.report import Section, Target
from tests.projections.histories import put_into_log
from tests.projector.projecting_tools import wait_until_caught_up
from tests.projector.test_histories import FOLDER, real_events

PAIRS = 9
WANTED = [(model, sources_of(model)) for model in READ_MODELS]


def measure(servers: EmbeddedServers) -> Section:
    """The chapter."""
    rest_garbage_collection()
    section = Section("Read models", "", head=("what", "median"))
    events = real_events()[0] if FOLDER.exists() else long_history(UUID(int=3 << 90), 50_000, 1)
    uvloop.run(put_into_log(servers.superuser_url_for("fintwin"), events))
    url = servers.role_urls_for("fintwin")["projector"]
    first = uvloop.run(_project_all(url))
    pairs = [(_anew("read", url), _anew("build", url)) for _ in range(PAIRS)]
    ratio = median(built / read for read, built in pairs)
    section.targets.append(Target("building all / reading and decoding", ratio, 4, at_most=True))
    with crew_for(READ_MODELS, url, size=cores()) as crew:
        whole = uvloop.run(_rebuild(url, crew))
    for what, seconds in (
        ("reading and decoding", median(read for read, _ in pairs)),
        ("building all", median(built for _, built in pairs)),
        ("`rebuild all`, with the comparison", whole),
        ("a projector's first building", first),
    ):
        section.rows.append((what, f"{seconds / len(events) * 1e6:.1f} µs an event"))
    source = "real" if FOLDER.exists() else "made"
    section.text = (
        f"All read models are built from {len(events):,} {source} events as `fintwin rebuild all` builds them beside the live "
        f"ones, by {cores()} processes, from forking these to the checkpoints; the measure is reading and decoding the same "
        f"events in batches of {BATCH_EVENTS:,}, by one process. Each time both are done by a new process, as commands are. "
        f"The whole command then compares the new builds with the live ones and switches readers. A projector that begins with "
        f"nothing builds them in one process."
    )
    return section


def _anew(what: str, url: str) -> float:
    """Seconds that a new process took."""
    command = [sys.executable, "-m", "tests.bench.read_models", what, url]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


async def _read_all(url: str) -> float:
    types = frozenset(event.__name__ for model in READ_MODELS for event in model.events)
    pool = await open_pool(url, size_max=1)
    start = perf_counter()
    position, ended = 0, False
    while not ended:
        async with pool.acquire() as connection:
            rows, ended = await projecting.log_after(connection, position, BATCH_EVENTS)
        batch = decoded(position, rows, types, last_of_log=ended)
        position = batch.ended
    seconds = perf_counter() - start
    await pool.close()
    return seconds


def _built(url: str) -> float:
    """Seconds for new builds beside the live ones, which are dropped again; the processes' start is part of it."""
    start = perf_counter()
    with crew_for(READ_MODELS, url, size=cores()) as crew:
        forked = perf_counter() - start
        assert crew.size == cores(), "this process has threads"
        return forked + uvloop.run(_build(url, crew))


async def _build(url: str, crew: Crew) -> float:
    pool = await open_pool(url, size_max=2 * cores() + 2)
    start = perf_counter()
    anew = await build_all(pool, WANTED, crew=crew, progress=lambda _done, _total: None)
    seconds = perf_counter() - start
    async with pool.acquire() as connection:
        positions = {one.position for one in await building.builds(connection)}
        assert positions == {await projecting.log_position(connection)}, "all of it is built"
        for one in anew:
            await building.drop(connection, one.folding.model, one.folding.version)
    await pool.close()
    return seconds


async def _rebuild(url: str, crew: Crew) -> float:
    pool = await open_pool(url, size_max=2 * cores() + 2)
    start = perf_counter()
    reports = await rebuild_all(pool, WANTED, crew=crew, side_by_side=cores())
    seconds = perf_counter() - start
    assert all(report.compared and not report.differing_rows for report in reports)
    await pool.close()
    return seconds


async def _project_all(url: str) -> float:
    pool = await open_pool(url, size_max=5)
    start = perf_counter()
    await _project(pool)
    seconds = perf_counter() - start
    await pool.close()
    return seconds


async def _project(pool: Pool, models: Sequence[Any] = READ_MODELS) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(Projector(pool, holder="bench", models=models).run(stop))
    await wait_until_caught_up(pool, models, patience_s=300, pause_s=0.03)
    stop.set()
    await task


def long_history(user: UUID, size: int, first: int) -> list[Recorded]:
    """One user's deposits over ten years, positions from ``first`` on."""
    begin = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
    events = []
    for number in range(size + 1):
        at = begin + dt.timedelta(days=3650 * number / size)
        happened: Any = Deposited(amount_minor=100 + number % 7, currency="EUR", note="s1." + "x" * 40)
        if number == 0:
            happened = AccountOpened(name="s1.x", kind="checking", currency="EUR")
        events.append(
            Recorded(
                shard=0, position=first + number, stream_kind=StreamKind.ACCOUNT, stream_id=user, version=number + 1,
                user_id=user, type=type(happened).__name__, schema_version=1, transaction_id=UUID(int=user.int + number),
                effective_at=at, recorded_at=at, event=happened, metadata={},
            )
        )  # fmt: skip
    return events


if __name__ == "__main__":
    rest_garbage_collection()
    sys.stdout.write(str(_built(sys.argv[2]) if sys.argv[1] == "build" else uvloop.run(_read_all(sys.argv[2]))))
