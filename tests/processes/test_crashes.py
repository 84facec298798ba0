"""The crash and tenant tests of the service in the shape in which containers run it: separate processes, one database."""

import asyncio
import threading
import time
from itertools import count
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.test_tenants import ATTACKS
from tests.cli.processes import wait_until
from tests.conftest import Database
from tests.processes.composed import House
from tests.support.log_check import problems, read_log

PAYERS = 6


class Payer(threading.Thread):
    """Pays 1.00 after 1.00, from process to process, and keeps what was answered."""

    def __init__(self, house: House, headers: dict[str, str], to: str, stop: threading.Event) -> None:
        super().__init__()
        self.urls = [one.url for one in house.apis]
        self.headers = headers
        self.to = to
        self.stop = stop
        self.answered: dict[str, str] = {}
        self.wrong: list[str] = []

    def run(self) -> None:
        """Until told to stop."""
        with httpx.Client(headers=self.headers, timeout=30) as client:
            for number in count():
                if self.stop.is_set():
                    return
                key, body = str(uuid4()), {"type": "transfer", "amount": 1, "to_account": self.to}
                try:
                    url = f"{self.urls[number % 2]}/api/transactions/"
                    told = client.post(url, json=body, headers={"Idempotency-Key": key})
                except httpx.TransportError:
                    time.sleep(0.02)
                    continue
                if told.status_code == 201:
                    self.answered[key] = told.json()["id"]
                elif told.status_code != 503:
                    self.wrong.append(told.text)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_each_part_killed_under_load_loses_nothing(house: House, module_database: Database) -> None:
    """Signal 9 for each part in turn while payments run: what was answered is there once, read models and stream catch up."""
    people = [house.sign_in(house.apis[number % 2].url, f"payer-{number}") for number in range(PAYERS)]
    for client, _ in people:
        assert client.post("/api/transactions/", json={"type": "deposit", "amount": 10_000}).status_code == 201
    stop = threading.Event()
    payers = [
        Payer(house, dict(client.headers), people[(number + 1) % PAYERS][1], stop)
        for number, (client, _) in enumerate(people)
    ]
    for payer in payers:
        payer.start()
    try:
        for part in (house.apis[0], house.others["projector"], house.apis[1], house.others["publisher"]):
            before = sum(len(payer.answered) for payer in payers)
            wait_until(lambda before=before: sum(len(one.answered) for one in payers) > before + 30, "payments")  # type: ignore[misc]
            part.kill()
            part.start()
    finally:
        stop.set()
        for payer in payers:
            payer.join()
    assert [text for payer in payers for text in payer.wrong] == []

    log = asyncio.run(read_log(module_database))
    assert problems(log) == []
    sent = [one.transaction_id for one in log.recorded if one.type == "TransferSent"]
    answered = {UUID(one) for payer in payers for one in payer.answered.values()}
    assert len(sent) == len(set(sent))
    assert len(answered) > 120
    assert answered <= set(sent)
    # The key of an answered payment gives the same answer, from the other process too.
    key, transaction = list(payers[0].answered.items())[-1]
    body = {"type": "transfer", "amount": 1, "to_account": payers[0].to}
    for part in house.apis:
        again = httpx.post(
            f"{part.url}/api/transactions/", json=body, headers=payers[0].headers | {"Idempotency-Key": key}, timeout=30
        )
        assert again.headers["idempotent-replay"] == "true"
        assert again.json()["id"] == transaction
    total = sum(float(client.get(f"/api/accounts/{user}/balance").json()["balance"]) for client, user in people)
    assert total == PAYERS * 10_000

    def caught_up() -> bool:
        parts = people[0][0].get("/api/status").json()["parts"]
        return all(one["state"] == "ok" and one["lag"] == 0 for one in parts)

    wait_until(caught_up, "projector and publisher at the end of the log")
    for client, _ in people:
        client.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_tenants_stay_apart_across_processes(house: House) -> None:
    """Somebody else's ids look like missing ones at the process that has served the owner and at the other one."""
    ada, ada_id = house.sign_in(house.apis[0].url, "ada")
    eve, eve_id = house.sign_in(house.apis[1].url, "eve")
    for client in (ada, eve):
        assert client.post("/api/transactions/", json={"type": "deposit", "amount": 100}).status_code == 201
    made = ada.post("/api/transactions/", json={"type": "deposit", "amount": 1}).json()["id"]
    before = ada.get("/api/events?limit=1000").json()
    for part in house.apis:
        for method, path, body in ATTACKS:
            told = []
            for ids in (
                {"transaction": made, "account": ada_id},
                {"transaction": str(uuid4()), "account": str(uuid4())},
            ):
                filled = ids | {"own": eve_id}
                sent = None if body is None else {
                    name: value.format(**filled) if isinstance(value, str) else value for name, value in body.items()
                }  # fmt: skip
                answer = eve.request(method, part.url + path.format(**filled), json=sent)
                told.append((answer.status_code, {k: v for k, v in answer.json().items() if k != "request_id"}))
            assert told[0] == told[1], f"{method} {path}"
            assert told[0][0] == 404
    assert ada.get("/api/events?limit=1000").json() == before
    for mine in (ada_id, made, "Everyday"):
        assert mine not in house.parts.said().replace(f'"user_id":"{ada_id}"', "")
    ada.close()
    eve.close()


@pytest.mark.slow
def test_a_sign_out_holds_in_every_process_within_a_second(house: House) -> None:
    """Signed out at one process: a second later no process takes the token."""
    client, _ = house.sign_in(house.apis[0].url, "guest")
    assert httpx.get(f"{house.apis[1].url}/api/auth/me", headers=client.headers).status_code == 200
    assert client.post("/api/auth/logout").status_code == 204
    time.sleep(1)
    for part in house.apis:
        assert httpx.get(f"{part.url}/api/auth/me", headers=client.headers).status_code == 401
    client.close()


@pytest.mark.slow
def test_two_projectors_share_no_work(house: House, module_database: Database) -> None:
    """A second one waits; when the first is killed it takes over, and readers notice nothing but a pause."""
    client, _ = house.sign_in(house.apis[0].url, "reader")
    environment = house.others["projector"].environment
    house.parts.environment = environment
    second = house.parts.start("projector")
    assert client.post("/api/transactions/", json={"type": "deposit", "amount": 5}).status_code == 201
    wait_until(lambda: len(client.get("/api/transactions/").json()) == 1, "the first projector")
    house.others["projector"].kill()
    assert client.post("/api/transactions/", json={"type": "deposit", "amount": 5}).status_code == 201

    def seen() -> bool:
        listed = client.get("/api/transactions/")
        assert listed.status_code == 200 or listed.json()["code"] == "not_reached"
        return listed.status_code == 200 and len(listed.json()) == 2

    wait_until(seen, "the second projector", 15)
    assert second.process is not None
    assert second.process.poll() is None
    assert module_database.run_sql("COPY (SELECT count(*) FROM read.lease) TO STDOUT").strip() == "1"
    client.close()
