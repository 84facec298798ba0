"""Verifying the log, against reading it and hashing its bytes; and what audits cost those who append meanwhile.

The peer reads every event through the same driver, page by page over one connection, and takes the sha256 of its payload and
metadata. The verification checks every digest and both chains, replays every stream, holds heads, keys and reversals against the
replay and adds up the books; it does that with a process for each core, which is started within the time measured.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from uuid import UUID

from fintwin.audit.processes import Processes
from fintwin.audit.verify import OneAfterTheOther, Report, verify
from fintwin.embedded import EmbeddedServers
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projector.runner import Projector
from fintwin.store import building, projecting
from fintwin.store.auditing import auditing, page
from fintwin.store.connect import open_pool
from tests.bench.append import people, transfers_per_second
from tests.bench.report import Section, Target

EVENTS = int(os.environ.get("BENCH_EVENTS", "250000"))
PAIRS = int(os.environ.get("BENCH_PAIRS", "3"))
PAGE_EVENTS = 2_000
PROJECTED_S = 300.0


async def read_and_hash(url: str) -> tuple[float, int]:
    """Seconds, and how many events there were."""
    async with auditing(url) as connection:
        began, after, events = time.perf_counter(), 0, 0
        while rows := await page(connection, after, 2**62, PAGE_EVENTS):
            for row in rows:
                sha256(row["payload"].encode() + row["metadata"].encode()).digest()
            events += len(rows)
            after = rows[-1]["position"]
        return time.perf_counter() - began, events


async def verified(url: str, processes: int, models: tuple[str, ...] = ()) -> tuple[float, Report]:
    """Seconds, processes' start included, and the report, which must be sound."""
    async with auditing(url) as connection:
        began = time.perf_counter()
        if processes == 1:
            report = await verify(connection, OneAfterTheOther(connection), models=models)
        else:
            # At the peer's own priority: on a busy machine the command itself stands back.
            with Processes(url, processes, giving_way=0) as runner:
                report = await verify(connection, runner, models=models)
        assert report.sound, report.faults
        return time.perf_counter() - began, report


def fill(servers: EmbeddedServers) -> list[UUID]:
    """People who pay each other until there are enough events."""
    url = servers.role_urls["api"]
    users = asyncio.run(people(url, 600))
    while int(servers.postgres.run_sql("SELECT position FROM log.log_head", database="fintwin")) < EVENTS:
        transfers_per_second(url, users, batch=256, accounts_used=600, processes=2)
    return users


async def project(url: str) -> bool:
    """Whether the read models have come to the end of the log in time."""
    pool = await open_pool(url, size_max=5)
    stop = asyncio.Event()
    running = asyncio.create_task(Projector(pool, holder="bench").run(stop))
    deadline = time.monotonic() + PROJECTED_S
    done = False
    while not done and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        async with pool.acquire() as connection:
            end = await projecting.log_position(connection)
            found = [build.position for build in await building.builds(connection) if build.state == "live"]
        done = len(found) == len(READ_MODELS) and min(found) == end
    stop.set()
    await running
    await pool.close()
    return done


@contextmanager
def audits(servers: EmbeddedServers) -> Iterator[dict[str, int]]:
    """An export, a verification and a rebuild, each begun again when it ends, for as long as the block lasts."""
    environment = os.environ | servers.environment()
    commands = (["export", "--format", "ndjson", "--output", os.devnull], ["verify"], ["rebuild", "all"])
    stop, ended, children = threading.Event(), {"export": 0, "verify": 0, "rebuild": 0}, set()

    def again(words: list[str]) -> None:
        while not stop.is_set():
            command = [sys.executable, "-m", "fintwin", *words]
            child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            children.add(child)
            child.wait()
            children.discard(child)
            ended[words[0]] += 1

    threads = [threading.Thread(target=again, args=(words,)) for words in commands]
    for thread in threads:
        thread.start()
    try:
        time.sleep(2.0)  # all of them at work
        yield ended
    finally:
        stop.set()
        for child in list(children):
            child.terminate()
        for thread in threads:
            thread.join()


def measure(servers: EmbeddedServers) -> Section:
    """The chapter."""
    users = fill(servers)
    auditor, cores = servers.role_urls["auditor"], os.cpu_count() or 1
    section = Section(
        "Verifying",
        " ".join((__doc__ or "").split("\n\n", 1)[1].split()),
        ("what", "seconds", "microseconds per event", "times the peer"),
    )
    peers, alone, together = [], [], []
    events = 0
    for _ in range(PAIRS):
        seconds, events = asyncio.run(read_and_hash(auditor))
        peers.append(seconds)
        together.append(asyncio.run(verified(auditor, cores))[0])
        alone.append(asyncio.run(verified(auditor, 1))[0])
    peer = statistics.median(peers)

    def row(what: str, seconds: float) -> None:
        section.rows.append((what, f"{seconds:.2f}", f"{seconds / events * 1e6:.1f}", f"{seconds / peer:.2f}"))

    row(f"reading and hashing {events:,} events", peer)
    row(f"verifying the log, {cores} processes", statistics.median(together))
    row("verifying the log, one process", statistics.median(alone))
    ratio = statistics.median(mine / theirs for mine, theirs in zip(together, peers, strict=True))
    section.targets.append(Target("verifying the log, to reading and hashing it", ratio, 3, at_most=True))
    if asyncio.run(project(servers.role_urls["projector"])):
        models = tuple(model.name for model in READ_MODELS)
        seconds, report = asyncio.run(verified(auditor, cores, models))
        row(f"the same and {report.rows:,} rows of {len(models)} read models folded anew", seconds)
    rates = []
    for _ in range(PAIRS):
        quiet = _rate(servers, users)
        with audits(servers):
            rates.append(_rate(servers, users) / quiet)
    during = "append rate while an export, a verification and a rebuild run, to the undisturbed one"
    section.targets.append(Target(during, statistics.median(rates), 0.5))
    return section


def _rate(servers: EmbeddedServers, users: list[UUID]) -> float:
    return transfers_per_second(servers.role_urls["api"], users, batch=256, accounts_used=600, processes=1)[0]
