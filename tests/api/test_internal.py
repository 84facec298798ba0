import pytest

from tests.api.people import service
from tests.conftest import Database
from tests.publisher.publishing_tools import expected_events

TOKEN = "kX2v9QpL7sTn4WzR8yBc3MhF6jGd1AeU"  # pragma: allowlist secret


async def test_trusted_services_get_everybodys_events(database: Database) -> None:
    """With the service token: events after a position, the very JSON of the stream; anybody else gets 401."""
    async with service(database, FINTWIN_SERVICE_TOKEN=TOKEN) as app:
        ada = await app.person(deposit=5)
        ben = await app.person(deposit=7)
        expected = await expected_events(database)
        path = "/internal/events?after=2&limit=3"
        trusted = {"authorization": f"Bearer {TOKEN}"}
        answer = await app.client.get(path, headers=trusted)
        assert answer.content == b"[" + b",".join(expected[2:5]) + b"]"
        assert answer.headers["cache-control"] == "no-store"
        whole = await app.client.get("/internal/events", headers=trusted)
        assert {one["user_id"] for one in whole.json()} == {ada.id, ben.id}
        assert (await app.client.get("/internal/events?after=999", headers=trusted)).content == b"[]"
        for headers in ({}, {"authorization": f"Bearer {ada.token}"}, {"authorization": f"bearer {TOKEN}x"}):
            refused = await app.client.get(path, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        for wrong in ("after=-1", "limit=0", "limit=1001", "after=x"):
            refused = await app.client.get(f"/internal/events?{wrong}", headers=trusted)
            assert refused.status_code == 400


async def test_without_a_service_token_the_route_is_closed(database: Database) -> None:
    """There is nothing there, whoever asks with whatever."""
    async with service(database) as app:
        for headers in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer None"}):
            assert (await app.client.get("/internal/events", headers=headers)).status_code == 404


@pytest.mark.parametrize(("redis_url", "there"), [("", False), ("redis://127.0.0.1:1/0", True)])
async def test_the_publisher_is_part_of_the_status(database: Database, redis_url: str, *, there: bool) -> None:
    """Where there is a Redis, and nobody publishes: the part has stopped."""
    async with service(database, REDIS_URL=redis_url) as app:
        ada = await app.person()
        parts = {part["name"]: part["state"] for part in (await ada.get("/api/status")).json["parts"]}
    assert parts.get("publisher") == ("stopped" if there else None)
