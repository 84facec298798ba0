"""Running a real projector over a test database, and reading back what it wrote.

async with projector(database) as running:
    await running.caught_up()
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from fintwin.domain.streams import Recorded
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import ReadModel, Rows, encode_rows, fold_all
from fintwin.projector.runner import Projector
from fintwin.projector.sources import sources_of
from fintwin.store import building, projecting, reading
from fintwin.store.building import Sources
from fintwin.store.connect import Pool, open_pool
from fintwin.store.rows import recorded
from tests.conftest import Database
from tests.support.ledgers import Bank, booked, open_ledger

PATIENCE_SECONDS = 20.0


@dataclass
class Running:
    """A projector at work in this process."""

    pool: Pool
    task: "asyncio.Task[None]"
    stop: asyncio.Event

    async def caught_up(self) -> None:
        """Wait until every live build has the whole log."""
        waiting = asyncio.create_task(wait_until_caught_up(self.pool))
        await asyncio.wait([waiting, self.task], return_when=asyncio.FIRST_COMPLETED)
        assert waiting.done(), self.task.result()
        await waiting


async def wait_until_caught_up(
    pool: Pool,
    models: Sequence[ReadModel] = READ_MODELS,
    *,
    patience_s: float = PATIENCE_SECONDS,
    pause_s: float = 0.01,
) -> None:
    """Until each model has a live build that stands at the end of the log."""
    deadline = asyncio.get_running_loop().time() + patience_s
    while True:
        async with pool.acquire() as connection:
            end = await projecting.log_position(connection)
            builds = [build for build in await building.builds(connection) if build.state == "live"]
        if {build.model for build in builds if build.position == end} >= {model.name for model in models}:
            return
        assert asyncio.get_running_loop().time() < deadline, f"at {end} of the log: {builds}"
        await asyncio.sleep(pause_s)


@asynccontextmanager
async def projector(
    database: Database,
    *,
    models: Sequence[ReadModel] = READ_MODELS,
    sources: Callable[[ReadModel], Sources] = sources_of,
    reach: Callable[[str], None] = lambda _point: None,
) -> AsyncIterator[Running]:
    """A projector that runs until the end of the block."""
    pool = await open_pool(database.role_urls["projector"], size_max=5, name="projector under test")
    stop = asyncio.Event()
    worker = Projector(pool, holder="test", models=models, sources=sources, reach=reach)
    task = asyncio.create_task(worker.run(stop))
    try:
        yield Running(pool, task, stop)
    finally:
        stop.set()
        await task
        await pool.close()


async def whole_log(url: str) -> list[Recorded]:
    """Every event there is."""
    connection = await asyncpg.connect(url)
    try:
        return [recorded(row) for row in await connection.fetch("SELECT * FROM log.event ORDER BY position")]
    finally:
        await connection.close()


async def stored_rows(pool: Pool, model: ReadModel, version: int | None = None) -> Rows:
    """All rows of a build (the live one by default) as the database has them."""
    rows: Rows = {}
    async with pool.acquire() as connection:
        if version is None:
            builds = await building.builds(connection)
            (version,) = [one.version for one in builds if one.model == model.name and one.state == "live"]
        for table in model.tables:
            stored = projecting.stored_table(table, version)
            width = len(table.row.__struct_fields__)
            for record in await connection.fetch(f"SELECT * FROM {stored.name}"):
                row = stored.decode(record[:width])
                if table.made is not None:
                    assert record[table.made[0]] == table.made[1](row), "made of the row as it is"
                rows.setdefault(row.user_id, {})[table.key_of(row)] = row  # type: ignore[attr-defined]
    return rows


async def assert_as_in_memory(database: Database, pool: Pool, models: Sequence[ReadModel] = READ_MODELS) -> None:
    """Each live build is byte for byte what the fold gives in memory."""
    events = await whole_log(database.superuser_url)
    for model in models:
        stored = encode_rows(model, await stored_rows(pool, model))
        assert stored == encode_rows(model, fold_all(model, events)), model.name


@asynccontextmanager
async def left_behind(database: Database) -> AsyncIterator[tuple[Bank, UUID]]:
    """Somebody with 10.00 whom a projector has shown, and then 5.00 more that it shows no more: it has stopped."""
    async with open_ledger(database) as bank:
        async with projector(database) as running:
            person = await bank.person("EUR", 10_00)
            await running.caught_up()
        await bank.deposit(person, 5_00)
        yield bank, person


@asynccontextmanager
async def people_at_work(bank: Bank) -> AsyncIterator[None]:
    """Somebody writes and reads meanwhile, before and after what is tried as well."""
    stop, seen = asyncio.Event(), list[int]()
    load = asyncio.create_task(_write_and_read(bank, stop, seen))

    async def twenty_more() -> None:
        after = len(seen)
        while len(seen) < after + 20:
            await asyncio.sleep(0.01)
            assert not load.done(), load.result()

    try:
        await twenty_more()
        yield
        await twenty_more()
    finally:
        stop.set()
        await load


async def _write_and_read(bank: Bank, stop: asyncio.Event, seen: list[int]) -> None:
    """Deposit and read for ever: the own write is always seen, and no list is ever shorter than before."""
    anna = await bank.person("EUR", 0)
    while not stop.is_set():
        booked(await bank.deposit(anna, 1_00))
        (account,) = (await reading.accounts(bank.pool, anna)).value
        rows = (await reading.transactions(bank.pool, anna, reading.Filter(limit=5_000))).value
        assert account.balance_minor == len(rows) * 1_00 == (len(seen) + 1) * 1_00
        seen.append(account.balance_minor)
