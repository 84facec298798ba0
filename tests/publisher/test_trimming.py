import pytest

from fintwin.publisher.redis_stream import RedisStream, open_redis
from fintwin.publisher.trimming import KEPT_ENTRIES, Trimming, wanted_floor
from fintwin.store import publishing
from fintwin.store.connect import open_pool
from tests.conftest import Database
from tests.projections.histories import history, put_into_log
from tests.publisher.publishing_tools import NAME, in_stream, own_redis, publisher, redis_client

NODE = 100
"""Redis takes out whole nodes of its own; a few entries more may stay."""


@pytest.mark.parametrize(
    ("position", "acknowledged", "entries_max", "floor"),
    [
        (50_000, [], 100_000, 0), (50_000, [50_000], 100_000, 50_000 - KEPT_ENTRIES), (50_000, [20_000, 50_000], 100_000, 20_000),
        (50_000, [0], 100_000, 0), (50_000, [0], 15_000, 35_000), (50_000, [], 15_000, 35_000), (5_000, [5_000], 100_000, 0),
        (5_000, [5_000], 1_000, 4_000),
    ],
)  # fmt: skip
def test_up_to_where_entries_may_go(position: int, acknowledged: list[int], entries_max: int, floor: int) -> None:
    """What every group has acknowledged but for the last ones, and whatever is beyond the bound."""
    assert wanted_floor(position=position, acknowledged=acknowledged, entries_max=entries_max) == floor


async def test_the_slowest_group_holds_entries_back(database: Database) -> None:
    """Entries go when every group has acknowledged them, pending ones stay; what goes is noted before it goes."""
    url = own_redis(database.redis_url)
    end = KEPT_ENTRIES + 5_000
    async with open_redis(url) as client, await open_pool(database.role_urls["publisher"], size_max=1) as pool:
        stream = RedisStream(client, NAME)
        for begin in range(0, end, 5_000):
            await stream.add(begin, [(at, at - 1, b"{}") for at in range(begin + 1, begin + 5_001)])
        epoch = await publishing.LEASE.take(pool, "test", 60)
        assert epoch is not None
        trimming = Trimming(stream, pool, entries_max=100_000)

        async def first() -> int:
            await trimming.trim(epoch, end)
            found = await stream.first()
            assert found is not None
            assert found <= (await publishing.progress(pool)).trimmed_position + 1
            return found

        with redis_client(url) as plain:
            for name in ("quick", "slow"):
                plain.xgroup_create(NAME, name, id="0")
            plain.xgroup_setid(NAME, "quick", f"{end}-0")
            assert await first() == 1
            plain.xreadgroup("slow", "me", {NAME: ">"}, count=3_000)
            assert await first() == 1
            plain.xack(NAME, "slow", *[f"{at}-0" for at in range(1, 2_500)])
            assert 2_500 - NODE <= await first() <= 2_500
            plain.xgroup_setid(NAME, "slow", f"{end}-0")
            assert 2_500 - NODE <= await first() <= 2_500  # those that are pending
            plain.xgroup_destroy(NAME, "slow")
            assert end - KEPT_ENTRIES - NODE <= await first() <= end - KEPT_ENTRIES + 1


async def test_a_full_redis_keeps_fewer_entries(database: Database) -> None:
    """When Redis has no memory left the publisher takes the older half out and goes on, and nothing later is missing."""
    url = own_redis(database.redis_url)
    events = history(seed=8, steps=4_500)
    assert len(events) > 3_200
    await put_into_log(database.superuser_url, events[:3_000])
    with redis_client(url) as client:
        before = client.config_get("maxmemory")["maxmemory"]
        async with publisher(database, url) as running:
            await running.caught_up()
            try:
                client.config_set("maxmemory", client.info("memory")["used_memory"])
                await put_into_log(database.superuser_url, events, begin=3_000)
                await running.caught_up()
            finally:
                client.config_set("maxmemory", before)
            # First the stream, then the note: it goes on keeping less, and notes it before.
            there = [position for position, _, _ in in_stream(url)]
            known = await publishing.progress(running.pool)
    assert there == list(range(there[0], len(events) + 1))
    assert 1 < there[0] <= known.trimmed_position + 1
