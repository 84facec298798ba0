"""Taking back: by whom, once, and decided like a new payment of today (issue: "Done when" 9)."""

import asyncio

import pytest

from tests.api.people import Person, Service

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]


@pytest.mark.parametrize(("kind", "opposite"), [("deposit", "withdrawal"), ("withdrawal", "deposit")])
async def test_an_owner_takes_a_movement_back_once(ada: Person, kind: str, opposite: str) -> None:
    """Listed as the opposite movement that `reverses`, the original with `reversed_by`; the second time is refused."""
    await ada.move("deposit", 50)
    made = await ada.move(kind, 10, note="oops")
    answer = await ada.post(f"/api/transactions/{made['id']}/reverse", {"reason": "typed wrong"})
    assert answer.status == 201
    back = answer.json
    assert (back["type"], back["amount"], back["reverses"], back["note"]) == (opposite, 10, made["id"], "typed wrong")
    assert await ada.balance() == 50
    assert (await ada.get(f"/api/transactions/{made['id']}")).json["reversed_by"] == back["id"]
    assert (await ada.post(f"/api/transactions/{made['id']}/reverse")).code == "already_reversed"
    assert (await ada.post(f"/api/transactions/{back['id']}/reverse")).code == "is_a_reversal"
    assert await ada.balance() == 50


async def test_a_sender_cannot_take_a_transfer_back_but_the_recipient_can_once(app: Service) -> None:
    """A refund is the recipient's decision."""
    ada, bob = await app.person(deposit=100), await app.person()
    sent = await ada.move("transfer", 60, to_account=bob.id)
    assert (await ada.post(f"/api/transactions/{sent['id']}/reverse")).code == "not_reversible"
    answer = await bob.post(f"/api/transactions/{sent['id']}/reverse")
    assert answer.status == 201
    assert (answer.json["type"], answer.json["to_account"], answer.json["reverses"]) == ("transfer", ada.id, sent["id"])
    assert (await ada.balance(), await bob.balance()) == (100, 0)
    assert (await bob.post(f"/api/transactions/{sent['id']}/reverse")).code == "already_reversed"
    (refund, _) = (await bob.get("/api/transactions/")).json
    assert refund["id"] == answer.json["id"]
    for person in (ada, bob):
        assert (await person.get(f"/api/transactions/{sent['id']}")).json["reversed_by"] == refund["id"]


async def test_a_refund_needs_the_money(app: Service) -> None:
    """It is a payment of today."""
    ada, bob = await app.person(deposit=100), await app.person()
    sent = await ada.move("transfer", 60, to_account=bob.id)
    await bob.move("withdrawal", 30)
    assert (await bob.post(f"/api/transactions/{sent['id']}/reverse")).code == "insufficient_funds"
    assert (await bob.get(f"/api/transactions/{sent['id']}")).json["reversed_by"] is None


async def test_ten_reversals_at_once_are_one(ada: Person) -> None:
    """One 201, nine 422."""
    made = await ada.move("deposit", 10)
    await ada.move("deposit", 100)
    answers = await asyncio.gather(*(ada.post(f"/api/transactions/{made['id']}/reverse") for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 9
    assert await ada.balance() == 100


async def test_a_repeated_reversal_gets_its_first_answer(ada: Person) -> None:
    """With a key the same reply comes again instead of `already_reversed`."""
    made = await ada.move("deposit", 10)
    path = f"/api/transactions/{made['id']}/reverse"
    first = await ada.post(path, {"reason": "x"}, Idempotency_Key="back")
    again = await ada.post(path, {"reason": "x"}, Idempotency_Key="back")
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["idempotent-replay"] == "true"
    assert (await ada.post(path, {"reason": "y"}, Idempotency_Key="back")).code == "idempotency_key_reused"
