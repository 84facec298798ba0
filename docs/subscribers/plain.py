"""Listens to FinTwin with redis-py alone. Writes one line per event, in order, to a file whose last line tells where to go on.

    pip install redis
    REDIS_URL=... FINTWIN_URL=http://127.0.0.1:8000 FINTWIN_SERVICE_TOKEN=... python plain.py events.txt

The line and the position are one write, so a program that is killed anywhere writes no event twice and leaves none out.
"""

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

import redis

STREAM = "fintwin:events:0"


def last_position(path: Path) -> int:
    """Where to go on. A line that was only half written is cut off."""
    if not path.exists():
        return 0
    whole = path.read_bytes().rpartition(b"\n")[0].splitlines()
    with path.open("r+b") as file:
        file.truncate(sum(len(line) + 1 for line in whole))
    return int(whole[-1].split()[0]) if whole else 0


def missed(after: int, until: int) -> list[dict]:
    """The events of a hole: the stream was trimmed, or Redis lost it."""
    request = urllib.request.Request(
        f"{os.environ['FINTWIN_URL']}/internal/events?after={after}&limit={min(1000, until - after)}",
        headers={"Authorization": f"Bearer {os.environ['FINTWIN_SERVICE_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def main() -> None:
    path = Path(sys.argv[1])
    last = last_position(path)
    client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True, socket_timeout=10)
    with path.open("ab", buffering=0) as out:

        def handle(event: dict) -> None:
            nonlocal last
            out.write(f"{event['position']} {event['type']} {event['stream_id']}\n".encode())
            last = event["position"]

        def fill(until: int) -> None:
            while last < until:
                for event in missed(last, until):
                    handle(event)

        while True:
            try:
                found = client.xread({STREAM: f"{last}-0"}, count=200, block=1000)
                for number, fields in found[0][1] if found else ():
                    assert fields["v"] == "1", f"entry {number} has a form that this program does not know"
                    fill(int(fields["prev_position"]))  # nothing to do, but for a hole
                    handle(json.loads(fields["event"]))
                if not found and client.exists(STREAM):  # a hole at the end shows in no entry
                    fill(int(client.xinfo_stream(STREAM)["last-generated-id"].split("-")[0]))
            except (redis.RedisError, OSError) as error:  # OSError: the refill as well
                print(f"trying again: {error!r}", file=sys.stderr, flush=True)
                time.sleep(0.5)


if __name__ == "__main__":
    main()
