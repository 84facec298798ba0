"""Somebody else's id and a missing one look the same, whatever is asked."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.people import Answer, Person, Service

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]

ATTACKS: list[tuple[str, str, Any]] = [
    ("GET", "/api/transactions/{transaction}", None),
    ("PATCH", "/api/transactions/{transaction}", {"note": "mine"}),
    ("POST", "/api/transactions/{transaction}/reverse", {}),
    ("GET", "/api/transactions/account/{account}", None),
    ("GET", "/api/transactions/account/{account}?limit=5", None),
    ("GET", "/api/accounts/{account}", None),
    ("PATCH", "/api/accounts/{account}", {"name": "mine", "annual_rate_percent": 1}),
    ("POST", "/api/accounts/{account}/freeze", None),
    ("POST", "/api/accounts/{account}/unfreeze", None),
    ("POST", "/api/accounts/{account}/close", None),
    ("GET", "/api/accounts/{account}/balance", None),
    ("GET", "/api/accounts/{account}/balance?as_of=2026-01-01&known_at=2026-01-01", None),
    ("POST", "/api/transactions/", {"type": "withdrawal", "amount": 1, "account_id": "{account}"}),
    ("POST", "/api/transactions/", {"type": "deposit", "amount": 1, "account_id": "{account}"}),
    ("POST", "/api/transactions/", {"type": "transfer", "amount": 1, "account_id": "{account}", "to_account": "{own}"}),
]


def told(answer: Answer) -> tuple[int, Any]:
    """What an attacker can tell apart: everything but the id of the request."""
    body = answer.json
    if isinstance(body, dict):
        body.pop("request_id", None)
    return answer.status, body


async def attack(person: Person, method: str, path: str, body: Any, ids: dict[str, str]) -> Answer:
    filled = {name: value.format(**ids) if isinstance(value, str) else value for name, value in (body or {}).items()}
    return await person.ask(method, path.format(**ids), filled if body is not None else None)


@pytest.mark.parametrize(("method", "path", "body"), ATTACKS, ids=lambda value: str(value)[:60])
async def test_another_tenants_id_looks_like_a_missing_one(app: Service, method: str, path: str, body: Any) -> None:
    """Equal answers, and nothing has happened to the other one."""
    ada, eve = await app.person(deposit=100), await app.person(deposit=5)
    savings = await ada.account()
    made = await ada.move("transfer", 10, to_account=savings)
    before = (await ada.get("/api/events?limit=1000")).json
    theirs = await attack(eve, method, path, body, {"transaction": made["id"], "account": savings, "own": eve.id})
    missing = await attack(
        eve, method, path, body, {"transaction": str(uuid4()), "account": str(uuid4()), "own": eve.id}
    )
    assert told(theirs) == told(missing)
    assert theirs.status == 404
    assert (await ada.get("/api/events?limit=1000")).json == before


async def test_lists_hold_nothing_of_others(app: Service) -> None:
    """Transactions, accounts, events and sessions of a person are that person's only."""
    ada, eve = await app.person(deposit=100), await app.person()
    await ada.account(name="Secret plan")
    for path in (
        "/api/transactions/",
        "/api/accounts/",
        "/api/events?limit=1000",
        "/api/auth/sessions",
        "/api/auth/me",
    ):
        answer = await eve.get(path)
        assert answer.status == 200
        assert ada.id not in answer.text
        assert "Secret plan" not in answer.text


async def test_a_cursor_of_somebody_else_leads_nowhere_else(app: Service) -> None:
    """Positions are shared by all, rows are not."""
    ada, eve = await app.person(deposit=100), await app.person(deposit=7)
    made = await ada.move("deposit", 1)
    rows = (await eve.get(f"/api/transactions/?cursor={made['position'] + 1}")).json
    assert {row["account_id"] for row in rows} == {eve.id}
