"""Listens for what the projector tells readers: position and time (seconds since 1970), one a line, when it is stopped.

python -m tests.bench.read_lag POSTGRES_URL
"""

import asyncio
import signal
import sys
import time
from typing import Any

import asyncpg


async def main(url: str) -> None:
    """Until SIGTERM."""
    told: list[tuple[str, float]] = []

    def hear(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
        told.append((payload.partition(":")[2], time.time()))

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    connection = await asyncpg.connect(url)
    await connection.add_listener("fintwin_read", hear)
    print("listening", flush=True)
    await stop.wait()
    await connection.close()
    print("\n".join(f"{position} {at:.6f}" for position, at in told), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
