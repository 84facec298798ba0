"""Publisher and Redis killed, Redis flushed, trimmed and away while money moves: nobody notices, every subscriber has it all."""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from fintwin.embedded import EmbeddedServers
from tests.conftest import reachable_folder
from tests.publisher.publishing_tools import NAME
from tests.subscribe.running_parts import Parts
from tests.subscribe.test_programs import Person, assert_all_came


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """Processes over servers of this test's own: it kills Redis."""
    import asyncio

    from fintwin.store.migrate import migrate

    with reachable_folder() as folder, EmbeddedServers(folder / "data") as servers:
        asyncio.run(migrate(servers.superuser_url, servers.role_passwords))
        made = Parts(servers, servers.environment(), tmp_path)
        try:
            yield made
        finally:
            made.stop()


class Payer(threading.Thread):
    """Moves money without a pause; whatever is answered other than with success ends the test."""

    def __init__(self, person: Person, to: Person) -> None:
        super().__init__()
        self.person = person
        self.to = to
        self.enough = threading.Event()
        self.paid = 0
        self.slowest_s = 0.0
        self.failed: BaseException | None = None

    def run(self) -> None:
        """Until it is enough."""
        try:
            while not self.enough.wait(0.01):
                began = time.monotonic()
                self.person.move("transfer", 0.01, to_account=self.to.id)
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.paid += 1
        except BaseException as error:  # noqa: BLE001  told by the test itself
            self.failed = error


def kill_publisher(parts: Parts) -> None:
    parts.kill("publisher")
    parts.start("publisher")


def kill_redis(parts: Parts) -> None:
    """Down for a while, then back and empty."""
    child = parts.servers.valkey.child
    assert child is not None
    child.kill()
    child.wait()
    time.sleep(1.5)
    parts.servers.restart_ended()


def flush(parts: Parts) -> None:
    with redis.Redis.from_url(parts.redis_url) as client:
        client.flushall()


def trim(parts: Parts) -> None:
    """Everything, and a little of what nobody has read yet."""
    with redis.Redis.from_url(parts.redis_url) as client:
        client.xtrim(NAME, maxlen=3, approximate=False)


def kill_programs(parts: Parts) -> None:
    parts.kill(*parts.programs)
    time.sleep(0.5)
    parts.start(*parts.programs)


HARMS = (kill_publisher, kill_redis, flush, trim, kill_programs)


def live_through(parts: Parts, harms: list) -> None:
    """Two people pay each other while one harm after the other is done."""
    parts.start("api")
    with Person(parts.url) as ada, Person(parts.url) as ben:
        ada.move("deposit", 1000)
        ben.move("deposit", 1000)
        parts.start("publisher", *parts.programs)
        payers = [Payer(ada, ben), Payer(ben, ada)]
        for payer in payers:
            payer.start()
        try:
            for harm in harms:
                time.sleep(0.7)
                harm(parts)
            time.sleep(0.7)
        finally:
            for payer in payers:
                payer.enough.set()
            for payer in payers:
                payer.join()
        for payer in payers:
            assert payer.failed is None, payer.failed
            assert payer.slowest_s < 5
        end = ada.move("withdrawal", 1)
        parts.wait_for(end)
        there, back = (payer.paid for payer in payers)
        assert there > 10
        assert_all_came(parts, end, {ada.id: 100_000 - there + back - 100, ben.id: 100_000 + there - back})


@pytest.mark.slow
def test_every_outage_once(parts: Parts) -> None:
    """Each kind of harm under writes: every subscriber ends with every position once, in order; the API did not notice."""
    live_through(parts, list(HARMS))


@pytest.mark.soak
def test_outages_in_random_order(parts: Parts) -> None:
    """Sixty harms in a random order."""
    draw = random.Random(11)
    live_through(
        parts, [draw.choice([harm for harm in HARMS if harm is not kill_redis]) for _ in range(56)] + [kill_redis] * 4
    )
