"""Balances as of a day, and payments that count before others: on an account with a short history and on one with a long one.

make bench ARGS=past
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter
from typing import Any, Final
from uuid import UUID

import asyncpg

from fintwin.embedded import EmbeddedServers
from fintwin.ledger.ledger import Booking, Request
from fintwin.ledger.movements import Movement
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projector.runner import Projector
from fintwin.store import reading
from fintwin.store.connect import open_pool
from tests.bench.report import Section, Target
from tests.projector.projecting_tools import wait_until_caught_up
from tests.support.ledgers import Bank, booked, open_ledger

SHORT, LONG = 1_000, 100_000
DAYS: Final = 3650
READS, LATE = 200, 40
CHUNK: Final = 4_096


def measure(servers: EmbeddedServers) -> Section:
    """The chapter."""
    return asyncio.run(_measure(servers))


async def _measure(servers: EmbeddedServers) -> Section:
    section = Section(
        "The past",
        f"Two accounts with one deposit after the other over ten years, {SHORT:,} and {LONG:,} of them, without HTTP. A late "
        "payment is decided under the log's lock; the first one in a process reads the account's past before.",
        head=("what", f"{SHORT:,} transactions", f"{LONG:,} transactions"),
    )
    urls = servers.role_urls_for("fintwin")
    async with open_ledger(urls) as bank:
        users = [await _lived(bank, size) for size in (SHORT, LONG)]
        await _projected(urls["projector"])
        admin = await asyncpg.connect(servers.superuser_url_for("fintwin"))
        await admin.execute("ANALYZE")
        await admin.close()
        await _balances(bank, users, section)
        await _payments(bank, users, section)
    return section


async def _lived(bank: Bank, size: int) -> UUID:
    user = await bank.person()
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=DAYS)
    moments = [begin + dt.timedelta(days=DAYS * number / size) for number in range(size)]
    for first in range(0, size, CHUNK):
        items: list[tuple[Request, Any]] = [
            (
                Request(user_id=user),
                Movement(kind="deposit", account_id=user, amount_minor=100 + number % 7, effective_at=moments[number]),
            )
            for number in range(first, min(first + CHUNK, size))
        ]
        assert all(isinstance(one, Booking) for one in await bank.ledger.move_all(items))
    return user


async def _projected(url: str) -> None:
    pool = await open_pool(url, size_max=5)
    stop = asyncio.Event()
    task = asyncio.create_task(Projector(pool, holder="bench", models=READ_MODELS).run(stop))
    await wait_until_caught_up(pool, READ_MODELS, patience_s=300, pause_s=0.1)
    stop.set()
    await task
    await pool.close()


async def _balances(bank: Bank, users: list[UUID], section: Section) -> None:
    # Just after one of the last deposits of the shorter history: in that day both have something to look at.
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=DAYS)
    moment = begin + dt.timedelta(days=DAYS * (SHORT - 2) / SHORT, seconds=1)
    whole = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    ways: dict[str, Callable[[UUID], Awaitable[Any]]] = {
        "balance as of a day": lambda user: reading.balance(bank.pool, user, user, as_of=whole),
        "balance as of a moment": lambda user: reading.balance(bank.pool, user, user, as_of=moment),
        "balance as of a day, as known then": lambda user: reading.balance(
            bank.pool, user, user, as_of=whole, known_at=whole
        ),
    }
    for name, way in ways.items():
        pairs = [[await _timed_us(way, user) for user in users] for _ in range(READS)]
        ratio = median(long / short for short, long in pairs)
        section.targets.append(Target(f"{name}: long / short history", ratio, 3, at_most=True))
        section.rows.append((name, *(f"{median(times):.0f} µs" for times in zip(*pairs, strict=True))))


async def _timed_us(way: Callable[[UUID], Awaitable[Any]], user: UUID) -> float:
    start = perf_counter()
    await way(user)
    return (perf_counter() - start) * 1e6


async def _payments(bank: Bank, users: list[UUID], section: Section) -> None:
    def paying(user: UUID, at: dt.datetime | None) -> Callable[[], Awaitable[Any]]:
        async def pay() -> None:
            booked(await bank.withdraw(user, 1, effective_at=at))

        return pay

    year_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=365)
    first = [await _median_us(paying(user, year_ago), 1) for user in users]
    late = [await _median_us(paying(user, year_ago), LATE) for user in users]
    ordinary = [await _median_us(paying(user, None), LATE) for user in users]
    for name, times in (
        ("payment of now", ordinary),
        ("payment of a year ago, the first one", first),
        ("payment of a year ago, a later one", late),
    ):
        section.rows.append((name, *(f"{time / 1000:.1f} ms" for time in times)))


async def _median_us(way: Callable[[], Awaitable[Any]], times: int) -> float:
    taken = []
    for _ in range(times):
        start = perf_counter()
        await way()
        taken.append(perf_counter() - start)
    return median(taken) * 1e6
