"""Risk, notifications and persona through the public routes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from fintwin.store import reading
from tests.api.people import PROFILE, Person, Service, service
from tests.conftest import Database
from tests.projector.projecting_tools import projector

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(module_database: Database) -> AsyncIterator[Service]:
    """One process of the service, with a projector at work beside it."""
    async with service(module_database) as started, projector(module_database):
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def ada(app: Service) -> Person:
    """Somebody new with a main account in EUR."""
    return await app.person()


async def test_a_new_account_has_a_score(ada: Person) -> None:
    """Right after the opening there is a score of 0 without reasons, and the message that clients know."""
    found = (await ada.get(f"/api/risk/score/{ada.id}")).json
    assert (found["account_id"], found["score"], found["alert_level"], found["flags"]) == (ada.id, 0, "low", [])
    assert found["reasons"] == []
    assert found["ml_details"] is None
    said = (await ada.get(f"/api/risk/notifications/{ada.id}")).json
    assert said == [{"message": "All activity looks normal", "type": "Info"}]


async def test_a_risky_withdrawal_is_explained(ada: Person) -> None:
    """Nearly all of it goes out again: high, points sum to the score, flags as clients know them, evidence, advice."""
    came = await ada.move("deposit", 1000)
    went = await ada.move("withdrawal", 950)
    found = (await ada.get(f"/api/risk/score/{ada.id}")).json
    assert found["alert_level"] == "high"
    assert sum(one["points"] for one in found["reasons"]) == found["score"] > 60
    assert any("exceeds 50%" in text for text in found["flags"])
    large = next(one for one in found["reasons"] if one["code"] == "large_payment")
    assert (large["observed"], large["threshold"], large["evidence"]) == (95, 50, [went["id"]])
    assert large["advice"]
    passed = next(one for one in found["reasons"] if one["code"] == "in_and_out")
    assert passed["evidence"] == [came["id"], went["id"]]
    flags = (await ada.get(f"/api/risk/flags/{ada.id}")).json
    assert flags == {"account_id": ada.id, "flags": found["flags"]}
    assert {one["type"] for one in (await ada.get(f"/api/risk/notifications/{ada.id}")).json} == {"Risk"}


async def test_analyze_finds_the_outlier(ada: Person) -> None:
    """Forty even payments and one of 500 times the amount: that one, in `ml_details`, flags and reasons; the body is skipped."""
    begin = datetime.now(UTC) - timedelta(days=60)
    await ada.move("deposit", 100_000, effective_at=begin.isoformat())
    empty = (
        await ada.post("/api/risk/analyze", {"recent_transactions": [{"amount": "x"}], "current_balance": "?"})
    ).json
    assert empty["ml_details"]["anomaly_count"] == 0
    assert "note" in empty["ml_details"]
    for number in range(40):
        at = begin + timedelta(days=1 + number)
        await ada.move("withdrawal", 25, effective_at=at.isoformat(), counterparty={"name": "shop"})
    even = (await ada.post("/api/risk/analyze")).json
    assert even["ml_details"] == {
        "model": "IsolationForest", "anomaly_count": 0, "anomaly_score": 0, "anomaly_indices": []
    }  # fmt: skip
    odd = await ada.move("withdrawal", 12_500, counterparty={"name": "shop"})
    found = (await ada.post("/api/risk/analyze", {"account_id": ada.id})).json
    assert found["anomalous_transactions"] == [odd["id"]]
    assert found["ml_details"]["anomaly_indices"] == [41]
    assert any("ML anomaly" in text for text in found["flags"])
    assert sum(one["points"] for one in found["reasons"]) == found["score"]


async def test_notifications_are_made_read_and_deleted(ada: Person) -> None:
    """Movements make them, amounts are in the caller's locale, reading and deleting last."""
    await ada.put("/api/auth/profile", PROFILE | {"locale": "de-DE"})
    await ada.move("deposit", 1000)
    await ada.move("withdrawal", 950)
    listed = (await ada.get(f"/api/notifications/{ada.id}")).json
    assert [one["title"] for one in listed if one["title"] != "Risk alert on your account"] == [
        "Withdrawal processed", "Deposit received"
    ]  # fmt: skip
    alert = next(one for one in listed if one["title"] == "Risk alert on your account")
    assert (alert["type"], alert["is_read"], alert["account_id"]) == ("risk", False, ada.id)
    assert "1.000,00" in listed[-1]["message"]
    assert (await ada.get(f"/api/notifications/count/{ada.id}")).json == {"total": 3, "unread": 3}
    assert [one["type"] for one in (await ada.get(f"/api/notifications/{ada.id}?type=info")).json] == ["info"]

    read = await ada.put(f"/api/notifications/read/{alert['id']}", None)
    assert (read.status, read.json["is_read"]) == (200, True)
    assert (await ada.put(f"/api/notifications/read/{alert['id']}", None)).status == 200
    assert (await ada.get(f"/api/notifications/count/{ada.id}")).json == {"total": 3, "unread": 2}
    gone = await ada.ask("DELETE", f"/api/notifications/{alert['id']}")
    assert (gone.status, "message" in gone.json) == (200, True)
    assert (await ada.ask("DELETE", f"/api/notifications/{alert['id']}")).code == "unknown_notification"
    everything = (await ada.put(f"/api/notifications/read-all/{ada.id}", None)).json
    assert everything["count"] == 2
    assert (await ada.put(f"/api/notifications/read-all/{ada.id}", None)).json["count"] == 0
    assert (await ada.get("/api/notifications/?unread_only=true")).json == []
    assert (await ada.get(f"/api/notifications/count/{ada.id}")).json == {"total": 2, "unread": 0}


