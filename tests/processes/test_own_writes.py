"""Written through one process, read at once through another: the own write is there, or the answer is 503."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.api.people import PROFILE
from tests.conftest import Database
from tests.support.parts import Parts

PEOPLE = 8
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class Someone:
    """A person who writes here and reads there, and knows what has to be seen."""

    def __init__(self, clients: list[httpx.AsyncClient], token: str, user_id: str) -> None:
        self.clients = clients
        self.headers = {"authorization": f"Bearer {token}"}
        self.id = user_id
        self.balance = Decimal(0)
        self.booked: list[str] = []
        self.refused = 0

    async def deposit(self, number: int) -> None:
        """One more, through whichever process is next."""
        body = {"type": "deposit", "amount": number % 90 + 1}
        answer = await self.clients[number % len(self.clients)].post(
            "/api/transactions/", json=body, headers=self.headers
        )
        assert answer.status_code == 201, answer.text
        self.balance += body["amount"]  # type: ignore[operator]
        self.booked.insert(0, answer.json()["id"])

    async def get(self, number: int, path: str) -> Any:
        """The body of a read through the process after that, or None after a 503."""
        answer = await self.clients[(number + 1) % len(self.clients)].get(path, headers=self.headers)
        if answer.status_code == 503:
            assert answer.json()["code"] == "not_reached"
            assert answer.headers["retry-after"]
            self.refused += 1
            return None
        assert answer.status_code == 200, (path, answer.text)
        return _decode(answer.content)

    async def look(self, number: int) -> None:
        """One of the reads that must show the last deposit."""
        which = number % 5
        if which == 0:
            rows = await self.get(number, "/api/transactions/?limit=3")
            assert rows is None or [row["id"] for row in rows] == self.booked[:3]
        elif which == 1:
            rows = await self.get(number, f"/api/transactions/account/{self.id}?limit=1")
            assert rows is None or (rows[0]["id"], rows[0]["balance_after"]) == (self.booked[0], self.balance)
        elif which == 2:
            count = await self.get(number, f"/api/notifications/count/{self.id}")
            assert count is None or count["total"] >= len(self.booked)
        elif which == 3:
            found = await self.get(number, "/api/portfolio/")
            assert found is None or found["net_worth"][0]["amount"] == self.balance
        else:
            found = await self.get(number, f"/api/accounts/{self.id}/balance?as_of=2999-12-31")
            assert found is None or found["balance"] == self.balance


async def people_of(clients: list[httpx.AsyncClient]) -> list[Someone]:
    """Everybody with a profile and an account."""
    found = []
    for number in range(PEOPLE):
        entered = (await clients[number % len(clients)].post("/api/auth/demo", json={})).json()
        someone = Someone(clients, entered["ft_token"], entered["user"]["id"])
        assert (await clients[0].put("/api/auth/profile", json=PROFILE, headers=someone.headers)).is_success
        found.append(someone)
    return found


async def write_and_read(database: Database, folder: Path, processes: int, tries: int) -> None:
    """Everybody writes and reads ``tries`` times together; then the projector is stopped."""
    with Parts(database, folder, FINTWIN_LIMITS="off") as parts:
        projector = parts.start("projector")
        urls = [part.url for part in parts.apis(processes)]
        clients = [httpx.AsyncClient(base_url=url, timeout=30) for url in urls]
        people = await people_of(clients)

        async def live(someone: Someone, first: int) -> None:
            for number in range(first, tries, PEOPLE):
                await someone.deposit(number)
                await someone.look(number)

        await asyncio.gather(*(live(someone, first) for first, someone in enumerate(people)))
        assert sum(someone.refused for someone in people) < tries / 10

        # An event that concerns no list takes every checkpoint along.
        ada = people[0]
        renamed = await clients[0].patch(f"/api/accounts/{ada.id}", json={"name": "Other"}, headers=ada.headers)
        assert renamed.is_success
        for number in range(5):
            await ada.look(number)
        refused = ada.refused

        projector.stop()
        await ada.deposit(1)
        await asyncio.gather(*(ada.look(number) for number in range(5)))
        assert ada.refused == refused + 5
        old = await ada.get(1, "/api/transactions/?limit=1&min_position=0")
        assert old[0]["id"] == ada.booked[1]
        for client in clients:
            await client.aclose()


@pytest.mark.timeout(180)
async def test_own_writes_are_seen_in_every_process(database: Database, tmp_path: Path) -> None:
    """A thousand tries over two processes; without a projector 503, and what is there only where `min_position=0` asks."""
    await write_and_read(database, tmp_path, processes=2, tries=1000)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_own_writes_are_seen_ten_thousand_times(database: Database, tmp_path: Path) -> None:
    """Ten thousand over four processes."""
    await write_and_read(database, tmp_path, processes=4, tries=10_000)
