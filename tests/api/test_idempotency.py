"""One key, one transaction, however often and whenever it is asked for."""

import asyncio

import httpx
import pytest

from tests.api.people import Person, Service, service
from tests.conftest import Database

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]
DEPOSIT = {"type": "deposit", "amount": "12.50", "note": "pay", "category": "salary"}


async def test_fifty_equal_requests_at_once_are_one_transaction(ada: Person) -> None:
    """50 equal replies, all but one marked as a replay, one row in the list."""
    answers = await asyncio.gather(
        *(ada.post("/api/transactions/", DEPOSIT, Idempotency_Key="fifty") for _ in range(50))
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replay" not in answer.headers for answer in answers) == 1
    assert len({answer.headers["x-position"] for answer in answers}) == 1
    assert len((await ada.get("/api/transactions/")).json) == 1


async def test_another_body_under_the_same_key_is_refused(ada: Person) -> None:
    """422, and the first one stands."""
    await ada.post("/api/transactions/", DEPOSIT, Idempotency_Key="k")
    answer = await ada.post("/api/transactions/", DEPOSIT | {"amount": 13}, Idempotency_Key="k")
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    other_route = await ada.post(
        "/api/accounts/", {"name": "S", "kind": "savings", "currency": "EUR"}, Idempotency_Key="k"
    )
    assert other_route.code == "idempotency_key_reused"
    assert await ada.balance() == 12.5


async def test_the_same_body_written_another_way_is_the_same(ada: Person) -> None:
    """Spaces, order and unknown fields of the JSON do not count."""
    first = await ada.post("/api/transactions/", b'{"type":"deposit","amount":5}', Idempotency_Key="k")
    again = await ada.post("/api/transactions/", b'{ "amount": 5, "type": "deposit", "x": 1 }', Idempotency_Key="k")
    assert again.json == first.json


async def test_a_key_is_the_users_own(app: Service) -> None:
    """Two people with one key book two transactions."""
    ada, bob = await app.person(), await app.person()
    mine = await ada.post("/api/transactions/", DEPOSIT, Idempotency_Key="same")
    theirs = await bob.post("/api/transactions/", DEPOSIT, Idempotency_Key="same")
    assert mine.json["id"] != theirs.json["id"]
    assert "idempotent-replay" not in theirs.headers


async def test_a_refusal_leaves_the_key_free(ada: Person) -> None:
    """The same request works under the same key as soon as there is money."""
    body = {"type": "withdrawal", "amount": 5}
    assert (await ada.post("/api/transactions/", body, Idempotency_Key="k")).code == "insufficient_funds"
    await ada.move("deposit", 5)
    assert (await ada.post("/api/transactions/", body, Idempotency_Key="k")).status == 201


async def test_a_retry_of_withdraw_everything_gets_its_success(ada: Person) -> None:
    """The key is looked up before a refusal is told."""
    await ada.move("deposit", 5)
    body = {"type": "withdrawal", "amount": 5}
    first = await ada.post("/api/transactions/", body, Idempotency_Key="all")
    again = await ada.post("/api/transactions/", body, Idempotency_Key="all")
    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json


async def test_a_key_answers_the_same_in_another_process_and_after_changes(
    app: Service, module_database: Database
) -> None:
    """The reply is made from the events: not what has become of the transaction since, but what was told first."""
    ada = await app.person()
    first = await ada.post("/api/transactions/", DEPOSIT, Idempotency_Key="k")
    await ada.patch(f"/api/transactions/{first.json['id']}", {"category": "other", "note": None})
    await ada.move("deposit", 100)
    await ada.post(f"/api/transactions/{first.json['id']}/reverse")
    async with service(module_database) as other:
        elsewhere = Person(other.client, ada.token, ada.id)
        again = await elsewhere.post("/api/transactions/", DEPOSIT, Idempotency_Key="k")
    assert (again.status, again.text) == (201, first.text)


async def test_changes_of_accounts_and_profile_are_repeated_with_their_first_reply(app: Service) -> None:
    """Also when the account has moved on."""
    from tests.api.people import PROFILE

    ada = await app.person(deposit=50)
    opened = [
        await ada.post("/api/accounts/", {"name": "S", "kind": "savings", "currency": "EUR"}, Idempotency_Key="open")
        for _ in range(2)
    ]
    assert opened[0].text == opened[1].text
    path = f"/api/accounts/{opened[0].json['id']}"
    body = {"name": "T", "annual_rate_percent": 1.5}
    changed = await ada.patch(path, body, Idempotency_Key="change")
    frozen = await ada.post(f"{path}/freeze", Idempotency_Key="freeze")
    await ada.post(f"{path}/unfreeze")
    await ada.move("transfer", 5, to_account=opened[0].json["id"])
    assert (await ada.patch(path, body, Idempotency_Key="change")).text == changed.text
    assert (await ada.post(f"{path}/freeze", Idempotency_Key="freeze")).text == frozen.text
    assert (await ada.post("/api/accounts/", {"name": "S", "kind": "savings", "currency": "EUR"}, Idempotency_Key="open")
            ).text == opened[0].text  # fmt: skip
    first = await ada.put("/api/auth/profile", PROFILE | {"account_name": "X"}, Idempotency_Key="profile")
    await ada.put("/api/auth/profile", PROFILE | {"account_name": "Y"})
    assert (
        await ada.put("/api/auth/profile", PROFILE | {"account_name": "X"}, Idempotency_Key="profile")
    ).text == first.text
    assert (await ada.get("/api/auth/me")).json["account_name"] == "Y"


async def test_a_batch_is_repeated_item_by_item(ada: Person) -> None:
    """By the keys of its items, and by its own key for those that have none."""
    items = [{"type": "deposit", "amount": 1, "idempotency_key": "one"}, {"type": "deposit", "amount": 2}]
    first = await ada.post("/api/transactions/batch", {"items": items}, Idempotency_Key="batch")
    again = await ada.post("/api/transactions/batch", {"items": items}, Idempotency_Key="batch")
    assert again.json == first.json
    assert await ada.balance() == 3
    alone = await ada.post("/api/transactions/", {"type": "deposit", "amount": 1}, Idempotency_Key="one")
    assert alone.headers["idempotent-replay"] == "true"
    other = await ada.post("/api/transactions/batch", {"items": [items[0] | {"amount": 9}]})
    assert other.json["items"][0]["problem"]["code"] == "idempotency_key_reused"


async def test_another_batch_under_a_used_key_is_refused_whole(ada: Person) -> None:
    """With more items, fewer, another one, another order or another rule for all; the first one is still answered the same."""
    items = [{"type": "deposit", "amount": 1}, {"type": "withdrawal", "amount": 9}, {"type": "deposit", "amount": 2}]
    first = await ada.post("/api/transactions/batch", {"items": items}, Idempotency_Key="batch")
    assert [one["status"] for one in first.json["items"]] == [201, 422, 201]
    others = (
        {"items": [*items, {"type": "deposit", "amount": 4}]},
        {"items": items[:1]},
        {"items": [items[0] | {"note": "n"}, *items[1:]]},
        {"items": items[::-1]},
        {"items": items, "atomic": True},
    )
    for other in others:
        refused = await ada.post("/api/transactions/batch", other, Idempotency_Key="batch")
        assert (refused.status, refused.code) == (422, "idempotency_key_reused")
    assert await ada.balance() == 3
    again = await ada.post("/api/transactions/batch", {"items": items}, Idempotency_Key="batch")
    assert again.json["items"][::2] == first.json["items"][::2]
    assert await ada.balance() == 3


async def test_a_single_requests_key_is_no_batchs(ada: Person) -> None:
    """It was used for another body; a key that is also one of the items' own is theirs."""
    item = {"type": "deposit", "amount": 1}
    await ada.post("/api/transactions/", item, Idempotency_Key="single")
    refused = await ada.post("/api/transactions/batch", {"items": [item]}, Idempotency_Key="single")
    assert (refused.status, refused.code) == (422, "idempotency_key_reused")
    both = {"items": [item | {"idempotency_key": "both"}, item]}
    first = await ada.post("/api/transactions/batch", both, Idempotency_Key="both")
    again = await ada.post("/api/transactions/batch", both, Idempotency_Key="both")
    assert again.json == first.json
    assert [one["status"] for one in first.json["items"]] == [201, 201]
    assert await ada.balance() == 3


async def test_two_keys_are_none(ada: Person) -> None:
    """A request that names two is malformed, whichever is meant; both stay free, and nothing is booked."""
    named = [("authorization", f"Bearer {ada.token}"), ("idempotency-key", "a"), ("idempotency-key", "b")]
    sent = await ada.client.post("/api/transactions/", json=DEPOSIT, headers=httpx.Headers(named))
    assert (sent.status_code, sent.json()["code"]) == (400, "malformed")
    for key in ("a", "b"):
        assert "idempotent-replay" not in (await ada.post("/api/transactions/", DEPOSIT, Idempotency_Key=key)).headers
    assert await ada.balance() == 25


@pytest.mark.parametrize(("key", "status"), [("", 400), ("k" * 256, 400), ("k" * 255, 201), ("k", 201)])
async def test_a_key_has_1_to_255_characters(ada: Person, key: str, status: int) -> None:
    """Anything else is malformed."""
    assert (await ada.post("/api/transactions/", DEPOSIT, Idempotency_Key=key)).status == status


async def test_without_a_key_nothing_is_recognised(ada: Person) -> None:
    """Two equal requests are two transactions."""
    await ada.move("deposit", 5)
    await ada.move("deposit", 5)
    assert await ada.balance() == 10
