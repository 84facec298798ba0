"""The leader dies in the middle of payments; everything that was acknowledged is on the node that takes over."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from fintwin.embedded import EmbeddedServers
from fintwin.store.connect import LOST, open_connection
from fintwin.store.migrate import migrate
from tests.api.people import PROFILE
from tests.cli.processes import wait_until
from tests.conftest import Database, reachable_folder
from tests.failover.cluster import PASSWORD, Cluster
from tests.processes.test_crashes import Payer
from tests.support.log_check import problems, read_log
from tests.support.parts import Part, Parts

PAYERS = 4


@pytest.fixture
def cluster(servers: EmbeddedServers) -> Iterator[Cluster]:
    """Two nodes and a voter; skipped where Patroni is missing or the servers' account cannot run it."""
    if find_spec("patroni") is None or find_spec("pysyncobj") is None:
        pytest.skip("Patroni is not installed (make test-all installs requirements-failover.txt)")
    account = servers.postgres._place.account
    if not account.can(sys.executable, "-c", "import patroni, psycopg, pysyncobj"):
        pytest.skip("root runs the tests, and the servers' account cannot reach this Python")
    with reachable_folder() as folder, Cluster(folder, servers.postgres._binaries.postgres_folder, account) as started:
        account.give(folder)
        yield started


@dataclass
class Running:
    """What a payer has to know."""

    apis: list[Part]


def enter(url: str) -> tuple[dict[str, str], str]:
    """Somebody new with 10,000.00: the headers that they send, and their id."""
    entered = httpx.post(f"{url}/api/auth/demo", json={}, timeout=30).json()
    headers = {"authorization": f"Bearer {entered['ft_token']}"}
    assert httpx.put(f"{url}/api/auth/profile", json=PROFILE, headers=headers, timeout=30).status_code == 200
    deposit = {"type": "deposit", "amount": 10_000}
    assert httpx.post(f"{url}/api/transactions/", json=deposit, headers=headers, timeout=30).status_code == 201
    return headers, entered["user"]["id"]


async def made_ready(cluster: Cluster, servers: EmbeddedServers) -> Database:
    """The database of the service in the cluster, reached through both nodes."""
    administrator = cluster.url("postgres", PASSWORD, "postgres")
    connection = await asyncpg.connect(administrator)
    await connection.execute("CREATE DATABASE fintwin")
    await connection.close()
    url = cluster.url("postgres", PASSWORD, "fintwin")
    for _ in range(100):
        # Confirmed by the standby is not yet applied there, and a node without the database refuses before it tells its role.
        with suppress(asyncpg.InvalidCatalogNameError):
            await (await open_connection(url)).close()
            break
        await asyncio.sleep(0.1)
    await migrate(url, servers.role_passwords)
    passwords = servers.secrets.role_passwords
    urls = {role: cluster.url(f"fintwin_{role}", passwords[role], "fintwin") for role in passwords}
    return Database("fintwin", url, urls, servers.redis_url, servers)


def answered(payers: list[Payer]) -> int:
    return sum(len(payer.answered) for payer in payers)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_that_was_acknowledged_is_lost_with_the_leader(
    cluster: Cluster, servers: EmbeddedServers, tmp_path: Path
) -> None:
    """Signal 9 for the whole leading node under load: the other takes over, the same processes go on, the log is whole."""
    try:
        cluster.wait_for_standby()
    except AssertionError:
        pytest.fail(cluster.said())
    database = asyncio.run(made_ready(cluster, servers))
    first = cluster.leader()
    assert first is not None
    stop = threading.Event()
    with Parts(database, tmp_path, FINTWIN_LIMITS="off") as parts:
        house = Running(parts.apis(2))
        projector = parts.start("projector")
        people = [enter(house.apis[number % 2].url) for number in range(PAYERS)]
        payers = [
            Payer(house, headers, people[(number + 1) % PAYERS][1], stop) for number, (headers, _) in enumerate(people)
        ]
        for payer in payers:
            payer.start()
        try:
            wait_until(lambda: answered(payers) > 100, "payments")
            cluster.wait_for_standby(20)
            before = answered(payers)
            cluster.kill(first)
            killed_at = time.monotonic()
            wait_until(lambda: cluster.leader() not in {None, first}, f"another leader\n{cluster.said()}", 90)
            during = answered(payers)
            wait_until(lambda: answered(payers) > during + 50, "payments on the new leader", 60)
            pause_s = time.monotonic() - killed_at
        finally:
            stop.set()
            for payer in payers:
                payer.join()
        assert [text for payer in payers for text in payer.wrong] == []
        assert all(part.process is not None and part.process.poll() is None for part in (*house.apis, projector))
        headers, user = people[0]

        def seen() -> bool:
            told = httpx.get(f"{house.apis[0].url}/api/transactions/account/{user}", headers=headers, timeout=30)
            return told.status_code == 200

        wait_until(seen, "the read models on the new leader", 60)

    log = asyncio.run(read_log(database))
    assert problems(log) == []
    booked = {one.transaction_id for one in log.recorded if one.type == "TransferSent"}
    acknowledged = {UUID(one) for payer in payers for one in payer.answered.values()}
    assert len(acknowledged) > before > 100
    assert acknowledged <= booked
    balances = [one.state.balance_minor for one in log.heads if hasattr(one.state, "balance_minor")]
    assert sum(balances) == PAYERS * 10_000_00
    print(f"{len(acknowledged)} acknowledged, {pause_s:.1f} s from the kill to 50 payments on the new leader")  # noqa: T201

    # The node that was lost comes back as a standby of the new leader.
    cluster.start(first)
    cluster.wait_for_standby(120)
    assert cluster.leader() != first


async def test_a_standby_is_not_taken_for_the_database(servers: EmbeddedServers) -> None:
    """Where no address takes writes, connecting fails like a database that is away; one primary among several is found."""
    url = servers.role_urls["api"]
    connection = await open_connection(url)
    try:
        assert await connection.fetchval("SELECT pg_is_in_recovery()") is False
    finally:
        await connection.close()
    with pytest.raises(LOST):
        await open_connection("postgresql://nobody:x@127.0.0.1:9,127.0.0.1:19/fintwin")
