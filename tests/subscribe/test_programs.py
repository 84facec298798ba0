from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import redis

from tests.audit.books import environment
from tests.conftest import Database
from tests.publisher.publishing_tools import NAME, own_redis
from tests.subscribe.running_parts import Parts

PROFILE = {
    "account_name": "Main", "currency_preference": "EUR", "monthly_income": 0, "financial_goal": "savings",
    "risk_appetite": "low",
}  # fmt: skip


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> Iterator[Parts]:
    """Processes over a database and a Redis of this test's own."""
    made = Parts(database.servers, environment(database) | {"REDIS_URL": own_redis(database.redis_url)}, tmp_path)
    try:
        yield made
    finally:
        made.stop()


class Person:
    """Somebody who moves money over HTTP, and expects to be answered at once."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=10)
        entered = self.client.post("/api/auth/demo", json={}).json()
        self.id = entered["user"]["id"]
        self.client.headers["authorization"] = f"Bearer {entered['ft_token']}"
        assert self.client.put("/api/auth/profile", json=PROFILE).is_success

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def move(self, kind: str, amount: float, **more: Any) -> int:
        """The position that it reached."""
        answer = self.client.post("/api/transactions/", json={"type": kind, "amount": amount} | more)
        assert answer.status_code == 201, answer.text
        return int(answer.headers["X-Position"])


def assert_all_came(parts: Parts, end: int, sums: dict[str, int]) -> None:
    """Each program has every position once, in order, and the sums are those of the accounts."""
    for program in parts.programs:
        if program != "balances.py":
            assert [int(line.split()[0]) for line in parts.lines(program)] == list(range(1, end + 1)), program
    assert dict(parts.query("SELECT account, minor FROM moved")) == sums


def test_the_programs_of_the_documentation(parts: Parts) -> None:
    """Programs with redis-py, with Node alone and with the library: each event once, whatever happens to them and to Redis."""
    parts.start("api")
    with Person(parts.url) as ada, Person(parts.url) as ben:
        parts.start("publisher", *parts.programs)
        for number in range(10):
            ada.move("deposit", 100 + number)
        end = ada.move("transfer", 5, to_account=ben.id)
        parts.wait_for(end)
        parts.kill(*parts.programs)
        for _ in range(10):
            ada.move("transfer", 1, to_account=ben.id)
        with redis.Redis.from_url(parts.redis_url) as client:
            parts.start(*parts.programs)
            client.xtrim(NAME, minid=f"{end + 5}-0", approximate=False)
            end = ada.move("withdrawal", 2)
            parts.wait_for(end)
            client.flushdb()
            end = ben.move("withdrawal", 3)
            parts.wait_for(end)
        assert_all_came(parts, end, {ada.id: 104500 - 500 - 1000 - 200, ben.id: 500 + 1000 - 300})


@pytest.mark.slow
def test_a_dead_letter_holds_back_its_account_alone(parts: Parts) -> None:
    """What the handler cannot take waits, and what follows it on that account; other accounts go on; released, all is there."""
    parts.start("api")
    with Person(parts.url) as ada, Person(parts.url) as ben:
        parts.start("publisher", "balances.py")
        parts.wait_for(ben.move("deposit", 10), "balances.py")
        parts.query(
            f"CREATE TRIGGER broken BEFORE INSERT ON moved WHEN NEW.account = '{ada.id}' "
            "BEGIN SELECT RAISE(ABORT, 'cannot take this'); END"
        )
        first = ada.move("deposit", 20)
        second = ada.move("transfer", 5, to_account=ben.id)
        parts.wait_for(ben.move("withdrawal", 1), "balances.py")
        rows = parts.query("SELECT position, reason FROM parked ORDER BY position")
        assert [position for position, _ in rows] == [first, second]
        assert "cannot take this" in rows[0][1]
        assert rows[1][1] == "an earlier event of its stream is parked"
        assert parts.query("SELECT account, minor FROM moved") == [(ben.id, 1400)]
        with redis.Redis.from_url(parts.redis_url) as client:
            client.flushdb()  # what is parked does not lie in Redis
        parts.kill("balances.py")
        assert parts.release_parked().endswith("handled:\n")
        parts.query("DROP TRIGGER broken")
        assert parts.release_parked() == f"handled: {first} {second}\n"
        parts.start("balances.py")
        parts.wait_for(ada.move("withdrawal", 3), "balances.py")
        assert sorted(parts.query("SELECT account, minor FROM moved")) == sorted([(ada.id, 1200), (ben.id, 1400)])
