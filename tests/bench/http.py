"""Deposits over HTTP, against an authenticated route of the same process that does nothing.

The load comes from a process of its own over kept-alive connections, over 64 users; both routes are measured in turn, pair by
pair. A note is sealed under its owner's key on the way, which is shown apart.
"""

import os

from fintwin.embedded import EmbeddedServers
from tests.bench.load import Load, drive, request
from tests.bench.report import Section, Target
from tests.bench.running import person, running

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
PAIRS = int(os.environ.get("BENCH_PAIRS", "3"))
USERS = 64
TARGET = 64
PLAIN = b'{"type":"deposit","amount":12.50}'
NOTED = b'{"type":"deposit","amount":12.50,"note":"pay","category":"other"}'


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    with open(f"/proc/{pid}/statm") as statm:  # noqa: PTH123  a line of the kernel's
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(servers: EmbeddedServers) -> Section:
    """1, 16, 64 and 256 connections."""
    section = Section(
        "HTTP deposits",
        __doc__ or "",
        ("connections", "route", "ratio", "requests/s", "p50 ms", "p95 ms", "p99 ms", "not 2xx"),
    )
    with running(servers) as (port, processes):
        tokens = [person(port)[0] for _ in range(USERS)]

        def deposit(number: int) -> bytes:
            return request("POST", "/api/transactions/", tokens[number % USERS], PLAIN)

        def noted(number: int) -> bytes:
            return request("POST", "/api/transactions/", tokens[number % USERS], NOTED)

        def nothing(number: int) -> bytes:
            return request("GET", "/internal/noop", tokens[number % USERS])

        found: dict[int, tuple[float, Load, Load]] = {}
        for connections in (1, 16, 64, 256):
            ways = (
                (("deposit", deposit), ("deposit with a note", noted))
                if connections == TARGET
                else (("deposit", deposit),)
            )
            for name, asked in ways:
                pairs = []
                for _ in range(PAIRS):
                    noop = drive(port, nothing, connections=connections, seconds=SECONDS)
                    deposits = drive(port, asked, connections=connections, seconds=SECONDS)
                    pairs.append((deposits.per_second / noop.per_second, deposits, noop))
                pairs.sort(key=lambda pair: pair[0])
                ratio, deposits, noop = pairs[len(pairs) // 2]
                found.setdefault(connections, (ratio, deposits, noop))
                section.rows.append(_row(connections, "no-op", noop))
                section.rows.append(_row(connections, name, deposits, f"{ratio:.2f}"))
                print(*section.rows[-2], *section.rows[-1], flush=True)
        memory = resident_mb(processes[0].pid)
    ratio, deposits, noop = found[TARGET]
    section.text += f"\n\nThe API process was {memory:.0f} MB resident afterwards."
    section.targets = [
        Target(f"deposits at {TARGET} connections, to the no-op route", ratio, 0.4),
        Target("their p99, to the no-op route's", deposits.p99_ms / noop.p99_ms, 5, at_most=True),
        Target("errors at 256 connections", float(found[256][1].errors), 0, at_most=True),
    ]
    return section


def _row(connections: int, name: str, load: Load, ratio: str = "") -> tuple[str, ...]:
    figures = (f"{load.per_second:,.0f}", *(f"{ms:.1f}" for ms in (load.p50_ms, load.p95_ms, load.p99_ms)))
    return (str(connections), name, ratio, *figures, str(load.errors))
