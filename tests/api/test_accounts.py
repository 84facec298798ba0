from decimal import Decimal
from uuid import UUID

import pytest

from tests.api.people import Person, Service

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]


async def test_the_main_account_has_the_users_own_id(ada: Person) -> None:
    """It is opened with the profile, in its currency and under its name."""
    (main,) = (await ada.get("/api/accounts/")).json
    assert (main["id"], main["main"], main["name"], main["currency"]) == (ada.id, True, "Everyday", "EUR")
    assert (main["kind"], main["status"], main["balance"]) == ("checking", "open", 0)


async def test_a_further_account_has_an_id_of_its_own(ada: Person) -> None:
    """201 with the account; it is listed after the main one and found by its id."""
    answer = await ada.post(
        "/api/accounts/", {"name": "Höliday", "kind": "savings", "currency": "JPY", "annual_rate_percent": "1.25"}
    )
    assert answer.status == 201
    made = answer.json
    assert UUID(made["id"]) != UUID(ada.id)
    assert (made["name"], made["annual_rate_percent"], made["main"]) == ("Höliday", Decimal("1.25"), False)
    assert (await ada.get("/api/accounts")).json[1] == made
    assert (await ada.get(f"/api/accounts/{made['id']}")).json == made


async def test_name_and_rate_can_be_changed(ada: Person) -> None:
    """What is left out stays, null takes a rate away."""
    savings = await ada.account()
    path = f"/api/accounts/{savings}"
    both = await ada.patch(path, {"name": "Nest egg", "annual_rate_percent": 2.5})
    assert (both.status, both.json["name"], both.json["annual_rate_percent"]) == (200, "Nest egg", Decimal("2.5"))
    renamed = await ada.patch(path, {"name": "Egg"})
    assert renamed.json["annual_rate_percent"] == Decimal("2.5")
    taken = await ada.patch(path, {"annual_rate_percent": None})
    assert (taken.json["name"], taken.json["annual_rate_percent"]) == ("Egg", None)
    assert (await ada.get(path)).json == taken.json
    for body in ({}, {"name": " "}, {"name": ""}, {"name": "a" * 101}, {"name": "a\0"}, {"annual_rate_percent": 1001}):
        assert (await ada.patch(path, body)).status == 400


async def test_a_frozen_account_takes_deposits_and_pays_nothing(ada: Person) -> None:
    """Nothing is available until it is unfrozen."""
    await ada.move("deposit", 50)
    frozen = await ada.post(f"/api/accounts/{ada.id}/freeze")
    assert (frozen.json["status"], frozen.json["balance"], frozen.json["available"]) == ("frozen", 50, 0)
    await ada.move("deposit", 5)
    assert (await ada.get(f"/api/accounts/{ada.id}/balance")).json["available"] == 0
    unfrozen = await ada.post(f"/api/accounts/{ada.id}/unfreeze")
    assert (unfrozen.json["status"], unfrozen.json["available"]) == ("open", 55)


async def test_an_empty_account_can_be_closed_for_good(ada: Person) -> None:
    """It stays listed, and nothing can be done with it any more."""
    savings = await ada.account()
    assert (await ada.post(f"/api/accounts/{savings}/close")).json["status"] == "closed"
    assert (await ada.post(f"/api/accounts/{savings}/close")).code == "account_closed"
    assert (await ada.patch(f"/api/accounts/{savings}", {"name": "X"})).code == "account_closed"
    assert [one["status"] for one in (await ada.get("/api/accounts/")).json] == ["open", "closed"]


async def test_a_balance_as_of_a_time_counts_what_was_effective_then(ada: Person) -> None:
    """A day means its end; `known_at` leaves out what was recorded later."""
    await ada.move("deposit", 10, effective_at="2026-01-01T12:00:00Z")
    await ada.move("withdrawal", 4, effective_at="2026-01-02T00:00:00Z")

    async def balance(query: str) -> Decimal:
        answer = await ada.get(f"/api/accounts/{ada.id}/balance?{query}")
        assert answer.status == 200, answer.text
        return Decimal(str(answer.json["balance"]))

    assert await balance("") == 6
    assert await balance("as_of=2025-12-31") == 0
    assert await balance("as_of=2026-01-01") == 10
    assert await balance("as_of=2026-01-01T11:59:59Z") == 0
    assert await balance("as_of=2026-01-02T00:00:00Z") == 6
    assert await balance("known_at=2026-01-03") == 0
    assert (await ada.get(f"/api/accounts/{ada.id}/balance?as_of=soon")).status == 400


async def test_a_payer_may_ask_for_a_recipients_currency_and_nothing_more(app: Service) -> None:
    """`{currency}`; 404 for an account that is missing, frozen or closed."""
    ada, bob = await app.person(), await app.person("JPY")
    path = f"/api/accounts/{bob.id}/receivable"
    assert (await ada.get(path)).json == {"currency": "JPY"}
    await bob.post(f"/api/accounts/{bob.id}/freeze")
    frozen = await ada.get(path)
    missing = await ada.get(f"/api/accounts/{UUID(int=5)}/receivable")
    assert (frozen.status, frozen.code) == (missing.status, missing.code) == (404, "unknown_account")
