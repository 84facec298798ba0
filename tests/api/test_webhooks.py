"""`/api/webhooks`: making, changing and taking away, and what its owner alone may know."""

from typing import Any
from uuid import uuid4

import pytest

from fintwin.webhooks.hooks import HOOKS_MAX
from tests.api.people import Person, Service
from tests.conftest import Database

pytestmark = pytest.mark.asyncio(loop_scope="module")
URL = "https://hooks.example.org/secret-path"


async def made(person: Person, **more: Any) -> dict[str, Any]:
    answer = await person.post("/api/webhooks", {"url": URL} | more)
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


async def test_the_secret_is_told_once(app: Service, ada: Person) -> None:
    """With the making and never again; by default movements of money are told."""
    hook = await made(ada)
    assert hook["secret"].startswith("whsec_")
    assert hook["types"] == ["Deposited", "Withdrawn", "TransferSent", "TransferReceived"]
    assert (hook["state"], hook["url"], hook["letters"], hook["attempts"]) == ("active", URL, 0, 0)
    listed = await ada.get("/api/webhooks")
    assert [one["id"] for one in listed.json] == [hook["id"]]
    one = await ada.get(f"/api/webhooks/{hook['id']}")
    assert hook["secret"] not in listed.text + one.text
    assert hook["secret"] != (await made(ada))["secret"]


async def test_address_and_secret_lie_sealed(module_database: Database, app: Service, ada: Person) -> None:
    """Neither is anywhere in the tables in clear."""
    hook = await made(ada)
    stored = module_database.run_sql("SELECT * FROM webhook.hook")
    assert hook["id"] in stored
    assert "secret-path" not in stored
    assert hook["secret"].removeprefix("whsec_")[:20] not in stored


async def test_it_is_changed_and_taken_away(app: Service, ada: Person) -> None:
    """Address, kinds and state; what is gone is 404."""
    path = f"/api/webhooks/{(await made(ada))['id']}"
    change = {"url": "https://other.example.org/", "types": ["AccountOpened", "Deposited"], "state": "paused"}
    changed = (await ada.patch(path, change)).json
    assert {name: changed[name] for name in change} == change
    assert (await ada.patch(path, {"state": "active"})).json["state"] == "active"
    assert (await ada.ask("DELETE", path)).status == 204
    for method, body in (("GET", None), ("PATCH", {"state": "paused"}), ("DELETE", None)):
        answer = await ada.ask(method, path, body)
        assert (answer.status, answer.code) == (404, "unknown_webhook")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "http://example.org/"}, 422, "https_needed"),
        ({"url": "https://127.0.0.1/"}, 422, "address_not_allowed"),
        ({"url": "https://169.254.169.254/latest"}, 422, "address_not_allowed"),
        ({"url": "https://[::1]:8443/"}, 422, "address_not_allowed"),
        ({"url": "https://localhost:8000/"}, 422, "address_not_allowed"),
        ({"url": "https://ada:word@example.org/"}, 422, "address_malformed"),  # pragma: allowlist secret
        ({"url": "nowhere"}, 422, "address_malformed"),
        ({"url": ""}, 422, "address_malformed"),
        ({"url": "https://example.org/" + "x" * 3000}, 400, "malformed"),
        ({"url": URL, "types": []}, 400, "malformed"),
        ({"url": URL, "types": ["Stolen"]}, 400, "malformed"),
        ({"url": 5}, 400, "malformed"),
        ({}, 400, "malformed"),
    ],
)
async def test_bad_addresses_are_refused(app: Service, ada: Person, body: Any, status: int, code: str) -> None:
    """Nothing is made then; the same holds for a change."""
    answer = await ada.post("/api/webhooks", body)
    assert (answer.status, answer.code) == (status, code), answer.text
    assert (await ada.get("/api/webhooks")).json == []
    if body and body["url"] != URL:
        hook = await made(ada)
        answer = await ada.patch(f"/api/webhooks/{hook['id']}", body)
        assert (answer.status, answer.code) == (status, code)
        assert (await ada.get(f"/api/webhooks/{hook['id']}")).json["url"] == URL


async def test_a_user_has_so_many_at_most(app: Service, ada: Person) -> None:
    """The next one is refused."""
    for _ in range(HOOKS_MAX):
        await made(ada)
    answer = await ada.post("/api/webhooks", {"url": URL})
    assert (answer.status, answer.code) == (422, "too_many_webhooks")


async def test_somebody_elses_hook_looks_like_a_missing_one(app: Service, ada: Person) -> None:
    """On every route; and nothing has happened to it."""
    eve = await app.person()
    hook = await made(ada)
    tries: list[tuple[str, str, Any]] = [
        ("GET", "", None), ("PATCH", "", {"state": "paused"}), ("PATCH", "", {"url": URL}), ("DELETE", "", None),
        ("POST", "/replay", {"after": 0}), ("GET", "/letters", None), ("POST", "/letters/replay", None),
        ("POST", "/letters/1/replay", None),
    ]  # fmt: skip
    for method, rest, body in tries:
        told = []
        for hook_id in (hook["id"], str(uuid4())):
            answer = await eve.ask(method, f"/api/webhooks/{hook_id}{rest}", body)
            told.append((answer.status, {**answer.json, "request_id": None}))
        assert told[0] == told[1]
        assert told[0][0] == 404
    assert (await eve.get("/api/webhooks")).json == []
    shown = (await ada.get(f"/api/webhooks/{hook['id']}")).json
    assert shown == {name: value for name, value in hook.items() if name != "secret"}


async def test_a_letter_that_is_not_there(app: Service, ada: Person) -> None:
    """404 for a position that was never given up, whatever number it is."""
    hook = await made(ada)
    for position in (1, 10**30, -1):
        answer = await ada.post(f"/api/webhooks/{hook['id']}/letters/{position}/replay")
        assert answer.status == 404
