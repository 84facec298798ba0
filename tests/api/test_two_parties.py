"""What the two sides of a transfer see of each other: the account id, and nothing else, wherever they look."""

import re
from typing import Any

import pytest

from tests.api.people import Person, Service
from tests.api.test_live import following

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]


def reading_routes(document: dict[str, Any], person: Person, transaction: str) -> list[str]:
    """Every GET of the document that needs no other id than these."""
    ids = {"account_id": person.id, "transaction_id": transaction}
    found = []
    for path, item in document["paths"].items():
        filled = path.format_map({name: ids.get(name, "{") for name in re.findall(r"{(\w+)}", path)})
        if "get" in item and "{" not in filled and path not in {"/api/live", "/api/twin/compare"}:
            found.append(filled)
    return found


async def party(app: Service, word: str, amount: int) -> Person:
    """Somebody whose name, account, notes and balance can be told from everybody's."""
    entered = (await app.client.post("/api/auth/demo", json={"name": f"{word} Name"})).json()
    person = Person(app.client, entered["ft_token"], entered["user"]["id"])
    profile = {
        "account_name": f"{word} main", "currency_preference": "EUR", "monthly_income": amount + 7,
        "financial_goal": "savings", "risk_appetite": "low", "phone_number": f"+4930{amount}",
    }  # fmt: skip
    assert (await person.put("/api/auth/profile", profile)).status == 200
    await person.move("deposit", amount, note=f"{word} note", category=f"{word} category")
    await person.account(name=f"{word} savings")
    return person


async def test_nothing_of_the_other_side_but_the_account(app: Service) -> None:
    """Every GET of the document, the live stream and the notifications, for both sides."""
    ada, ben = await party(app, "Zanzibar", 73219), await party(app, "Quetzal", 58641)
    seen: dict[str, list[str]] = {ada.id: [], ben.id: []}
    async with following(app, ada) as of_ada, following(app, ben) as of_ben:
        made = await ada.post(
            "/api/transactions/",
            {
                "type": "transfer",
                "amount": 17,
                "to_account": ben.id,
                "note": "Zanzibar gift",
                "category": "Zanzibar kind",
            },
            Idempotency_Key="Zanzibar-key",
        )
        assert made.status == 201
        for person, stream in ((ada, of_ada), (ben, of_ben)):
            seen[person.id].append(str(await stream.until(made.json["position"])))
    routes = reading_routes(app.app.document, ben, made.json["id"])
    assert len(routes) >= 30
    for person in (ada, ben):
        for path in reading_routes(app.app.document, person, made.json["id"]):
            answer = await person.get(path)
            assert answer.status < 500, (path, answer.text)
            seen[person.id].append(f"{path} {answer.text}")
    for person, other, word, amounts in (
        (ben, ada, "zanzibar", ("73219", "73202", "73226")),
        (ada, ben, "quetzal", ("58641", "58658", "58648")),
    ):
        for text in seen[person.id]:
            found = [one for one in (word, *amounts) if one in text.lower()]
            assert not found, (found, text[:200])
        named = [text for text in seen[person.id] if other.id in text]
        assert named, "the account id itself is to be seen"
    # The recipient's event and what is made of it name the payer once each, as an account and nowhere as a user.
    (stored,) = [one for one in (await ben.get("/api/events?limit=1000")).json if one["type"] == "TransferReceived"]
    assert stored["user_id"] == ben.id
    assert stored["payload"].count(ada.id) == 1
    assert ada.id not in stored["metadata"]
