"""New builds that several processes fill at once, each its own part of the users."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from fintwin.domain.streams import Recorded
from fintwin.projections import accounts
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import encode_rows
from fintwin.projector.crew import Crew
from fintwin.projector.rebuild import rebuild
from fintwin.projector.sources import sources_of
from fintwin.store import building
from fintwin.store.connect import Pool, open_connection, open_pool
from fintwin.store.filling import part_of_log
from tests.conftest import Database
from tests.projections.histories import history, put_into_log
from tests.projector.projecting_tools import assert_as_in_memory, people_at_work, projector, stored_rows
from tests.support.ledgers import open_ledger

ROOT = Path(__file__).parents[2]
ALL_EQUAL = {"reports": [[model.name, True, 0] for model in READ_MODELS]}
INDEXES = """
    SELECT replace(pg_get_indexdef(i.indexrelid)
        || coalesce(c.conname || ' ' || pg_get_constraintdef(c.oid), ''), '_v{0}', '_vN')
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
    WHERE t.relnamespace = 'read'::regnamespace AND t.relname ~ '_v{0}$' ORDER BY 1
"""


async def rebuilding(database: Database, **asked: Any) -> tuple[int, dict[str, Any]]:
    """Exit code of the process that rebuilds, and what it said; see `tests.projector.rebuilding`."""
    command = [sys.executable, "-m", "tests.projector.rebuilding", database.role_urls["projector"], json.dumps(asked)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(said) if said else {}


async def builds_of(pool: Pool) -> set[tuple[str, int, str]]:
    """All builds there are: model, version, state."""
    async with pool.acquire() as connection:
        return {(one.model, one.version, one.state) for one in await building.builds(connection)}


async def tables_of(pool: Pool) -> set[str]:
    """The names of all tables of builds."""
    return {
        row[0]
        for row in await pool.fetch("SELECT relname::text FROM pg_class WHERE relname ~ '_v[0-9]+$' AND relkind = 'r'")
    }


def several_users(seed: int, steps: int) -> list[Recorded]:
    """A history in which people also pay each other."""
    events = history(seed, steps)
    assert any(
        one.transaction_id == other.transaction_id and one.user_id != other.user_id for one, other in pairwise(events)
    )
    return events


@pytest.mark.parametrize(
    ("size", "at_a_time", "bare"),
    [(1, 40_000, 0), (2, 40_000, 0), (2, 60, 0), (3, 25, 0), (2, 60, 20_000), (2, 60, 10**9)],
)
async def test_filled_by_several_is_as_folded_by_one(database: Database, size: int, at_a_time: int, bare: int) -> None:
    """Whatever the number of processes and readings, indexes made after or before: the same rows, to the byte, and indexes."""
    await put_into_log(database.superuser_url, several_users(seed=size, steps=200))
    async with projector(database) as running:
        await running.caught_up()
        live = {model.name: encode_rows(model, await stored_rows(running.pool, model)) for model in READ_MODELS}
        assert await rebuilding(database, size=size, events=at_a_time, bare=bare) == (0, ALL_EQUAL)
        for model in READ_MODELS:
            assert encode_rows(model, await stored_rows(running.pool, model, 2)) == live[model.name], model.name
        await running.caught_up()
        await assert_as_in_memory(database, running.pool)
        first, second = [[row[0] for row in await running.pool.fetch(INDEXES.format(number))] for number in (1, 2)]
        assert len(first) > len(READ_MODELS)
        assert second == first


@pytest.mark.parametrize("limit", [10**6, 20])
async def test_parts_of_the_log(database: Database, limit: int) -> None:
    """All parts together are the log, read in one go or in stretches; all events of a user are in one part, in their order."""
    events = several_users(seed=3, steps=120)
    in_one_go = len(events) <= limit * 3
    assert in_one_go is (limit > len(events))
    await put_into_log(database.superuser_url, events)
    connection = await open_connection(database.role_urls["projector"])
    users: list[set[UUID]] = []
    seen: list[int] = []
    for part in range(3):
        rows, position = [], 0
        while position < len(events):
            more, position = await part_of_log(connection, position, limit, len(events), part=part, parts=3)
            assert in_one_go or len(more) <= limit
            rows += more
        users.append({row["user_id"] for row in rows})
        own = {user: [row["position"] for row in rows if row["user_id"] == user] for user in users[-1]}
        assert all(positions == sorted(positions) for positions in own.values())
        seen += [row["position"] for row in rows]
        together = [user for user, _ in groupby(rows, key=itemgetter("user_id"))]
        assert not in_one_go or len(together) == len(users[-1])
    await connection.close()
    assert sorted(seen) == [event.position for event in events]
    assert set.union(*users) == {event.user_id for event in events}
    assert sum(map(len, users)) == len(set.union(*users))


async def test_a_short_log_is_left_to_one(database: Database) -> None:
    """Below the number of events that is worth it nobody is asked to fill, and the rebuild is the same."""
    events = several_users(seed=1, steps=60)
    await put_into_log(database.superuser_url, events)
    async with projector(database) as running:
        await running.caught_up()
        asked = {"size": 2, "least": len(events) + 1, "killed": "one", "at": 1}
        assert await rebuilding(database, **asked) == (0, ALL_EQUAL)


async def test_one_of_them_killed(database: Database) -> None:
    """When a process is killed half-way it is said, nothing is switched, and nothing is left; the next rebuild works."""
    await put_into_log(database.superuser_url, several_users(seed=4, steps=150))
    async with projector(database) as running:
        await running.caught_up()
        before = await builds_of(running.pool), await tables_of(running.pool)
        code, said = await rebuilding(database, size=2, events=60, killed="one", at=3)
        assert (code, said) == (
            0, {"error": "Nothing was switched: one of the processes that were building was ended by signal 9."}
        )  # fmt: skip
        assert (await builds_of(running.pool), await tables_of(running.pool)) == before
        assert await rebuilding(database, size=2, events=60) == (0, ALL_EQUAL)
        await assert_as_in_memory(database, running.pool)


async def test_all_of_them_killed(database: Database) -> None:
    """What a rebuild that was killed outright leaves behind is gone after the next, and its processes end by themselves."""
    await put_into_log(database.superuser_url, several_users(seed=5, steps=150))
    async with projector(database) as running:
        await running.caught_up()
        code, said = await rebuilding(database, size=2, events=60, killed="all", at=3)
        assert (code, said) == (-signal.SIGKILL, {})
        assert {state for _, version, state in await builds_of(running.pool) if version == 2} == {"building"}
        deadline = asyncio.get_running_loop().time() + 20
        while any(database.role_urls["projector"] in words for words in _commands()):
            assert asyncio.get_running_loop().time() < deadline, "they go on without whom they work for"
            await asyncio.sleep(0.05)
        assert await rebuilding(database, size=2, events=60) == (0, ALL_EQUAL)
        assert {version for _, version, _ in await builds_of(running.pool)} == {1, 3}
        assert not [name for name in await tables_of(running.pool) if name.endswith("_v2")]
        await assert_as_in_memory(database, running.pool)


def _commands() -> list[list[str]]:
    return [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]


async def test_another_rebuild_was_faster(database: Database) -> None:
    """When the switch of another rebuild takes the new builds away it is told as that, and what is live stays."""
    await put_into_log(database.superuser_url, several_users(seed=4, steps=100))
    async with projector(database) as running:
        await running.caught_up()
        before = await builds_of(running.pool), await tables_of(running.pool)
        assert await rebuilding(database, size=2, events=60, superseded=True) == (0, {"error": "superseded"})
        assert (await builds_of(running.pool), await tables_of(running.pool)) == before


async def test_a_build_of_somebody_else_with_the_same_number(database: Database) -> None:
    """Numbers are given again: what others began after they took a build away is not filled and keeps its indexes."""
    await put_into_log(database.superuser_url, several_users(seed=4, steps=100))
    async with projector(database) as running:
        await running.caught_up()
    pool = await open_pool(database.role_urls["projector"])
    assert await rebuilding(database, size=2, superseded="again") == (0, {"error": "superseded"})
    builds = await builds_of(pool)
    assert builds == {
        (model.name, version, state) for model in READ_MODELS for version, state in ((1, "live"), (2, "building"))
    }
    first, second = [[row[0] for row in await pool.fetch(INDEXES.format(number))] for number in (1, 2)]
    assert second == first
    for model in READ_MODELS:
        assert not await stored_rows(pool, model, 2)
    await pool.close()


async def test_a_statement_that_goes_on_is_ended_with_its_process(database: Database) -> None:
    """When one process is killed while the server works long for another, the command does not wait for that."""
    await put_into_log(database.superuser_url, several_users(seed=9, steps=150))
    async with projector(database) as running:
        await running.caught_up()
        before = await builds_of(running.pool), await tables_of(running.pool)
        begun = asyncio.get_running_loop().time()
        assert await rebuilding(database, size=2, stuck=True) == (
            0, {"error": "Nothing was switched: one of the processes that were building was ended by signal 9."}
        )  # fmt: skip
        assert asyncio.get_running_loop().time() - begun < 20
        assert (await builds_of(running.pool), await tables_of(running.pool)) == before


async def test_half_of_a_build_is_taken_on_by_nobody(database: Database) -> None:
    """A projector that looks for a build to go on with takes a half-filled one away and begins its own."""
    await put_into_log(database.superuser_url, several_users(seed=6, steps=100))
    code, _ = await rebuilding(database, size=2, events=60, killed="all", at=2)
    assert code == -signal.SIGKILL
    async with projector(database) as running:
        await running.caught_up()
        assert {(version, state) for _, version, state in await builds_of(running.pool)} == {(1, "live")}
        await assert_as_in_memory(database, running.pool)


async def test_one_that_cannot_be_built_leaves_the_others(database: Database) -> None:
    """A fold that fails at an event is named with its position and given up; the other models are compared and switched."""
    events = several_users(seed=7, steps=100)
    poison = [one for one in events if one.type == "Deposited"][-1].position
    await put_into_log(database.superuser_url, events)
    async with projector(database) as running:
        await running.caught_up()
        _, said = await rebuilding(database, size=2, broken={"accounts": poison})
        assert said["error"].startswith("accounts cannot take the event at position ")
        assert said["error"].endswith(": ValueError: cannot take this")
        builds = await builds_of(running.pool)
        assert {(model, state) for model, _, state in builds if state == "live"} == {
            (model.name, "live") for model in READ_MODELS
        }
        assert {model for model, _, state in builds if state == "kept"} == {
            model.name for model in READ_MODELS if model is not accounts.MODEL
        }
        assert "building" not in {state for _, _, state in builds}
        await assert_as_in_memory(database, running.pool)


async def test_filling_under_load(database: Database) -> None:
    """While people write and read, everything is rebuilt by several: nobody sees less than before, and no row differs."""
    async with open_ledger(database) as bank, projector(database) as running:
        async with people_at_work(bank):
            assert await rebuilding(database, size=2, events=60) == (0, ALL_EQUAL)
        await running.caught_up()
        await assert_as_in_memory(database, running.pool)
        report = await rebuild(running.pool, accounts.MODEL, sources_of(accounts.MODEL))
        assert (report.version, report.differing_rows) == (3, 0)


def test_nobody_is_forked_beside_a_thread() -> None:
    """Where another thread is at work the crew is empty: what it holds would be held in a forked process for ever."""
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        with Crew(lambda _mate: None, size=2) as crew:
            assert crew.size == 0
    finally:
        done.set()
        other.join()
