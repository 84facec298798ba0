import csv
import io
import json
import subprocess
import sys

import redis

from tests.audit.books import environment, lived_in
from tests.conftest import Database
from tests.publisher.publishing_tools import NAME, expected_events, own_redis, publisher


def tail(database: Database, url: str, *words: str, reader: str = "cat") -> subprocess.CompletedProcess[str]:
    """What ``fintwin tail`` says into a reader, in a shell that fails where any of the two does."""
    command = f'"$0" -m fintwin tail "$@" | {reader}'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command, sys.executable, *words],
        env=environment(database) | {"REDIS_URL": url, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


async def test_the_stream_is_shown_whole(database: Database) -> None:
    """From any position, holes filled from the log, for people and programs; a reader may stop reading."""
    url = own_redis(database.redis_url)
    async with lived_in(database, projected=False) as people, publisher(database, url) as running:
        await running.caught_up()
    with redis.Redis.from_url(url) as client:
        client.xdel(NAME, "7-0", "50-0", "110-0")
    expected = [json.loads(event) for event in await expected_events(database)]
    lines = tail(database, url, "--from", "3", "--format", "ndjson").stdout.splitlines()
    assert [json.loads(line) for line in lines] == expected[3:]
    rows = list(
        csv.DictReader(
            io.StringIO(tail(database, url, "--account", str(people[0]), "--from", "0", "--format", "csv").stdout)
        )
    )
    wanted = [one["position"] for one in expected if one["stream"] == "account" and one["stream_id"] == str(people[0])]
    assert [int(row["position"]) for row in rows] == wanted
    stopped = tail(database, url, reader="head -1")
    assert (stopped.returncode, len(stopped.stdout.splitlines())) == (0, 1)
    assert int(stopped.stdout.split()[0]) == 101
    assert not any(word in stopped.stderr for word in ("Traceback", "Broken", "Exception"))


def test_without_redis_nothing_is_published(database: Database) -> None:
    """One sentence, exit code 2."""
    done = tail(database, "")
    assert done.returncode == 2
    assert "REDIS_URL is not set: nothing is published." in done.stderr
    done = tail(database, "redis://127.0.0.1:1/0")
    assert done.returncode == 2
    assert "Redis cannot be used:" in done.stderr
    assert "Traceback" not in done.stderr
