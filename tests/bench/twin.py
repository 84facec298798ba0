"""Forking a history of 10,000 events, cold and from a snapshot, and 10,000 futures of 30 years.

make bench ARGS=twin
"""

import asyncio
import datetime as dt
from statistics import median
from time import perf_counter
from uuid import UUID

from fintwin.embedded import EmbeddedServers
from fintwin.garbage import rest_garbage_collection
from fintwin.simulations.snapshots import Snapshots
from fintwin.store.connect import open_connection
from fintwin.store.twin_reading import history
from fintwin.twin import scenario as ask
from fintwin.twin.answer import Simulation, answer
from fintwin.twin.fork import replay
from tests.bench import twin_monte_carlo
from tests.bench.read_models import long_history
from tests.bench.report import Section, Target
from tests.projections.histories import put_into_log

EVENTS = 10_000
PAIRS = 5
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
USER = UUID(int=7 << 90)


def measure(servers: EmbeddedServers) -> Section:
    """The chapter."""
    rest_garbage_collection()
    return asyncio.run(_measure(servers))


async def _measure(servers: EmbeddedServers) -> Section:
    await put_into_log(servers.superuser_url_for("fintwin"), long_history(USER, EVENTS, 1))
    connection = await open_connection(servers.role_urls_for("fintwin")["twin"])
    reads, forks, warm = [], [], []
    try:
        await history(connection, USER)
        snapshots = Snapshots()
        fork, outlook = await snapshots.current(connection, USER, NOW)
        for _ in range(PAIRS):
            start = perf_counter()
            events, _ = await history(connection, USER)
            reads.append(perf_counter() - start)
            start = perf_counter()
            events, _ = await history(connection, USER)
            replay(USER, events, at=NOW)
            forks.append(perf_counter() - start)
            start = perf_counter()
            await snapshots.current(connection, USER, NOW)
            warm.append(perf_counter() - start)
        assert snapshots.hits == PAIRS, "every fork but the first came from the snapshot"
    finally:
        await connection.close()
    start = perf_counter()
    answer(Simulation(fork, outlook, ask.Document(horizon_months=120)))
    ran = perf_counter() - start
    chance = twin_monte_carlo.run()
    read, cold, hot = median(reads), median(forks), median(warm)
    return Section(
        "The twin",
        f"One user with {EVENTS:,} events, read as the twin's role. Cold: reading, decoding and folding all read models; the "
        "measure is reading and decoding alone. Futures: 10,000 paths of 360 months, baseline and scenario together, totals "
        "only; the measure is drawing the normals with NumPy.",
        head=("what", "median"),
        rows=[
            ("reading and decoding", f"{read * 1e3:.0f} ms"),
            ("cold fork", f"{cold * 1e3:.0f} ms"),
            ("fork from a snapshot", f"{hot * 1e3:.1f} ms"),
            ("baseline and scenario, 120 months, all folds", f"{ran * 1e3:.0f} ms"),
            ("futures", f"{chance['simulate_ms']:.0f} ms"),
        ],
        targets=[
            Target("cold fork / reading and decoding", cold / read, 3, at_most=True),
            Target("fork from a snapshot / cold", hot / cold, 0.25, at_most=True),
            Target("futures / drawing the normals", chance["simulate_to_normals"], 6, at_most=True),
        ],
    )
