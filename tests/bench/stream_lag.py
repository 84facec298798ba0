"""Listens to the published stream and tells how old events were when they came: milliseconds, one a line, when it is stopped.

python -m tests.bench.stream_lag REDIS_URL
"""

import signal
import sys
import time
from datetime import datetime
from typing import Any

import redis

from fintwin.publisher.envelope import stream_name

_FIELD = b'"recorded_at":"'


def main() -> None:
    """Until SIGTERM."""
    client = redis.Redis.from_url(sys.argv[1])
    ages_ms: list[float] = []
    going = True

    def stop(*_: Any) -> None:
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    last: Any = "$"
    print("listening", flush=True)
    while going:
        found: Any = client.xread({stream_name(0): last}, block=200, count=5_000)
        now = time.time()
        for number, fields in found[0][1] if found else ():
            last = number
            text = fields[b"event"]
            at = text.rindex(_FIELD) + len(_FIELD)
            recorded_at = datetime.fromisoformat(text[at : text.index(b'"', at)].decode())
            ages_ms.append((now - recorded_at.timestamp()) * 1000)
    print("\n".join(f"{age:.3f}" for age in ages_ms), flush=True)


if __name__ == "__main__":
    main()
