"""Building all read models from the log, against reading and decoding the same events.

make bench ARGS=read_models
"""

import asyncio
import datetime as dt
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
from fintwin.projector.rebuild import rebuild_all
from fintwin.projector.runner import Projector
from fintwin.projector.sources import sources_of
from fintwin.store import building, projecting
from fintwin.store.connect import Pool, open_pool
from tests.bench.report import Section, Target
from tests.projections.histories import put_into_log
from tests.projector.projecting_tools import wait_until_caught_up
from tests.projector.test_histories import FOLDER, real_events

PAIRS = 3


def measure(servers: EmbeddedServers) -> Section:
    """The chapter."""
    rest_garbage_collection()
    return uvloop.run(_measure(servers))


async def _measure(servers: EmbeddedServers) -> Section:
    section = Section("Read models", "", head=("what", "median"))
    events = real_events()[0] if FOLDER.exists() else long_history(UUID(int=3 << 90), 50_000, 1)
    url = servers.superuser_url_for("fintwin")
    pool = await open_pool(servers.role_urls_for("fintwin")["projector"], size_max=5)
    try:
        await put_into_log(url, events)
        await _building(pool, len(events), section)
    finally:
        await pool.close()
    source = "real" if FOLDER.exists() else "made"
    section.text = (
        f"All read models are built from {len(events):,} {source} events in one pass over the log; the measure is reading and "
        f"decoding the same events in batches of {BATCH_EVENTS:,}. `fintwin rebuild all` builds all of them beside the live ones "
        f"in one pass, compares them with the live ones and switches readers."
    )
    return section


async def _building(pool: Pool, events: int, section: Section) -> None:
    await _read_all(pool)
    pairs = [(await _read_all(pool), await _build_all(pool)) for _ in range(PAIRS)]
    ratio = median(built / read for read, built in pairs)
    section.targets.append(Target("building all / reading and decoding", ratio, 4, at_most=True))
    section.rows.append(("reading and decoding", f"{median(read for read, _ in pairs) / events * 1e6:.1f} µs an event"))
    section.rows.append(("building all", f"{median(built for _, built in pairs) / events * 1e6:.1f} µs an event"))
    start = perf_counter()
    await rebuild_all(pool, [(model, sources_of(model)) for model in READ_MODELS])
    section.rows.append(
        ("`rebuild all`, with the comparison", f"{(perf_counter() - start) / events * 1e6:.1f} µs an event")
    )


async def _read_all(pool: Pool) -> float:
    types = frozenset(event.__name__ for model in READ_MODELS for event in model.events)
    start = perf_counter()
    position, ended = 0, False
    while not ended:
        async with pool.acquire() as connection:
            rows, ended = await projecting.log_after(connection, position, BATCH_EVENTS)
        batch = decoded(position, rows, types, last_of_log=ended)
        position = batch.ended
    return perf_counter() - start


async def _build_all(pool: Pool) -> float:
    async with pool.acquire() as connection:
        for build in await building.builds(connection):
            await building.drop(connection, next(m for m in READ_MODELS if m.name == build.model), build.version)
    start = perf_counter()
    await _project(pool)
    return perf_counter() - start


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
