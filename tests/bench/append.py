"""Transfers through rules, hashes and idempotency, against inserting the same rows with nothing around it.

The peer is one plain multi-row INSERT per batch (the fastest form there is: arrays that the server unnests) into a table without
an index, of the very rows that the append writes: two per transfer. It gets no rules, no keys, no numbering and no hashes.

Payers and payees are drawn from the same accounts (with one account: everybody pays that one); of several processes each has
payers of its own, so an account is paid by all of them and pays from one. The peer's rate varies by a third on a shared machine:
the first target's ratio is the median of four times as many pairs as the others'.
"""

import asyncio
import multiprocessing
import os
import random
import time
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from typing import Any
from uuid import UUID

import asyncpg
import uvloop
from uuid_utils.compat import uuid7

from fintwin.domain import accounts, profiles
from fintwin.embedded import EmbeddedServers
from fintwin.garbage import rest_garbage_collection
from fintwin.ledger.plans import OnAccount, OnProfile
from fintwin.ledger.submission import Receipt, Submission
from fintwin.ledger.writer import Writer
from fintwin.store.connect import open_pool
from tests.bench.report import Section, Target

SECONDS = float(os.environ.get("BENCH_SECONDS", "2"))
PAIRS = int(os.environ.get("BENCH_PAIRS", "3"))
BATCHES = (1, 16, 256, 4096)
ACCOUNTS = (600, 50, 10, 1)
PROCESSES = (1, 2, 3)
COLUMNS = (
    "shard int4", "position int8", "stream_kind int2", "stream_id uuid", "version int8", "user_id uuid", "type text",
    "schema_version int2", "transaction_id uuid", "effective_at timestamptz", "recorded_at timestamptz", "payload text",
    "metadata text", "digest bytea", "stream_hash bytea", "hash bytea",
)  # fmt: skip


def _submission(user: UUID, plan: Any, key: bytes | None = None) -> Submission:
    return Submission(user_id=user, plan=plan, transaction_id=uuid7(), at=datetime.now(UTC), key=key, request=bytes(32))


async def people(url: str, number: int) -> list[UUID]:
    """Users with a funded main account each."""
    pool = await open_pool(url, size_min=4)
    writer = Writer(pool)
    users = [uuid7() for _ in range(number)]
    now = datetime.now(UTC)
    answers = profiles.ProfileAnswers(
        account_name="s1.x",
        currency_preference="EUR",
        monthly_income_minor=0,
        financial_goal="savings",
        risk_appetite="low",
    )

    async def one(user: UUID) -> None:
        for plan in (
            OnProfile(user, profiles.RegisterUser(at=now, provider="demo")),
            OnProfile(user, profiles.FillInProfile(at=now, answers=answers), "s1.x"),
            OnAccount(user, accounts.Deposit(at=now, amount_minor=10**12)),
        ):
            outcome = await writer.submit(_submission(user, plan))
            assert isinstance(outcome, Receipt), outcome

    await asyncio.gather(*(one(user) for user in users))
    await pool.close()
    return users


def _process(
    url: str, payers: list[UUID], payees: list[UUID], batch: int, seconds: float, barrier: Barrier, results: Any
) -> None:
    uvloop.run(_pay(url, payers, payees, batch, seconds, barrier, results))


async def _pay(
    url: str, payers: list[UUID], payees: list[UUID], batch: int, seconds: float, barrier: Barrier, results: Any
) -> None:
    pool = await open_pool(url, size_min=4)
    writer = Writer(pool, slice_max=batch, waiting_max=10**6)
    draw = random.Random(os.getpid())
    done = 0
    running = True

    async def payer() -> None:
        nonlocal done
        while running:
            user = draw.choice(payers)
            to = draw.choice(payees)
            if to == user:
                continue
            command = accounts.SendTransfer(at=datetime.now(UTC), account_id=user, to_account=to, amount_minor=1)
            outcome = await writer.submit(_submission(user, OnAccount(user, command), uuid7().bytes + bytes(16)))
            assert isinstance(outcome, Receipt), outcome
            done += 1

    tasks = [asyncio.create_task(payer()) for _ in range(2 * batch)]
    await asyncio.sleep(0.5)  # warm: connections prepared, heads known
    rest_garbage_collection()  # as the service does
    barrier.wait()
    done = 0
    writer.tries.clear()
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    taken, elapsed, tries = done, time.perf_counter() - started, dict(writer.tries)
    running = False
    await asyncio.gather(*tasks)
    await pool.close()
    results.put((taken / elapsed, tries))


