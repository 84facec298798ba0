"""The real application over a real database, and people who use it.

async with service(database) as app:
    ada = await app.person(currency="EUR")
    answer = await ada.post("/api/transactions/", {"type": "deposit", "amount": 5})
"""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from fintwin.api.app import Application, create_app
from fintwin.bootstrap import Services, open_services
from fintwin.settings import Settings, load
from tests.conftest import Database
from tests.support import gated

PROFILE = {
    "account_name": "Everyday",
    "currency_preference": "EUR",
    "monthly_income": 2500,
    "financial_goal": "savings",
    "risk_appetite": "low",
}
JWT_SECRET = "8f1c0a5de3b94712c6d7e8f90a1b2c3d"  # pragma: allowlist secret
MASTER_KEY = base64.b64encode(bytes(range(100, 132))).decode()


def settings(database: Database, **more: str) -> Settings:
    """What `fintwin run` would read, for one database of the tests."""
    urls = {f"FINTWIN_{role.upper()}_DATABASE_URL": url for role, url in database.role_urls.items() if role != "api"}
    return load(
        {
            "DATABASE_URL": database.role_urls["api"],
            "FINTWIN_JWT_SECRET": JWT_SECRET,
            "FINTWIN_MASTER_KEY": MASTER_KEY,
            "FINTWIN_EMBEDDED": "1",
            "FINTWIN_LIMITS": "off",
            **urls,
            **more,
        }
    )


class Answer:
    """A response, with numbers exactly as they were written."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.text
        self.content = response.content

    @property
    def json(self) -> Any:
        """The body, decimals exact."""
        return json.loads(self.content, parse_float=Decimal)

    @property
    def code(self) -> str | None:
        """The problem's code."""
        return self.json.get("code") if self.headers["content-type"] == "application/problem+json" else None


@dataclass
class Person:
    """Somebody who has signed in; the main account has their id."""

    client: httpx.AsyncClient
    token: str
    id: str

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request. Bytes go as they are, anything else as JSON; header names with underscores for dashes."""
        sent = {"authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        content = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        return Answer(await self.client.request(method, path, content=content, headers=sent))

    async def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """POST."""
        return await self.ask("POST", path, body, **headers)

    async def patch(self, path: str, body: Any, **headers: str) -> Answer:
        """PATCH."""
        return await self.ask("PATCH", path, body, **headers)

    async def put(self, path: str, body: Any, **headers: str) -> Answer:
        """PUT."""
        return await self.ask("PUT", path, body, **headers)

    async def move(self, kind: str, amount: Any, **more: Any) -> Any:
        """A transaction that has to succeed; its body."""
        answer = await self.post("/api/transactions/", {"type": kind, "amount": amount} | more)
        assert answer.status == 201, answer.text
        return answer.json

    async def account(self, currency: str = "EUR", kind: str = "savings", name: str = "Savings") -> str:
        """A further account; its id."""
        answer = await self.post("/api/accounts/", {"name": name, "kind": kind, "currency": currency})
        assert answer.status == 201, answer.text
        return str(answer.json["id"])

    async def balance(self, account: str | None = None) -> Decimal:
        """The balance of an account."""
        return Decimal(str((await self.get(f"/api/accounts/{account or self.id}/balance")).json["balance"]))

    async def positions(self) -> list[int]:
        """The positions of all own events."""
        return [event["position"] for event in (await self.get("/api/events?limit=1000")).json]


@dataclass
class Service:
    """One process of the service."""

    app: Application
    services: Services
    client: httpx.AsyncClient

    async def newcomer(self) -> Person:
        """Somebody who has just signed in."""
        answer = (await self.client.post("/api/auth/demo")).json()
        return Person(self.client, answer["ft_token"], answer["user"]["id"])

    async def person(self, currency: str = "EUR", deposit: Any = None) -> Person:
        """Somebody with a profile and a main account."""
        person = await self.newcomer()
        answer = await person.put("/api/auth/profile", PROFILE | {"currency_preference": currency})
        assert answer.status == 200, answer.text
        if deposit is not None:
            await person.move("deposit", deposit)
        return person


@asynccontextmanager
async def service(database: Database, **more: str) -> AsyncIterator[Service]:
    """A process of the service for the length of the block."""
    async with open_services(settings(database, **gated.SETTINGS, **more)) as services:
        app = create_app(services)
        if gated.WANTED:
            async with gated.through_gateway(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
                yield Service(app, services, client)
            return
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", timeout=30) as client:
            yield Service(app, services, client)
