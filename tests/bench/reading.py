"""Reads over HTTP against an authenticated route that does nothing, and how far reads lag behind writes.

Two users made their transactions through the API, in batches. Reads of both and the no-op route are measured in turn, over 16
kept-alive connections from a process of its own. The lag is the time from an event's `recorded_at` (taken inside the append,
before it commits) until the projector tells that all read models show it, while 64 connections deposit as fast as they are
answered; service, database, projector, load and listener share the machine.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from bisect import bisect_left
from statistics import median

import asyncpg

from fintwin.embedded import EmbeddedServers
from tests.bench.load import Load, drive, request
from tests.bench.report import ROOT, Section, Target
from tests.bench.running import call, person, running

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
PAIRS = int(os.environ.get("BENCH_PAIRS", "3"))
SHORT, LONG = 1_000, int(os.environ.get("BENCH_LONG", "100000"))
BATCH = 500
CONNECTIONS = 16
USERS = 64
FLAT = 0.8
WAYS = {"balance": "/api/accounts/{user}/balance", "page of 50": "/api/transactions/?limit=50"}


def measure(servers: EmbeddedServers) -> Section:
    """The chapter."""
    section = Section("Reading", __doc__ or "", ("route", "requests/s", "p50 ms", "p99 ms", "to the no-op route"))
    with running(servers, "projector") as (port, _):
        people = {size: _person_with(port, size) for size in (SHORT, LONG)}
        asyncio.run(_settled(servers))
        requests = {"no-op": request("GET", "/internal/noop", people[SHORT][0])} | {
            f"{name}, {size:,} transactions": request("GET", path.format(user=user), token)
            for name, path in WAYS.items()
            for size, (token, user) in people.items()
        }
        rounds = [{name: _drive(port, bytes_) for name, bytes_ in requests.items()} for _ in range(PAIRS)]
        for name in requests:
            ratio = median(one[name].per_second / one["no-op"].per_second for one in rounds)
            load = sorted((one[name] for one in rounds), key=lambda one: one.per_second)[PAIRS // 2]
            section.rows.append(
                (name, f"{load.per_second:,.0f}", f"{load.p50_ms:.1f}", f"{load.p99_ms:.1f}", f"{ratio:.2f}")
            )
        for name, bound in zip(WAYS, (0.4, 0.25), strict=True):
            short, long = (f"{name}, {size:,} transactions" for size in (SHORT, LONG))
            ratio = median(one[long].per_second / one["no-op"].per_second for one in rounds)
            section.targets.append(Target(f"{long} / no-op", ratio, bound))
            flat = median(one[long].per_second / one[short].per_second for one in rounds)
            section.targets.append(Target(f"{name}: rate of the long / of the short history", flat, FLAT))
    load, ages_ms = _under_load(servers)
    centiles = statistics.quantiles(ages_ms, n=100)
    section.text += (
        f"\nWhile {load.per_second:,.0f} deposits a second were booked, {len(ages_ms):,} events could be read after "
        f"{centiles[49]:.0f} ms (median) and {centiles[98]:.0f} ms (p99); {load.errors} answers were not 2xx."
    )
    section.targets.append(Target("lag of the read models, p99 ms", centiles[98], 250, at_most=True))
    return section


def _person_with(port: int, transactions: int) -> tuple[str, str]:
    token, user = person(port)
    item = {"type": "deposit", "amount": 12.5, "note": "the same as last month", "category": "salary"}
    for begin in range(0, transactions, BATCH):
        items = [item] * min(BATCH, transactions - begin)
        answer = call(port, "POST", "/api/transactions/batch", token, {"items": items, "atomic": True})
        assert answer["booked"] == len(items), answer
    return token, user


def _drive(port: int, asked: bytes) -> Load:
    load = drive(port, lambda _number: asked, connections=CONNECTIONS, seconds=SECONDS)
    assert not load.errors, load
    return load


async def _settled(servers: EmbeddedServers) -> None:
    """The read models show everything, and the planner knows the tables."""
    connection = await asyncpg.connect(servers.superuser_url_for("fintwin"))
    while await connection.fetchval(  # noqa: ASYNC110  another process goes on
        """SELECT count(*) FROM read.checkpoint c JOIN log.log_head h USING (shard)
        WHERE c.state = 'live' AND c.position < h.position"""
    ):
        await asyncio.sleep(0.1)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _under_load(servers: EmbeddedServers) -> tuple[Load, list[float]]:
    """Deposits as fast as they are answered, and after how many ms each could be read."""
    url = servers.superuser_url_for("fintwin")
    with running(servers, "projector") as (port, _):
        tokens = [person(port)[0] for _ in range(USERS)]
        asyncio.run(_settled(servers))

        def deposit(number: int) -> bytes:
            body = b'{"type":"deposit","amount":12.50,"note":"pay","category":"other"}'
            return request("POST", "/api/transactions/", tokens[number % USERS], body)

        command = [sys.executable, "-m", "tests.bench.read_lag", url]
        begun = asyncio.run(_end_of(url))
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as listener:
            assert listener.stdout is not None
            assert listener.stdout.readline() == "listening\n"
            load = drive(port, deposit, connections=64, seconds=3 * SECONDS)
            time.sleep(1)
            listener.terminate()
            told = [line.split() for line in listener.stdout]
    return load, asyncio.run(_ages_ms(url, begun, [(int(position), float(at)) for position, at in told]))


async def _end_of(url: str) -> int:
    connection = await asyncpg.connect(url)
    position: int = await connection.fetchval("SELECT position FROM log.log_head")
    await connection.close()
    return position


async def _ages_ms(url: str, after: int, told: list[tuple[int, float]]) -> list[float]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT position, recorded_at FROM log.event WHERE position > $1", after)
    await connection.close()
    positions = [position for position, _ in told]
    assert positions
    assert positions[-1] >= max(row["position"] for row in rows), "the last events were never told of"
    return [(told[bisect_left(positions, row["position"])][1] - row["recorded_at"].timestamp()) * 1000 for row in rows]
