"""A load of equal requests over kept-alive connections, as light as it can be so that the service is what is measured."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import uvloop


@dataclass
class Load:
    """What a load brought: rate, latencies in ms, and the statuses that came back."""

    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """Answers that were not 2xx."""
        return sum(number for status, number in self.statuses.items() if not 200 <= status < 300)


def request(method: str, path: str, token: str, body: bytes = b"", extra: str = "") -> bytes:
    """The bytes of an HTTP/1.1 request."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{extra}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(lower[at + 15 : lower.index(b"\r\n", at)]))
    return int(head[9:12])


async def _drive(port: int, make: Callable[[int], bytes], connections: int, seconds: float) -> Load:
    numbers = count()
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    measuring = False
    stop = False

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not stop:
            started = time.perf_counter()
            writer.write(make(next(numbers)))
            status = await _answer(reader)
            if measuring:
                latencies.append(time.perf_counter() - started)
                statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    tasks = [asyncio.create_task(client()) for _ in range(connections)]
    await asyncio.sleep(0.7)
    measuring, begun = True, time.perf_counter()
    await asyncio.sleep(seconds)
    measuring, elapsed = False, time.perf_counter() - begun
    stop = True
    await asyncio.gather(*tasks)
    centiles = statistics.quantiles(latencies, n=100)
    return Load(len(latencies) / elapsed, centiles[49] * 1000, centiles[94] * 1000, centiles[98] * 1000, statuses)


def drive(port: int, make: Callable[[int], bytes], *, connections: int, seconds: float) -> Load:
    """Send ``make(number)`` over so many connections for so long, each as soon as the answer before is there."""
    return uvloop.run(_drive(port, make, connections, seconds))
