import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
import redis

from fintwin.audit.findings import Fault
from fintwin.audit.verify import OneAfterTheOther, verify
from fintwin.publisher.redis_stream import RedisStream, open_redis
from fintwin.publisher.trimming import Trimming
from fintwin.store.auditing import auditing
from fintwin.store.connect import open_pool
from tests.audit.books import environment, lived_in
from tests.conftest import Database
from tests.publisher.publishing_tools import NAME, own_redis, publisher, redis_client

Harm = Callable[[redis.Redis], object]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stream(module_database: Database) -> AsyncIterator[str]:
    """The address of a Redis with the stream of a log; each test leaves it as it was."""
    url = own_redis(module_database.redis_url)
    async with lived_in(module_database, projected=False), publisher(module_database, url) as running:
        await running.caught_up()
    yield url


async def faults_of(database: Database, url: str) -> tuple[Fault, ...]:
    """What verifying finds."""
    client = open_redis(url)
    try:
        async with auditing(database.role_urls["auditor"]) as connection:
            report = await verify(connection, OneAfterTheOther(connection), published=RedisStream(client, NAME))
    finally:
        await client.aclose()
    with redis_client(url) as plain:
        assert report.published == plain.xlen(NAME)
    return report.faults


def replaced(client: redis.Redis, position: int, **changed: str) -> None:
    """Put the stream in anew with one entry changed."""
    entries = client.xrange(NAME)
    client.delete(NAME)
    for number, fields in entries:
        if number == f"{position}-0".encode():
            fields |= {name.encode(): text.encode() for name, text in changed.items()}
        client.xadd(NAME, fields, id=number)


def flipped(client: redis.Redis, position: int) -> None:
    """Change one digit of an amount."""
    (entry,) = client.xrange(NAME, min=f"{position}-0", max=f"{position}-0")
    text = entry[1][b"event"].decode()
    at = text.index("amount_minor") + 16
    replaced(client, position, event=text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :])


TAMPERINGS: list[tuple[Harm, int, str]] = [
    (lambda client: client.xdel(NAME, "40-0"), 40, "the entry is missing in the stream"),
    (lambda client: client.xdel(NAME, "40-0", "41-0", "42-0"), 40, "from here to position 42 are missing"),
    (lambda client: client.xdel(NAME, "1-0"), 1, "the entry is missing in the stream"),
    (lambda client: client.xdel(NAME, "110-0"), 110, "the entry is missing in the stream"),
    (lambda client: client.xtrim(NAME, minid="60-0", approximate=False), 1, "from here to position 59 are missing"),
    (lambda client: client.flushdb(), 1, "from here to position 110 are missing"),
    (lambda client: flipped(client, 50), 50, "another payload than in the log"),
    (lambda client: replaced(client, 50, event="{}"), 50, "than in the log"),
    (lambda client: replaced(client, 50, event="broken"), 50, "the event in it cannot be read"),
    (lambda client: replaced(client, 50, prev_position="48"), 50, "it says that position 48 comes before it, that is 49"),
    (lambda client: replaced(client, 50, v="2"), 50, "another form"),
    (lambda client: replaced(client, 50, more="x"), 50, "another form"),
    (lambda client: client.xadd(NAME, {"v": "1", "prev_position": "110", "event": "{}"}, id="111-0"), 111, "no such event"),
    (lambda client: client.xadd(NAME, {"x": "y"}, id="1700000000000-0"), 1700000000000, "no such event"),
]  # fmt: skip


@pytest.mark.parametrize(("harm", "position", "sentence"), TAMPERINGS)
async def test_a_tampered_stream_is_located(
    module_database: Database, stream: str, harm: Harm, position: int, sentence: str
) -> None:
    """An entry that was dropped, changed or put in is named with its position and what is wrong with it."""
    with redis_client(stream) as client:
        before = client.dump(NAME)
        assert await faults_of(module_database, stream) == ()
        harm(client)
        found = await faults_of(module_database, stream)
        client.restore(NAME, 0, before, replace=True)  # type: ignore[arg-type]
    assert [(one.kind, one.position) for one in found] == [("published", position)]
    assert sentence in found[0].what


async def test_an_entry_that_nobody_published_is_named(module_database: Database, stream: str) -> None:
    """An id that is no position has no position to be named by."""
    with redis_client(stream) as client:
        before = client.dump(NAME)
        client.xadd(NAME, {"x": "y"}, id="110-5")
        (found,) = await faults_of(module_database, stream)
        client.restore(NAME, 0, before, replace=True)  # type: ignore[arg-type]
    assert (found.kind, found.position) == ("published", None)
    assert "is no id of a published event" in found.what


async def test_what_was_trimmed_need_not_be_there(module_database: Database, stream: str) -> None:
    """The publisher's own trimming is no fault, and the rest is still looked at."""
    client = open_redis(stream)
    pool = await open_pool(module_database.role_urls["publisher"], size_max=1)
    with redis_client(stream) as plain:
        before = plain.dump(NAME)
        epoch = await pool.fetchval("SELECT epoch FROM publish.stream")
        await Trimming(RedisStream(client, NAME), pool, entries_max=5).trim(epoch, 110)
        plain.xtrim(NAME, minid="106-0", approximate=False)  # Redis itself cuts whole nodes only
        assert await faults_of(module_database, stream) == ()
        plain.xdel(NAME, "107-0")
        assert [one.position for one in await faults_of(module_database, stream)] == [107]
        plain.restore(NAME, 0, before, replace=True)  # type: ignore[arg-type]
    await pool.execute("UPDATE publish.stream SET trimmed_position = 0")
    await pool.close()
    await client.aclose()


async def test_the_command_compares_the_stream(module_database: Database, stream: str) -> None:
    """`fintwin verify` does so where there is a Redis, and says so where it cannot be asked."""

    def said(url: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "fintwin", "verify", "--no-read-models"],
            env=environment(module_database) | {"REDIS_URL": url}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    with redis_client(stream) as client:
        before = client.dump(NAME)
        client.xdel(NAME, "40-0")
        code, out, _ = said(stream)
        client.restore(NAME, 0, before, replace=True)  # type: ignore[arg-type]
    assert code == 1
    assert "and 109 published entries verified" in out
    assert "position 40: published: the entry is missing in the stream" in out
    code, _, err = said("redis://127.0.0.1:1/0")
    assert code == 0
    assert "the published stream is not compared: Redis cannot be used" in err
