import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from fintwin.subscribe import Event, FormatError, Refill, Subscription
from tests.conftest import Database
from tests.projections.histories import history, put_into_log
from tests.publisher.publishing_tools import NAME, expected_events, own_redis, problems, publisher, redis_client
from tests.subscribe.listening import Listener, from_log

STREAMS = Path(__file__).parents[2] / "docs" / "streams.md"


@pytest.fixture
def redis_url(database: Database) -> str:
    """A database of Redis of this test's own."""
    return own_redis(database.redis_url)


async def no_refill(after: int, limit: int) -> list[Event]:
    """For subscribers that must not need any."""
    msg = f"{limit} events after {after} were asked for"
    raise AssertionError(msg)


def skipping(first: Event) -> Refill:
    """A refill that pretends: it gives something for the end of the hole and leaves the rest out."""

    async def refill(after: int, limit: int) -> list[Event]:
        return [msgspec.structs.replace(first, position=after + limit)]

    return refill


def trim(client: redis.Redis) -> None:
    """Take out more than anybody has read."""
    client.xtrim(NAME, minid="30-0", approximate=False)


def drop(client: redis.Redis) -> None:
    """Take out entries in the middle and the last one."""
    client.xdel(NAME, "3-0", "17-0", "18-0", client.xrevrange(NAME, count=1)[0][0])


def flush(client: redis.Redis) -> None:
    """Lose everything."""
    client.flushdb()


@pytest.mark.parametrize("group", [None, "mailer"])
@pytest.mark.parametrize("harm", [None, trim, drop, flush])
async def test_every_position_comes_once_and_in_order(
    database: Database, redis_url: str, group: str | None, harm: Callable[[redis.Redis], None] | None
) -> None:
    """Read from the beginning, whatever was taken out of the stream before or while it was read; then what comes."""
    events = history(seed=4, steps=160)
    await put_into_log(database.superuser_url, events[:70])
    listener = Listener()
    async with publisher(database, redis_url) as running:
        await running.caught_up()
        refill = no_refill if harm is None else from_log(database)
        subscription = Subscription(redis_url, after=0, refill=refill, group=group)
        with redis_client(redis_url) as client:
            if harm is not None:
                harm(client)
            listening = asyncio.create_task(listener.listen(subscription, len(events)))
            await listener.until(40)
            if harm is not None:
                harm(client)
            await put_into_log(database.superuser_url, events, begin=70)
            await listening
    assert problems(listener.received, await expected_events(database)) == []


async def test_a_skipped_refill_is_noticed(database: Database, redis_url: str) -> None:
    """The check of these tests does find what a subscriber leaves out, doubles, reorders or changes."""
    events = history(seed=4, steps=100)
    await put_into_log(database.superuser_url, events)
    listener = Listener()
    async with publisher(database, redis_url) as running:
        end = await running.caught_up()
    expected = await expected_events(database)
    skipped_refill = skipping(msgspec.json.decode(expected[0], type=Event))
    with redis_client(redis_url) as client:
        trim(client)
    await listener.listen(Subscription(redis_url, after=0, refill=skipped_refill), end)
    found = problems(listener.received, expected)
    assert "7 never came" in found
    assert "29 is another event" in found
    whole = list(expected)
    assert problems(whole, expected) == []
    assert problems([*whole, whole[-1]], expected) == [f"{end} came 2 times"]
    assert problems([whole[1], whole[0], *whole[2:]], expected) == ["not in order"]
    assert problems(whole[:-1], expected) == [f"{end} never came"]


async def test_begins_after_the_position_that_was_handled(database: Database, redis_url: str) -> None:
    """From any position, with a group that was there before or not, whatever that group had read."""
    events = history(seed=5, steps=100)
    await put_into_log(database.superuser_url, events)
    async with publisher(database, redis_url) as running:
        end = await running.caught_up()
    expected = await expected_events(database)
    for begin, group in ((20, None), (0, "a"), (30, "a"), (10, "a"), (end, "a"), (end, None)):
        listener = Listener(position=begin)
        async with Subscription(
            redis_url, after=listener.stored, refill=from_log(database), group=group, follow=False
        ) as subscription:
            async for event in subscription:
                listener.take(event)
        assert problems(listener.received, expected, after=begin) == []


async def test_another_consumer_claims_what_was_left(database: Database, redis_url: str) -> None:
    """What a consumer was handling when it died comes again to the next one of the group, before anything later."""
    events = history(seed=6, steps=100)
    await put_into_log(database.superuser_url, events)
    listener = Listener()
    async with publisher(database, redis_url) as running:
        end = await running.caught_up()
    first = Subscription(redis_url, after=listener.stored, refill=no_refill, group="mailer", consumer="first")
    async for event in first:
        if event.position == 25:
            break  # handed over, neither handled nor acknowledged
        listener.take(event)
    with redis_client(redis_url) as client:
        assert client.xpending(NAME, "mailer")["pending"] > 25
        second = Subscription(redis_url, after=listener.stored, refill=no_refill, group="mailer", consumer="second")
        standing_by = asyncio.create_task(listener.listen(second, end))
        await asyncio.sleep(0.8)
        assert listener.position == 24
        assert first._lead is not None
        await first._lead._stop_renewing()  # the first one dies: its lead runs out
        client.delete("fintwin:lead:mailer:0")
        await standing_by
        assert problems(listener.received, await expected_events(database)) == []
        third = Subscription(redis_url, after=listener.stored, refill=no_refill, group="mailer", follow=False)
        async with third:
            assert [event async for event in third] == []
        assert client.xpending(NAME, "mailer")["pending"] == 0
        assert client.xinfo_groups(NAME)[0]["last-delivered-id"] == f"{end}-0".encode()
    with suppress(Exception):
        await first.close()


async def test_the_example_of_the_documentation(database: Database, redis_url: str) -> None:
    """The program in docs/streams.md prints every event."""
    (program,) = re.findall(r"```python\n(.*?)```", STREAMS.read_text("utf-8"), re.DOTALL)
    await put_into_log(database.superuser_url, history(seed=1, steps=20))
    async with publisher(database, redis_url) as running:
        end = await running.caught_up()
    shown: list[int] = []

    def show(position: int, _type: str, _stream: object) -> None:
        shown.append(position)
        if position == end:
            raise EOFError

    names: dict[str, Any] = {"print": show}
    exec(compile(program, str(STREAMS), "exec"), names)  # noqa: S102  our own page
    with pytest.raises(EOFError):
        await names["main"](redis_url, "http://127.0.0.1:1", "none is needed", 0)
    assert shown == list(range(1, end + 1))


async def test_an_unknown_form_is_refused(database: Database, redis_url: str) -> None:
    """Entries of a later version end the subscription with a sentence instead of being misread."""
    with redis_client(redis_url) as client:
        client.xadd(NAME, {"v": "2", "prev_position": "0", "event": "{}"}, id="1-0")
    with pytest.raises(FormatError, match="has the form 2, known is 1"):
        async with Subscription(redis_url, after=0, refill=no_refill) as subscription:
            await anext(aiter(subscription))
