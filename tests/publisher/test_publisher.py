import asyncio
import signal
import sys
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from fintwin.domain.streams import Recorded
from fintwin.store import publishing
from fintwin.store.lease import LEASE_SECONDS
from tests.conftest import Database
from tests.projections.histories import history, put_into_log
from tests.publisher.publishing_tools import (
    NAME,
    PATIENCE_S,
    Running,
    expected_events,
    in_stream,
    own_redis,
    publisher,
    redis_client,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def redis_url(database: Database) -> str:
    """A database of Redis of this test's own."""
    return own_redis(database.redis_url)


async def hashed(database: Database, events: list[Recorded], begin: int = 0) -> None:
    """Put events into the log, each with a hash of its own from the beginning: a publisher may be waiting for it."""

    def hash_of(one: Recorded) -> bytes:
        return sha256(f"{one.transaction_id} {one.position}".encode()).digest()

    await put_into_log(database.superuser_url, events, begin=begin, hash_of=hash_of)


async def assert_published(database: Database, redis_url: str, after: int = 0) -> None:
    """Every event after a position is in the stream, once, in order, with its bytes and the position before."""
    expected = await expected_events(database)
    assert in_stream(redis_url) == [(at, at - 1, event) for at, event in enumerate(expected, 1) if at > after]


async def fault_of(running: Running) -> str:
    """The fault that the publisher tells, once it tells one."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            status = await publishing.status(running.pool)
            if status is not None and status.fault is not None:
                assert not status.healthy
                return status.fault
            await asyncio.sleep(0.02)


async def test_every_event_is_in_the_stream_once(database: Database, redis_url: str) -> None:
    """Events that were there and events that come: each an entry with its position, the one before and its exact bytes."""
    events = history(seed=4, steps=120)
    await put_into_log(database.superuser_url, events[:40])
    async with publisher(database, redis_url) as running:
        assert await running.caught_up() == 40
        await put_into_log(database.superuser_url, events, begin=40)
        end = await running.caught_up()
        assert end == len(events) > 60
        async with asyncio.timeout(PATIENCE_S):
            while (status := await publishing.status(running.pool)) is None or status.position < end:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (status.lag, status.lag_s, status.led, status.fault) == (0, 0.0, True, None)
    await assert_published(database, redis_url)


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "point", [pytest.param("after read", marks=SLOW), "after add", pytest.param("after note", marks=SLOW)]
)
async def test_killed_at_a_point(database: Database, redis_url: str, point: str) -> None:
    """Killed outright between adding entries and noting it, or elsewhere, nothing is in the stream twice or missing."""
    events = history(seed=7, steps=150)
    begin = 0
    for end in (len(events) // 3, 2 * len(events) // 3):
        await hashed(database, events[:end], begin)
        command = [
            sys.executable, "-m", "tests.publisher.crashing_publisher", database.role_urls["publisher"], redis_url, point, "1",
        ]  # fmt: skip
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
        async with asyncio.timeout(30):
            assert await process.wait() == -signal.SIGKILL, f"the point {point!r} was never reached"
        begin = end
        database.run_sql("UPDATE publish.stream SET expires_at = '-infinity'")  # who was killed keeps it for 3 s
    await hashed(database, events, begin)
    async with publisher(database, redis_url) as running:
        await running.caught_up()
    await assert_published(database, redis_url)


async def test_a_flushed_stream_is_filled_again(database: Database, redis_url: str) -> None:
    """With nothing new in the log, and with something: whatever was in the stream is there again."""
    events = history(seed=9, steps=120)
    await hashed(database, events[:50])
    async with publisher(database, redis_url) as running:
        await running.caught_up()
        with redis_client(redis_url) as client:
            client.flushdb()
            await running.caught_up()
            await assert_published(database, redis_url)
            client.flushdb()
            client.xgroup_create(NAME, "first", id="0", mkstream=True)
        await hashed(database, events, begin=50)
        await running.caught_up()
    await assert_published(database, redis_url)


async def test_entries_lost_at_the_end_are_added_again(database: Database, redis_url: str) -> None:
    """A Redis that came back with an older state gets what it lacks."""
    events = history(seed=9, steps=80)
    await hashed(database, events)
    async with publisher(database, redis_url) as running:
        end = await running.caught_up()
        with redis_client(redis_url) as client:
            kept = client.xrange(NAME, count=20)
            with client.pipeline() as pipeline:
                pipeline.delete(NAME)
                for number, fields in kept:
                    pipeline.xadd(NAME, fields, id=number)
                pipeline.execute()
        assert await running.caught_up() == end
    await assert_published(database, redis_url)


async def test_the_stream_of_another_log_is_left_alone(database: Database, redis_url: str) -> None:
    """A stream whose last event is not that of this log is not added to; the publisher says so, and goes on once it is gone."""
    events = history(seed=9, steps=80)
    await hashed(database, events[:30])
    async with publisher(database, redis_url) as running:
        await running.caught_up()
    before = in_stream(redis_url)
    database.run_sql(
        "ALTER TABLE log.event DISABLE TRIGGER event_is_immutable; "
        "UPDATE log.event SET hash = sha256('another') WHERE position = 30; "
        "ALTER TABLE log.event ENABLE ALWAYS TRIGGER event_is_immutable;"
    )
    await put_into_log(database.superuser_url, events, begin=30)
    async with publisher(database, redis_url) as running:
        assert "another log, or the log was rewritten: its position 30 is not ours" in await fault_of(running)
        assert in_stream(redis_url) == before
        with redis_client(redis_url) as client:
            client.delete(NAME)
        await running.caught_up()
    await assert_published(database, redis_url)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda client: client.set(NAME, "x"), "is no stream"),
        (lambda client: client.xadd(NAME, {"x": "y"}), "entries that no FinTwin has put there"),
        (lambda client: client.xadd(NAME, {"event": "{}"}, id="5-0"), "entries that no FinTwin has put there"),
        (lambda client: client.xadd(NAME, {"event": f'{{"hash":"{"00" * 32}"}}'}, id="999-0"), "position 999 is not"),
    ],
)  # fmt: skip
async def test_what_is_no_stream_of_ours_is_said(
    database: Database, redis_url: str, harm: object, sentence: str
) -> None:
    """Another key of that name, foreign entries, positions that the log does not have: told, and nothing is added."""
    await put_into_log(database.superuser_url, history(seed=1, steps=5))
    with redis_client(redis_url) as client:
        harm(client)  # type: ignore[operator]
        before = client.dump(NAME)
        async with publisher(database, redis_url) as running:
            assert sentence in await fault_of(running)
        assert client.dump(NAME) == before


async def test_two_publishers(database: Database, redis_url: str) -> None:
    """One works and the other waits; when the first stops, the second goes on where it was."""
    events = history(seed=3, steps=80)
    await hashed(database, events[:30])
    async with publisher(database, redis_url) as first:
        await first.caught_up()
        async with publisher(database, redis_url) as second:
            await asyncio.sleep(LEASE_SECONDS / 2)
            assert await second.pool.fetchval("SELECT epoch FROM publish.stream") == 1
            first.stop.set()
            await first.task
            await hashed(database, events, begin=30)
            await second.caught_up()
            assert await second.pool.fetchval("SELECT epoch FROM publish.stream") == 2
    await assert_published(database, redis_url)


async def test_the_bound_takes_the_oldest(database: Database, redis_url: str) -> None:
    """A stream that is filled anew begins within its bound, and what may be missing is noted."""
    events = history(seed=3, steps=120)
    await hashed(database, events)
    async with publisher(database, redis_url, entries_max=20) as running:
        end = await running.caught_up()
        known = await publishing.progress(running.pool)
        assert known.trimmed_position == end - 20
    await assert_published(database, redis_url, after=end - 20)


async def test_nobody_else_writes_the_progress(database: Database) -> None:
    """The publisher's role may note its progress and nothing else; the others only look."""
    for role, sql, allowed in (
        ("publisher", "UPDATE publish.stream SET position = position", True),
        ("api", "UPDATE publish.stream SET position = position", False),
        ("api", "SELECT * FROM publish.status()", True),
        ("publisher", "DELETE FROM publish.stream", False),
        ("publisher", "UPDATE log.log_head SET position = 0", False),
        ("publisher", "SELECT * FROM vault.user_key", False),
        ("twin", "SELECT * FROM publish.stream", False),
    ):
        connection = await asyncpg.connect(database.role_urls[role])
        try:
            if allowed:
                await connection.execute(sql)
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(sql)
        finally:
            await connection.close()
