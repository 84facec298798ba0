from decimal import Decimal
from typing import Any

import pytest

from tests.api.people import Person, Service

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]


async def ask(person: Person, scenario: str, amount: Any, **more: Any) -> Any:
    """A quick answer that has to succeed."""
    answer = await person.post("/api/simulate/", {"scenario": scenario, "amount": amount} | more)
    assert answer.status == 200, answer.text
    return answer.json


async def test_money_today(app: Service) -> None:
    """A withdrawal and a deposit show the balance right afterwards; what the client says of its balance is not looked at."""
    person = await app.person(deposit=1000)
    out = await ask(person, "withdrawal", 250.5, balance=7)
    assert (out["current_balance"], out["virtual_balance"], out["months"]) == (1000, Decimal("749.5"), 0)
    assert out["account_id"] == person.id
    assert (await ask(person, "deposit", 1))["virtual_balance"] == 1001


async def test_more_than_there_is(app: Service) -> None:
    """The virtual balance is below zero, a flag says overdrawn, the level is high, and the answer is 200."""
    person = await app.person(deposit=100)
    told = await ask(person, "withdrawal", 150)
    assert told["virtual_balance"] == -50
    assert told["alert_level"] == "high"
    assert any("overdrawn" in flag for flag in told["flags"])


async def test_a_large_share(app: Service) -> None:
    """More than half of the balance is flagged in the words that clients know; half is not."""
    person = await app.person(deposit=100)
    assert any("exceeds 50%" in flag for flag in (await ask(person, "withdrawal", 50.01))["flags"])
    assert (await ask(person, "withdrawal", 50))["flags"] == []


async def test_a_year_ahead(app: Service) -> None:
    """A changed rate, a new expense and an investment look twelve months ahead, beside the baseline."""
    person = await app.person(deposit=100_000)
    await person.patch(f"/api/accounts/{person.id}", {"annual_rate_percent": 6})
    rate = await ask(person, "rate_change", 1.5)
    assert (rate["baseline_balance"], rate["virtual_balance"]) == (Decimal("106167.78"), Decimal("107763.26"))
    assert rate["months"] == 12
    spent = await ask(person, "recurring_expense", 100)
    assert spent["baseline_balance"] - spent["virtual_balance"] == Decimal("1233.56")
    grown = await ask(person, "investment_growth", 40_000, rate_percent=10)
    assert grown["virtual_balance"] == Decimal("63700.67") + 44_000


async def test_an_investment_names_its_rate(app: Service) -> None:
    """Without a rate one is assumed, and told."""
    person = await app.person(deposit=100)
    told = await ask(person, "investment_growth", 40)
    assert told["rate_percent"] == 7
    assert told["virtual_balance"] == Decimal("102.80")


async def test_months_covered(app: Service) -> None:
    """Taking money out of 18,000 with 4,000 of planned bills a month: 4.5 months are covered before, 2 after."""
    person = await app.person(deposit=18_000)
    await person.post("/api/plans", {"kind": "bill", "name": "All", "amount": 4000})
    told = await ask(person, "emergency_fund", 10_000)
    assert (told["months_covered_before"], told["months_covered_after"]) == (Decimal("4.5"), 2)


async def test_every_quick_run_is_kept(app: Service) -> None:
    """The history has it newest first; it can be opened, deleted and cleared, each by one event."""
    person = await app.person(deposit=100)
    first = await ask(person, "withdrawal", 1)
    second = await ask(person, "deposit", 2)
    listed = (await person.get(f"/api/simulate/history/{person.id}")).json
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    assert (listed[1]["before_balance"], listed[1]["after_balance"], listed[1]["amount"]) == (100, 99, 1)
    assert (await person.get(f"/api/simulate/history/detail/{first['id']}")).json == listed[1]
    assert (await person.ask("DELETE", f"/api/simulate/history/detail/{first['id']}")).status == 200
    assert (await person.get(f"/api/simulate/history/detail/{first['id']}")).status == 404
    count = len(await person.positions())
    cleared = await person.ask("DELETE", f"/api/simulate/history/{person.id}")
    assert cleared.json["deleted_count"] == 1
    assert len(await person.positions()) == count + 1
    assert (await person.get(f"/api/simulate/history/{person.id}")).json == []


async def test_the_same_key_gives_the_same_answer(app: Service) -> None:
    """A repeated question is kept once."""
    person = await app.person(deposit=100)
    body = {"scenario": "withdrawal", "amount": 5}
    first = await person.post("/api/simulate/", body, idempotency_key="a")
    again = await person.post("/api/simulate/", body, idempotency_key="a")
    assert again.json == first.json
    assert again.headers["idempotent-replay"] == "true"
    assert len((await person.get(f"/api/simulate/history/{person.id}")).json) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"scenario": "lottery", "amount": 1}, 422, "unknown_scenario"),
        ({"scenario": "withdrawal", "amount": 0}, 422, "amount_not_positive"),
        ({"scenario": "withdrawal", "amount": 0.001}, 422, "amount_precision"),
        ({"scenario": "rate_change", "amount": 5000}, 422, "out_of_range"),
        ({"scenario": "withdrawal", "amount": True}, 400, "malformed"),
        ({"scenario": "withdrawal"}, 400, "malformed"),
    ],
)
async def test_refused_questions(ada: Person, body: Any, status: int, code: str) -> None:
    """Each with its status and code."""
    answer = await ada.post("/api/simulate/", body)
    assert (answer.status, answer.code) == (status, code), answer.text


async def test_somebody_elses_runs_look_missing(app: Service, ada: Person) -> None:
    """Accounts and runs of others answer as missing ones do."""
    other = await app.person(deposit=10)
    run = await ask(other, "withdrawal", 1)
    answer = await ada.post("/api/simulate/", {"scenario": "withdrawal", "amount": 1, "account_id": other.id})
    assert (answer.status, answer.code) == (404, "unknown_account")
    assert (await ada.get(f"/api/simulate/history/detail/{run['id']}")).status == 404
    assert (await ada.get(f"/api/simulate/history/{other.id}")).status == 404
