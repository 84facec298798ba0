"""kill -9 of the whole service under load over HTTP: every answered payment is there once, and its key still answers the same."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.bench.running import free_port
from tests.conftest import Database
from tests.support.log_check import problems, read_log

Answers = dict[str, tuple[str, dict[str, Any]]]
"""Idempotency key to the token that used it and the transaction that was answered."""


class RunningService:
    """``fintwin api`` against a test database, killed and started again at will."""

    def __init__(self, database: Database, folder: Path) -> None:
        """``folder`` takes what the service says."""
        self.port = free_port()
        environment = database.servers.environment() | {
            "DATABASE_URL": database.role_urls["api"],
            **{f"FINTWIN_{role.upper()}_DATABASE_URL": url for role, url in database.role_urls.items()},
            "PORT": str(self.port),
        }
        self._environment = os.environ | environment
        self._said = folder / "said"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fintwin", "api"], env=self._environment, stdout=said, stderr=said
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/health/live", timeout=2).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(self._said.read_text())

    def kill(self) -> None:
        """Kill -9."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A client of the service."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30)


async def enter(service: RunningService) -> tuple[str, str]:
    """A new person with 100,000.00 EUR: token and id."""
    profile = {
        "account_name": "Main",
        "currency_preference": "EUR",
        "monthly_income": 0,
        "financial_goal": "savings",
        "risk_appetite": "low",
    }
    async with service.client() as nobody:
        entered = (await nobody.post("/api/auth/demo", json={})).json()
    async with service.client(entered["ft_token"]) as person:
        assert (await person.put("/api/auth/profile", json=profile)).is_success
        assert (await person.post("/api/transactions/", json={"type": "deposit", "amount": 100000})).is_success
    return entered["ft_token"], entered["user"]["id"]


async def pay_until_it_dies(service: RunningService, token: str, to: str, answered: Answers) -> None:
    """Transfers of 1.00 one after the other; what was answered is kept."""
    async with service.client(token) as person:
        while True:
            key = str(uuid4())
            body = {"type": "transfer", "amount": 1, "to_account": to}
            try:
                answer = await person.post("/api/transactions/", json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                return
            assert answer.status_code in {201, 503}, answer.text
            if answer.status_code == 201:
                answered[key] = (token, answer.json() | {"to": to})


async def kill_under_load(database: Database, folder: Path, kills: int) -> None:
    """Four payers pay each other while the service is killed again and again."""
    service = RunningService(database, folder)
    service.start()
    people = [await enter(service) for _ in range(4)]
    answered: Answers = {}
    for number in range(kills):
        payers = [
            asyncio.create_task(pay_until_it_dies(service, token, people[(n + 1 + number % 3) % 4][1], answered))
            for n, (token, _) in enumerate(people)
            for _ in range(4)
        ]
        before = len(answered)
        while len(answered) < before + 40:  # noqa: ASYNC110  the payers know nothing of this loop
            await asyncio.sleep(0.01)
        service.kill()
        await asyncio.gather(*payers)
        service.start()
    repeated = list(answered.items())[-20:]
    for key, (token, transaction) in repeated:
        async with service.client(token) as person:
            body = {"type": "transfer", "amount": 1, "to_account": transaction["to"]}
            again = await person.post("/api/transactions/", json=body, headers={"Idempotency-Key": key})
        assert again.headers["Idempotent-Replay"] == "true"
        assert again.json() == {name: value for name, value in transaction.items() if name != "to"}
    service.kill()

    log = await read_log(database)
    assert problems(log) == []
    sent = [one.transaction_id for one in log.recorded if one.type == "TransferSent"]
    assert len(sent) == len(set(sent))
    missing = {UUID(transaction["id"]) for _, transaction in answered.values()} - set(sent)
    assert not missing, json.dumps([str(one) for one in missing])
    assert sum(one.state.balance_minor for one in log.heads if hasattr(one.state, "balance_minor")) == 4 * 100_000_00


async def test_kill_of_the_service_under_load(database: Database, tmp_path: Path) -> None:
    """Five kills: nothing that was answered is lost or doubled, and nothing is there by half."""
    await kill_under_load(database, tmp_path, kills=5)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_twenty_kills_of_the_service_under_load(database: Database, tmp_path: Path) -> None:
    """Twenty kills."""
    await kill_under_load(database, tmp_path, kills=20)


@pytest.mark.soak
@pytest.mark.timeout(3000)
async def test_two_hundred_kills_of_the_service_under_load(database: Database, tmp_path: Path) -> None:
    """Two hundred kills."""
    await kill_under_load(database, tmp_path, kills=200)
