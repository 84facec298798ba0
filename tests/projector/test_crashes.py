import asyncio
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from fintwin.domain.accounts import Deposited
from fintwin.domain.streams import Recorded
from fintwin.projections import accounts, balances
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import Changes, UserRows
from fintwin.projector.applying import apply, read_batch
from fintwin.projector.folding import Folding
from fintwin.projector.runner import Projector
from fintwin.projector.sources import sources_of
from fintwin.store import building, projecting
from fintwin.store.connect import open_pool
from fintwin.store.lease import LEASE_SECONDS, SupersededError
from tests.conftest import Database
from tests.projections.histories import history, put_into_log
from tests.projector.projecting_tools import assert_as_in_memory, projector, wait_until_caught_up

ROOT = Path(__file__).parents[2]
POINTS = ("after read", "before commit", "after commit")


async def run_until_killed(url: str, point: str, times: int) -> int:
    """The exit code of a projector process that ends itself at a point; it is waited for, not left behind."""
    command = [sys.executable, "-m", "tests.projector.crashing_projector", url, point, str(times)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_point(database: Database, point: str) -> None:
    """Killed outright at a named point, at different times, the tables end up as the fold in memory has them."""
    events = history(seed=7, steps=150)
    ends = [one.position for one, after in pairwise(events) if one.transaction_id != after.transaction_id]
    parts = (ends[len(ends) * quarter // 4] for quarter in (1, 2, 3))
    begin = 0
    for end, times in zip(parts, (1, 4, 6), strict=True):
        await put_into_log(database.superuser_url, events[:end], begin=begin)
        code = await run_until_killed(database.role_urls["projector"], point, times)
        assert code == -signal.SIGKILL, f"the point {point!r} was never reached"
        begin = end
        database.run_sql("UPDATE read.lease SET expires_at = '-infinity'")  # who was killed keeps it for 3 s
    await put_into_log(database.superuser_url, events, begin=begin)
    async with projector(database) as running:
        await running.caught_up()
        await assert_as_in_memory(database, running.pool)


async def test_a_point_that_is_never_reached_is_noticed(database: Database) -> None:
    """The way these tests tell that a point fired does fail where there is no such point."""
    await put_into_log(database.superuser_url, history(seed=1, steps=5))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(4):
            await run_until_killed(database.role_urls["projector"], "no such point", 1)


async def test_two_projectors(database: Database) -> None:
    """One works and the other waits; when the first stops, the second goes on where it was."""
    events = history(seed=3, steps=80)
    await put_into_log(database.superuser_url, events[:40])
    async with projector(database) as second:
        await second.caught_up()
        async with projector(database) as waiting:
            await asyncio.sleep(2 * LEASE_SECONDS / 3)
            async with second.pool.acquire() as connection:
                assert await connection.fetchval("SELECT epoch FROM read.lease") == 1
            second.stop.set()
            await second.task
            await put_into_log(database.superuser_url, events, begin=40)
            await waiting.caught_up()
            async with waiting.pool.acquire() as connection:
                assert await connection.fetchval("SELECT epoch FROM read.lease") == 2
            await assert_as_in_memory(database, waiting.pool)


async def test_a_zombie_writes_nothing(database: Database) -> None:
    """A runner whose lease was taken over writes nothing, neither with its old epoch nor from its old position."""
    events = history(seed=5, steps=30)
    await put_into_log(database.superuser_url, events)
    pool = await open_pool(database.role_urls["projector"])
    try:
        async with pool.acquire() as connection:
            model = accounts.MODEL
            build = await building.create(connection, model, sources_of(model))
            old = await projecting.LEASE.take(connection, "zombie", 0)
            new = await projecting.LEASE.take(connection, "successor", 60)
        assert (old, new) == (1, 2)
        zombie, successor = (Folding(model, version=build.version, position=0) for _ in range(2))
        batch = await read_batch(pool, 0, zombie.types)
        with pytest.raises(SupersededError):
            await apply(pool, [zombie], batch, epoch=old)
        async with pool.acquire() as connection:
            assert await connection.fetchval("SELECT count(*) FROM read.account_v1") == 0
        await apply(pool, [successor], batch, epoch=new)
        with pytest.raises(SupersededError):
            await apply(pool, [zombie], batch, epoch=new)
        async with pool.acquire() as connection:
            assert not await projecting.LEASE.renew(connection, old or 0, 60)
            assert {one.position for one in await building.builds(connection)} == {events[-1].position}
    finally:
        await pool.close()


async def test_a_poison_event_stops_one_read_model(database: Database) -> None:
    """An event that one fold cannot take stops that read model before its transaction, visibly; the others go on."""
    events = history(seed=11, steps=40)
    poison = next(one for one in events[20:] if one.type == "Deposited")
    await put_into_log(database.superuser_url, events)

    def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
        if any(event.position == poison.position for event in events):
            msg = "cannot take this"
            raise ValueError(msg)
        return balances.fold(rows, events)

    broken = msgspec.structs.replace(balances.MODEL, fold=fold)
    models = [broken if model.name == "balances" else model for model in READ_MODELS]
    others = [model for model in READ_MODELS if model.name != "balances"]
    pool = await open_pool(database.role_urls["projector"], size_max=5)
    stop = asyncio.Event()
    task = asyncio.create_task(Projector(pool, holder="test", models=models).run(stop))
    try:
        await wait_until_caught_up(pool, others)
        async with pool.acquire() as connection:
            (stopped,) = [one for one in await building.builds(connection) if one.model == "balances"]
        assert stopped.fault == "ValueError: cannot take this"
        assert stopped.fault_position == poison.position
        assert stopped.position == poison.position - 1
        await assert_as_in_memory(database, pool, others)
    finally:
        stop.set()
        await task
    async with projector(database) as mended:
        await mended.caught_up()
        await assert_as_in_memory(database, mended.pool)
    await pool.close()


async def test_an_event_that_cannot_be_decoded_stops_whom_it_concerns(database: Database) -> None:
    """Where a payload makes no sense, the read models of that type of event stop and show it; the others go on."""
    events = history(seed=13, steps=40)
    await put_into_log(database.superuser_url, events)
    broken = next(one for one in events[10:] if one.type == "Deposited")
    database.run_sql(
        "ALTER TABLE log.event DISABLE TRIGGER event_is_immutable; "
        f'UPDATE log.event SET payload = \'{{"amount_minor": "much"}}\' WHERE position = {broken.position}; '
        "ALTER TABLE log.event ENABLE ALWAYS TRIGGER event_is_immutable;"
    )
    concerned = {model.name for model in READ_MODELS if Deposited in model.events}
    others = [model for model in READ_MODELS if model.name not in concerned]
    assert others
    async with projector(database) as running:
        await wait_until_caught_up(running.pool, others)
        async with running.pool.acquire() as connection:
            builds = {one.model: one for one in await building.builds(connection)}
    assert {name for name, one in builds.items() if one.fault_position == broken.position} == concerned
    assert all(builds[name].position == broken.position - 1 for name in concerned)
    assert all("cannot be decoded" in (builds[name].fault or "") for name in concerned)


async def test_irrelevant_events_advance_the_checkpoint(database: Database) -> None:
    """An event that does not concern a read model takes its checkpoint along."""
    events = history(seed=2, steps=0)
    await put_into_log(database.superuser_url, [one for one in events if one.position == 1])
    async with projector(database, models=[balances.MODEL]) as running:
        await wait_until_caught_up(running.pool, [balances.MODEL])
