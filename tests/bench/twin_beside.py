"""What other people notice of heavy runs: the latency of reads with and without them, in turn.

Reads come over a few kept-alive connections, a balance and a list in turn, of people who run nothing. Beside them one other
person has as many runs of 20,000 paths and 600 months under way as one may have, begun again as soon as one ends.
"""

import os
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from fintwin.embedded import EmbeddedServers
from tests.bench.load import Load, drive, request
from tests.bench.running import call, person, running

SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
PAIRS = int(os.environ.get("BENCH_PAIRS", "5"))
CONNECTIONS = 4
READERS = 8
MOVES = 30
TOO_MANY, NOT_THERE = 429, 404
HEAVY = {
    "horizon_months": 600,
    "steps": [{"type": "withdraw", "amount": 1, "every": {}}],
    "uncertainty": {"paths": 20_000, "returns": {"type": "log_normal", "rate_percent": 5, "sd_percent": 10}},
    "wait": False,
}


def measure(servers: EmbeddedServers) -> tuple[float, Load, Load, int]:
    """The median ratio of the 99th percentiles, the loads of that pair (without, with), and how many runs were begun."""
    with running(servers, "projector") as (port, _):
        readers = [person(port) for _ in range(READERS)]
        for token, _ in readers:
            items = [{"type": "deposit", "amount": 10 + number} for number in range(MOVES)]
            call(port, "POST", "/api/transactions/batch", token, {"items": items})
        runner = person(port)[0]
        call(port, "POST", "/api/transactions/", runner, {"type": "deposit", "amount": 100_000})

        def read(number: int) -> bytes:
            token, account = readers[number % READERS]
            path = f"/api/accounts/{account}/balance" if number % 2 else "/api/transactions/?limit=50"
            return request("GET", path, token)

        pairs = []
        begun = 0
        drive(port, read, connections=CONNECTIONS, seconds=1)
        for _ in range(PAIRS):
            alone = drive(port, read, connections=CONNECTIONS, seconds=SECONDS)
            with heavy_runs(port, runner) as started:
                beside = drive(port, read, connections=CONNECTIONS, seconds=SECONDS)
            begun += len(started)
            pairs.append((beside.p99_ms / alone.p99_ms, alone, beside))
    pairs.sort(key=lambda pair: pair[0])
    ratio, alone, beside = pairs[len(pairs) // 2]
    assert ratio == median(pair[0] for pair in pairs)
    assert alone.errors == beside.errors == 0, "every read is answered"
    return ratio, alone, beside, begun


@contextmanager
def heavy_runs(port: int, token: str) -> Iterator[list[str]]:
    """Keep one person's runs under way, as many as there may be; cancel them in the end."""
    stop = threading.Event()
    begun: list[str] = []

    def keep_busy() -> None:
        while not stop.is_set():
            try:
                begun.append(call(port, "POST", "/api/twin/runs", token, HEAVY)["id"])
            except urllib.error.HTTPError as error:
                if error.code != TOO_MANY:
                    raise
                stop.wait(0.1)

    thread = threading.Thread(target=keep_busy)
    thread.start()
    try:
        time.sleep(1)
        yield begun
    finally:
        stop.set()
        thread.join()
        for run_id in begun:
            try:
                call(port, "DELETE", f"/api/twin/runs/{run_id}/progress", token)
            except urllib.error.HTTPError as error:
                if error.code != NOT_THERE:
                    raise
        time.sleep(1)
