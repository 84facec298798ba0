"""Thousands of open live streams on one process of the service: what they cost it, and whether others notice."""

import asyncio
import time
from pathlib import Path
from statistics import median

import httpx
import psutil
import pytest

from fintwin.live.hub import STREAMS_OF_USER_MAX
from tests.api.people import PROFILE
from tests.conftest import Database
from tests.support.parts import Parts

STREAMS = 3_000
DEPOSITS = 150


async def open_stream(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """One stream that has begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
    writer.write(f"GET /api/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    first = await reader.readline()
    assert b" 200 " in first, first
    return reader, writer


async def swallow(reader: asyncio.StreamReader) -> None:
    """Read what comes."""
    while await reader.read(4096):
        pass


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_three_thousand_idle_streams(database: Database, tmp_path: Path) -> None:
    """They cost less than a tenth of a core, a payment takes hardly longer, and at the end the process stops at once."""
    with Parts(database, tmp_path, FINTWIN_LIMITS="off") as parts:
        parts.start("projector")
        api = parts.api()
        assert api.process is not None
        process = psutil.Process(api.process.pid)
        async with httpx.AsyncClient(base_url=api.url, timeout=60) as client:

            async def newcomer() -> str:
                return str((await client.post("/api/auth/demo", json={})).json()["ft_token"])

            payer = {"authorization": f"Bearer {await newcomer()}"}
            assert (await client.put("/api/auth/profile", json=PROFILE, headers=payer)).is_success
            tokens = [await newcomer() for _ in range(STREAMS // STREAMS_OF_USER_MAX)]

            async def payments() -> float:
                took = []
                for _ in range(DEPOSITS):
                    began = time.perf_counter()
                    body = {"type": "deposit", "amount": 1}
                    assert (await client.post("/api/transactions/", json=body, headers=payer)).status_code == 201
                    took.append(time.perf_counter() - began)
                return median(took)

            before = await payments()
            streams = []
            for token in tokens:
                streams += await asyncio.gather(*(open_stream(api.port, token) for _ in range(STREAMS_OF_USER_MAX)))
            assert len(streams) == STREAMS
            readers = [asyncio.create_task(swallow(reader)) for reader, _ in streams]
            await asyncio.sleep(3)
            used, began = sum(process.cpu_times()[:2]), time.monotonic()
            await asyncio.sleep(20)
            share = (sum(process.cpu_times()[:2]) - used) / (time.monotonic() - began)
            during = await payments()
            assert not any(reader.done() for reader in readers)
        began = time.monotonic()
        assert api.stop() == 0
        stopped = time.monotonic() - began
        async with asyncio.timeout(10):
            await asyncio.gather(*readers, return_exceptions=True)
        for _, writer in streams:
            writer.close()
    assert share < 0.1, share
    assert during < 3 * before, (before, during)
    assert stopped < 10, stopped
