"""kill -9 of a process that writes, again and again: what was answered is there once, the rest is there whole or not at all."""

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Database
from tests.crash.writer_process import unanswered
from tests.support.ledgers import environment_of, open_ledger
from tests.support.log_check import Log, problems, read_log

ROOT = Path(__file__).parents[2]


def start(database: Database, journal: Path, users: list[UUID], name: str, *flags: str) -> subprocess.Popen[bytes]:
    """A writer process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.writer_process", str(journal), ",".join(map(str, users)), name, *flags],
        env=environment_of(database),
        cwd=ROOT,
    )


def lines_of(journal: Path) -> list[str]:
    """The whole lines of a journal."""
    return journal.read_text().splitlines() if journal.exists() else []


def wait_for_answers(process: subprocess.Popen[bytes], journal: Path, more_than: int) -> None:
    """Until the process has said more acknowledgements than that."""
    deadline = time.monotonic() + 60
    while sum(line.startswith("ack") for line in lines_of(journal)) <= more_than:
        assert process.poll() is None, "the writer ended by itself"
        assert time.monotonic() < deadline, "the writer books nothing"
        time.sleep(0.01)


def broken_promises(log: Log, lines: list[str]) -> list[str]:
    """What a journal says that the log does not bear out."""
    found = []
    positions = {one.transaction_id: one.position for one in log.recorded}
    booked = Counter(one.event.category for one in log.recorded if one.type == "TransferSent")
    for line in lines:
        kind, key, *rest = line.split()
        if kind == "ack":
            if booked[key] != 1:
                found.append(f"{key} was acknowledged and is there {booked[key]} times")
            if positions.get(UUID(rest[0])) != int(rest[1]):
                found.append(f"{key} was acknowledged as transaction {rest[0]} at {rest[1]}, which is not there")
        elif kind == "ref" and booked[key]:
            found.append(f"{key} was refused and is there")
    found.extend(f"{key} is there {times} times" for key, times in booked.items() if times > 1)
    return found


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.soak)])
@pytest.mark.timeout(1800)
async def test_killed_while_writing(database: Database, tmp_path: Path, kills: int) -> None:
    """Two processes under load, one of them killed each time and started again: no promise is broken, nothing is half."""
    draws = random.Random(kills)
    async with open_ledger(database) as bank:
        users = [await bank.person(balance_minor=100_000) for _ in range(5)]
    journals = {name: tmp_path / name for name in ("a", "b")}
    running = {name: start(database, journal, users, name) for name, journal in journals.items()}
    try:
        for number in range(kills):
            name = "ab"[number % 2]
            wait_for_answers(running[name], journals[name], sum(one[:3] == "ack" for one in lines_of(journals[name])))
            await asyncio.sleep(draws.random() * 0.15)
            running[name].kill()
            running[name].wait()
            running[name] = start(database, journals[name], users, name)
        for name, journal in journals.items():
            wait_for_answers(running[name], journal, sum(one[:3] == "ack" for one in lines_of(journal)))
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    log = await read_log(database)
    assert problems(log) == []
    for journal in journals.values():
        lines = lines_of(journal)
        assert broken_promises(log, lines) == []
        assert sum(line.startswith("ack") for line in lines) > kills
    # Every life but the last has had its open questions answered by the next one.
    tried = sum(len({line.split()[1] for line in lines_of(one) if line.startswith("try")}) for one in journals.values())
    assert sum(len(unanswered(lines_of(one))) for one in journals.values()) < tried
    money = sum(one.state.balance_minor for one in log.heads if hasattr(one.state, "balance_minor"))
    assert money == 500_000


async def test_the_checker_catches_an_early_acknowledgement(database: Database, tmp_path: Path) -> None:
    """A writer that acknowledges before the commit is found out: the fault is seeded, the checker has to name it."""
    async with open_ledger(database) as bank:
        users = [await bank.person(balance_minor=100_000) for _ in range(5)]
    journal = tmp_path / "liar"
    holder = await asyncpg.connect(database.superuser_url)
    try:
        async with holder.transaction():
            await holder.execute("SELECT * FROM log.log_head FOR UPDATE")
            liar = start(database, journal, users, "a", "--early")
            try:
                wait_for_answers(liar, journal, 0)
            finally:
                liar.kill()
                liar.wait()
    finally:
        await holder.close()
    log = await read_log(database)
    assert problems(log) == []
    assert any("was acknowledged and is there 0 times" in one for one in broken_promises(log, lines_of(journal)))


async def test_the_checker_catches_a_second_booking(database: Database) -> None:
    """A transfer that was booked twice for one key is found out, and so is one that was refused and booked."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=100), await bank.person()
        for _ in range(2):
            await bank.transfer(anna, ben, 1, category="a-1")
    log = await read_log(database)
    assert broken_promises(log, []) == ["a-1 is there 2 times"]
    assert "a-1 was refused and is there" in broken_promises(log, ["try a-1", "ref a-1"])