async def test_pages_of_notifications(ada: Person) -> None:
    """Following the links gives every notification once, also those that share a position with an alert."""
    await ada.move("deposit", 1000)
    for amount in (950, 1, 2, 3):
        await ada.move("withdrawal", amount)
    whole = [one["id"] for one in (await ada.get("/api/notifications/")).json]
    for limit in (1, 2):
        seen: list[str] = []
        path = f"/api/notifications/?limit={limit}"
        while path:
            answer = await ada.get(path)
            seen += [one["id"] for one in answer.json]
            link = answer.headers.get("link")
            path = link[1 : link.index(">")] if link else ""
        assert seen == whole
    assert (await ada.get("/api/notifications/?limit=201")).status == 400


async def test_persona(app: Service) -> None:
    """400 before the profile is complete, then label, base, three tips; a higher income told moves nothing."""
    ben = await app.newcomer()
    assert (await ben.get("/api/auth/persona-score")).code == "profile_incomplete"
    assert (await ben.get("/api/auth/persona-score")).status == 400
    await ben.put("/api/auth/profile", PROFILE | {"financial_goal": "investment", "risk_appetite": "medium"})
    found = (await ben.get("/api/auth/persona-score")).json
    assert (found["label"], found["emoji"], found["score"], found["reasons"]) == ("Balanced Builder", "⚖️", 72, [])
    assert [sorted(one) for one in found["tips"]] == [["icon", "text"]] * 3
    more = PROFILE | {"financial_goal": "investment", "risk_appetite": "medium", "monthly_income": 99_000}
    await ben.put("/api/auth/profile", more)
    assert (await ben.get("/api/auth/persona-score")).json == found


async def test_somebody_elses_ids_look_like_missing_ones(app: Service, ada: Person) -> None:
    """Another tenant's account and notification answer as ids that do not exist, on every route."""
    ben = await app.person(deposit=10)
    theirs = (await ben.get("/api/notifications/")).json[0]["id"]
    nobody = str(uuid4())
    for mine, missing in ((ben.id, nobody), (theirs, nobody)):
        asked = [
            ("GET", "/api/risk/score/{}"), ("GET", "/api/risk/flags/{}"), ("GET", "/api/risk/notifications/{}"),
            ("GET", "/api/notifications/{}"), ("GET", "/api/notifications/count/{}"), ("PUT", "/api/notifications/read/{}"),
            ("PUT", "/api/notifications/read-all/{}"), ("DELETE", "/api/notifications/{}"),
        ]  # fmt: skip
        for method, path in asked:
            one, other = await ada.ask(method, path.format(mine)), await ada.ask(method, path.format(missing))
            assert (one.status, one.code) == (404, other.code), path
            assert other.status == 404, path
            assert one.json["detail"] == other.json["detail"]
        analyzed = [await ada.post("/api/risk/analyze", {"account_id": each}) for each in (mine, missing)]
        assert [each.status for each in analyzed] == [404, 404]


async def test_without_a_projector_it_is_said(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the read models do not come along, the answer is 503 with Retry-After, never an old state."""
    monkeypatch.setattr(reading, "WAIT_SECONDS", 0.1)
    async with service(database) as app:
        eve = await app.person()
        for path in (f"/api/risk/score/{eve.id}", "/api/notifications/", "/api/auth/persona-score"):
            answer = await eve.get(path)
            assert (answer.status, answer.code) == (503, "not_reached")
            assert answer.headers["retry-after"]