def transfers_per_second(
    url: str, users: list[UUID], *, batch: int, accounts_used: int, processes: int
) -> tuple[float, dict[int, int]]:
    """The rate of all processes together, and how many commands needed how many tries."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    payers = users if accounts_used == 1 else users[:accounts_used]
    payees = users[:accounts_used]
    workers = [
        context.Process(target=_process, args=(url, payers[n::processes], payees, batch, SECONDS, barrier, results))
        for n in range(processes)
    ]
    for worker in workers:
        worker.start()
    found = [results.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    tries: dict[int, int] = {}
    for _, counted in found:
        for number, commands in counted.items():
            tries[number] = tries.get(number, 0) + commands
    return sum(rate for rate, _ in found), tries


async def plain_inserts_per_second(url: str, batch: int) -> float:
    """Transfers per second of the peer: two rows each, one INSERT a batch, autocommit."""
    connection = await asyncpg.connect(url)
    await connection.execute("DROP TABLE IF EXISTS plain; CREATE TABLE plain AS SELECT * FROM log.event LIMIT 0")
    sample = await connection.fetch("SELECT * FROM log.event WHERE type = 'TransferSent' LIMIT 1")
    rows = [sample[0]] * (2 * batch)
    names = [column.split()[0] for column in COLUMNS]
    given = ", ".join(f"${n}::{column.split()[1]}[]" for n, column in enumerate(COLUMNS, 1))
    taken = ", ".join(f"q.{name}::json" if name in {"payload", "metadata"} else f"q.{name}" for name in names)
    statement = f"INSERT INTO plain SELECT {taken} FROM unnest({given}) AS q({', '.join(names)})"
    arguments = [[row[name] for row in rows] for name in names]
    await connection.execute(statement, *arguments)
    done = 0
    started = time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        await connection.execute(statement, *arguments)
        done += batch
    elapsed = time.perf_counter() - started
    await connection.execute("DROP TABLE plain")
    await connection.close()
    return done / elapsed


def measure(servers: EmbeddedServers) -> Section:
    """The whole matrix, each cell against the plain INSERT right before and after it."""
    api, admin = servers.role_urls["api"], servers.superuser_url
    users = uvloop.run(people(api, 600))
    transfers_per_second(api, users, batch=16, accounts_used=600, processes=1)  # rows for the peer to copy
    section = Section(
        "Appending transfers",
        __doc__ or "",
        ("per append", "accounts", "processes", "ratio to plain INSERT", "transfers/s", "tries"),
    )
    rates: dict[tuple[int, int, int], float] = {}
    ratios: dict[tuple[int, int, int], float] = {}
    tries_max = 0
    for batch in BATCHES:
        for used in ACCOUNTS:
            for processes in PROCESSES if batch == 256 else (1, 3):
                pairs = []
                of_target = 4 if (batch, used, processes) == (256, 50, 1) else 1
                for _ in range(of_target * PAIRS if batch == 256 else 1):
                    plain = uvloop.run(plain_inserts_per_second(admin, batch))
                    rate, tries = transfers_per_second(api, users, batch=batch, accounts_used=used, processes=processes)
                    pairs.append((rate / plain, rate))
                ratio, rate = sorted(pairs)[len(pairs) // 2]
                cell = (batch, used, processes)
                rates[cell], ratios[cell] = rate, ratio
                if cell == (256, 1, 3):
                    tries_max = max(tries)
                told = " ".join(f"{number}:{commands}" for number, commands in sorted(tries.items()))
                section.rows.append((str(batch), str(used), str(processes), f"{ratio:.2f}", f"{rate:,.0f}", told))
                print(*section.rows[-1], flush=True)
    section.targets = [
        Target("256 per append over 50 accounts, to the plain INSERT", ratios[256, 50, 1], 0.35),
        Target("three processes paying one account, to the same over 600", rates[256, 1, 3] / rates[256, 600, 3], 0.7),
        Target("most tries of a command there", float(tries_max), 3, at_most=True),
        Target("two processes over 600 accounts, to one", rates[256, 600, 2] / rates[256, 600, 1], 1.0),
    ]
    return section
