import datetime as dt
from typing import Any

import pytest

from tests.api.people import Person, Service

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def add(person: Person, **body: Any) -> Any:
    """A planned item that has to be taken."""
    answer = await person.post("/api/plans", {"kind": "bill", "name": "Rent", "amount": 900} | body)
    assert answer.status == 201, answer.text
    return answer.json


async def test_a_plan_is_listed_as_it_was_said(app: Service) -> None:
    """Name, amount, period, dates, account; the amount is positive and the kind says which way it goes."""
    person = await app.person()
    added = await add(person, period="quarterly", **{"from": "2030-01-31"}, until="2031-01-31", essential=False)
    (listed,) = (await person.get("/api/plans")).json
    assert listed | {"position": added["position"]} == added
    assert listed["name"] == "Rent"
    assert listed["period"] == {"unit": "month", "every": 3, "day": None, "weekend": "none"}
    assert (listed["amount"], listed["incoming"], listed["account_id"]) == (900, False, person.id)


async def test_a_plan_changes_and_goes(app: Service) -> None:
    """PATCH changes what it names; DELETE takes the item out of every forecast."""
    person = await app.person(deposit=5000)
    added = await add(person)
    changed = await person.patch(f"/api/plans/{added['id']}", {"amount": 1000, "name": "Home"})
    assert (changed.json["amount"], changed.json["name"], changed.json["from"]) == (1000, "Home", added["from"])
    run = {"horizon_months": 2}
    first = (await person.post("/api/twin/runs", run)).json["totals"][0]["baseline"]["final"]
    assert (await person.ask("DELETE", f"/api/plans/{added['id']}")).status == 200
    later = (await person.post("/api/twin/runs", run)).json["totals"][0]["baseline"]["final"]
    assert (first, later) == (3000, 5000)
    assert (await person.get("/api/plans")).json == []


async def test_names_lie_sealed(app: Service) -> None:
    """What a plan is called is not in the log in clear."""
    person = await app.person()
    await add(person, name="Doctor Who")
    events = (await person.get("/api/events?limit=1000")).text
    assert "PlanItemAdded" in events
    assert "Doctor" not in events


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": 0}, 422, "amount_not_positive"),
        ({"amount": 1.001}, 422, "amount_precision"),
        ({"amount": -5}, 400, "malformed"),
        ({"period": {"unit": "week", "day": 9}}, 422, "bad_period"),
        ({"account_id": "00000000-0000-0000-0000-000000000001"}, 404, "unknown_account"),
        ({"kind": "lottery"}, 400, "malformed"),
    ],
)
async def test_refused_plans(ada: Person, body: Any, status: int, code: str) -> None:
    """Each with its status and code."""
    answer = await ada.post("/api/plans", {"kind": "bill", "name": "x", "amount": 5} | body)
    assert (answer.status, answer.code) == (status, code), answer.text


async def test_somebody_elses_plan_looks_missing(app: Service, ada: Person) -> None:
    """Changing and removing answer as for an item that is not there."""
    other = await app.person()
    added = await add(other)
    for method, body in (("PATCH", {"amount": 1}), ("DELETE", None)):
        answer = await ada.ask(method, f"/api/plans/{added['id']}", body)
        assert (answer.status, answer.code) == (404, "unknown_plan")


async def test_found_flows_can_be_named_and_switched_off(app: Service) -> None:
    """A rent of eight months is found with its payee's name and the payments behind it; it can be renamed and switched off."""
    person = await app.person()
    today = dt.datetime.now(dt.UTC).date()
    start = dt.date(today.year - 1, today.month, 1)
    ids = []
    await person.move("deposit", 20_000, effective_at=f"{start}T00:00:00Z")
    for number in range(8):
        month = (today.month - 8 + number) % 12 + 1
        year = today.year - (1 if today.month - 8 + number < 0 else 0)
        day = dt.date(year, month, 3)
        if day < today:
            moved = await person.move(
                "withdrawal", 800, effective_at=f"{day}T00:00:00Z", counterparty={"name": "Landlord"}
            )
            ids.append(moved["id"])
    (flow,) = [one for one in (await person.get("/api/twin/recurring")).json if one["direction"] == "out"]
    assert (flow["name"], flow["named_by"], flow["amount"]) == ("Landlord", "counterparty", 800)
    assert flow["transaction_ids"] == ids
    assert flow["next_on"] is not None
    missing = await person.patch(f"/api/twin/recurring/{person.id}", {"off": True})
    assert (missing.status, missing.code) == (404, "unknown_recurring_flow")
    answer = await person.patch(f"/api/twin/recurring/{flow['key']}", {"name": "Home", "off": True})
    assert answer.status == 200, answer.text
    (again,) = [one for one in (await person.get("/api/twin/recurring")).json if one["direction"] == "out"]
    assert (again["name"], again["off"], again["next_on"]) == ("Home", True, None)
