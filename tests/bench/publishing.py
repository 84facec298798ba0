"""The publisher: how fast it catches up, and how old an event is when a subscriber has it.

Catching up is held against a bare pipelined XADD of the same entries through the same client, 500 at a time, out of memory: the
publisher reads them from Postgres and makes them as well. The age is the time from the event's `recorded_at` (taken inside the
append, before it commits) until a process that waits with XREAD has it, while 64 connections deposit as fast as they are
answered; service, database, Redis, publisher, load and listener share the machine.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from fintwin.embedded import EmbeddedServers
from fintwin.publisher.envelope import stream_name
from fintwin.publisher.redis_stream import open_redis
from fintwin.publisher.runner import Publisher
from fintwin.store.connect import open_pool
from tests.bench.append import people, transfers_per_second
from tests.bench.load import Load, drive, request
from tests.bench.report import ROOT, Section, Target
from tests.bench.running import person, running

EVENTS = int(os.environ.get("BENCH_STREAM_EVENTS", "40000"))
PAIRS = int(os.environ.get("BENCH_PAIRS", "3"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
USERS = 64
PIPELINE = 500
NAME = stream_name(0)


async def catch_up(servers: EmbeddedServers, end: int) -> float:
    """Seconds that a publisher needs for the whole log."""
    client = open_redis(servers.redis_url)
    await client.delete(NAME)
    pool = await open_pool(servers.role_urls["publisher"], size_min=4, size_max=4)
    await pool.execute("UPDATE publish.stream SET position = 0, trimmed_position = 0")
    stop = asyncio.Event()
    began = time.perf_counter()
    running = asyncio.create_task(Publisher(pool, client, holder="bench", entries_max=10**9).run(stop))
    last: Any = None
    while not last or last[0][0] != f"{end}-0".encode():
        await asyncio.sleep(0.005)
        last = await client.xrevrange(NAME, count=1)
    seconds = time.perf_counter() - began
    stop.set()
    await running
    await pool.close()
    await client.aclose()
    return seconds


async def bare(servers: EmbeddedServers) -> float:
    """Seconds for the entries that are in the stream, into another one."""
    client = open_redis(servers.redis_url)
    entries: Any = await client.xrange(NAME)
    began = time.perf_counter()
    for first in range(0, len(entries), PIPELINE):
        pipeline = client.pipeline(transaction=False)
        for number, fields in entries[first : first + PIPELINE]:
            pipeline.xadd("bare", fields, id=number)
        await pipeline.execute()
    seconds = time.perf_counter() - began
    await client.delete("bare")
    await client.aclose()
    return seconds


def under_load(servers: EmbeddedServers) -> tuple[Load, list[float]]:
    """Deposits as fast as they are answered, and the age in ms of each event when it came."""
    with running(servers, "publisher") as (port, _):
        tokens = [person(port)[0] for _ in range(USERS)]

        def deposit(number: int) -> bytes:
            body = b'{"type":"deposit","amount":12.50,"note":"pay","category":"other"}'
            return request("POST", "/api/transactions/", tokens[number % USERS], body)

        command = [sys.executable, "-m", "tests.bench.stream_lag", servers.redis_url]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as listener:
            assert listener.stdout is not None
            assert listener.stdout.readline() == "listening\n"
            load = drive(port, deposit, connections=64, seconds=SECONDS)
            time.sleep(0.5)
            listener.terminate()
            ages_ms = [float(line) for line in listener.stdout]
    return load, ages_ms


def measure(servers: EmbeddedServers) -> Section:
    """The chapter."""
    section = Section("Publishing", __doc__ or "", ("what", "events/s", "p50 ms", "p99 ms", "worst ms"))
    users = asyncio.run(people(servers.role_urls["api"], 200))
    while (end := int(servers.postgres.run_sql("SELECT position FROM log.log_head", database="fintwin"))) < EVENTS:
        transfers_per_second(servers.role_urls["api"], users, batch=256, accounts_used=200, processes=1)
    ours, peers = [], []
    for _ in range(PAIRS):
        ours.append(asyncio.run(catch_up(servers, end)))
        peers.append(asyncio.run(bare(servers)))
    for what, seconds in (("catching up", ours), ("bare pipelined XADD", peers)):
        section.rows.append((what, f"{end / statistics.median(seconds):,.0f}", "", "", ""))
    ratio = statistics.median(theirs / mine for mine, theirs in zip(ours, peers, strict=True))
    section.targets.append(Target("catching up, to a bare pipelined XADD of the same entries", ratio, 0.5))
    load, ages_ms = under_load(servers)
    centiles = statistics.quantiles(ages_ms, n=100)
    section.rows.append(
        (
            f"age of an event at {load.per_second:,.0f} deposits/s", f"{load.per_second:,.0f}", f"{centiles[49]:.1f}",
            f"{centiles[98]:.1f}", f"{max(ages_ms):.1f}",
        )
    )  # fmt: skip
    section.targets.append(Target("p99 of the age at full load, in ms", centiles[98], 100, at_most=True))
    section.targets.append(Target("requests that were not answered with success", float(load.errors), 0, at_most=True))
    return section
