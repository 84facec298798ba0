"""Deposits at ten times the load that the service can sustain: what still gets through, and what the others are told.

The peak is what 256 connections reach that each send as soon as they are answered. Ten times as much is then offered at an even
pace over 2,560 connections, whatever becomes of the answers; between two measurements of the peak, so that a machine that grows
slower meanwhile shows. On a shared machine rates say little, so the same is told per second of the API process' own processor
time: what overload costs is what refusing costs.
"""

import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import cast

import psutil
import uvloop

from fintwin.embedded import EmbeddedServers
from tests.bench.load import drive, request
from tests.bench.report import Section, Target
from tests.bench.running import person, running

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
WARM_S = 2.0
TIMES = 10
CONNECTIONS = 2560
PEAK_CONNECTIONS = 256
USERS = 64
CREATED = 201
SERVER_FAULT = 500


@dataclass
class Told:
    """What came back while it was measured."""

    measuring: bool = False
    unsent: int = 0
    lost: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    waits_s: list[float] = field(default_factory=list)


class Client(asyncio.Protocol):
    """One connection: sends when told to, unless it still waits for an answer."""

    transport: asyncio.Transport

    def __init__(self, told: Told) -> None:
        """``told`` is shared by all."""
        self.told = told
        self.buffer = b""
        self.waits_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one, and does not say so

    def connection_lost(self, exc: Exception | None) -> None:
        """The service has closed it."""
        del exc
        self.told.lost += self.told.measuring

    def send(self, asked: bytes) -> None:
        """One request."""
        if self.waits_since or self.transport.is_closing():
            self.told.unsent += self.told.measuring
        else:
            self.waits_since = time.perf_counter()
            self.transport.write(asked)

    def data_received(self, data: bytes) -> None:
        """An answer, perhaps in parts."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if end >= 0 and at >= 0 else 0
        if end < 0 or len(self.buffer) < end + 4 + length:
            return
        status, self.buffer = int(self.buffer[9:12]), b""
        waited_s, self.waits_since = time.perf_counter() - self.waits_since, 0.0
        if self.told.measuring:
            self.told.statuses[status] = self.told.statuses.get(status, 0) + 1
            if status == CREATED:
                self.told.waits_s.append(waited_s)


async def _offer(port: int, bodies: list[bytes], rate: float, api: psutil.Process) -> tuple[Told, float, float]:
    """So many requests a second; gives what came of them, the time it took and the processor time of the service."""
    told = Told()
    loop = asyncio.get_running_loop()
    clients = [(await loop.create_connection(lambda: Client(told), "127.0.0.1", port))[1] for _ in range(CONNECTIONS)]
    begun, sent, started, used_s = time.perf_counter(), 0, 0.0, 0.0
    while (elapsed := time.perf_counter() - begun) < WARM_S + SECONDS:
        if not told.measuring and elapsed >= WARM_S:
            told.measuring, started, used_s = True, time.perf_counter(), _used_s(api)
        for number in range(sent, int(elapsed * rate)):
            clients[number % CONNECTIONS].send(bodies[number % USERS])
        sent = int(elapsed * rate)
        await asyncio.sleep(0.001)
    told.measuring = False
    seconds, used_s = time.perf_counter() - started, _used_s(api) - used_s
    for client in clients:
        client.transport.close()
    return told, seconds, used_s


def _used_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def measure(servers: EmbeddedServers) -> Section:
    """The peak, ten times as much, the peak again."""
    section = Section(
        "Overload",
        __doc__ or "",
        ("load", "offered/s", "booked/s", "booked per second of the API's processor", "p99 of these, ms", "statuses"),
    )
    with running(servers) as (port, processes):
        api = psutil.Process(processes[0].pid)
        tokens = [person(port)[0] for _ in range(USERS)]
        body = b'{"type":"deposit","amount":12.50,"note":"pay","category":"other"}'
        bodies = [request("POST", "/api/transactions/", token, body) for token in tokens]

        def peak(name: str) -> tuple[float, float]:
            drive(port, lambda number: bodies[number % USERS], connections=PEAK_CONNECTIONS, seconds=1)
            used_s = _used_s(api)
            begun = time.perf_counter()
            load = drive(port, lambda number: bodies[number % USERS], connections=PEAK_CONNECTIONS, seconds=SECONDS)
            share = (_used_s(api) - used_s) / (time.perf_counter() - begun)
            per_used = load.per_second / share
            row = (name, "", f"{load.per_second:,.0f}", f"{per_used:,.0f}", f"{load.p99_ms:,.0f}", str(load.statuses))
            section.rows.append(row)
            print(*row, flush=True)
            return load.per_second, per_used

        first = peak("peak before")
        told, seconds, used_s = uvloop.run(_offer(port, bodies, first[0] * TIMES, api))
        booked = told.statuses.get(CREATED, 0)
        p99_ms = sorted(told.waits_s)[int(len(told.waits_s) * 0.99)] * 1000 if told.waits_s else 0.0
        section.rows.append(
            (
                "ten times as much", f"{first[0] * TIMES:,.0f}", f"{booked / seconds:,.0f}", f"{booked / used_s:,.0f}",
                f"{p99_ms:,.0f}", f"{told.statuses}, unsent {told.unsent}, cut {told.lost}",
            )
        )  # fmt: skip
        print(*section.rows[-1], flush=True)
        time.sleep(6)
        second = peak("peak after")
    faults = sum(number for status, number in told.statuses.items() if status >= SERVER_FAULT and status != 503)
    section.targets = [
        Target(
            "goodput at ten times the load, to the mean of the peaks",
            booked / seconds / ((first[0] + second[0]) / 2),
            0.8,
        ),
        Target("the same per second of processor time", booked / used_s / ((first[1] + second[1]) / 2), 0.8),
        Target("answers of 500", float(faults), 0, at_most=True),
        Target("connections cut", float(told.lost), 0, at_most=True),
    ]
    return section
