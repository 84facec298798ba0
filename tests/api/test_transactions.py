from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from fintwin.domain import hashing
from tests.api.people import Person, Service

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]


def ids(rows: list[dict[str, object]]) -> list[object]:
    return [row["id"] for row in rows]


def movement(row: dict[str, object], account: str) -> Decimal:
    """What a row does to an account, as a client adds it up."""
    amount = Decimal(str(row["amount"]))
    if row["type"] == "deposit" or (row["type"] == "transfer" and row["to_account"] == account):
        return amount
    return -amount


@pytest.mark.parametrize("path", ["/api/transactions", "/api/transactions/"])
async def test_both_spellings_of_a_path_answer_without_a_redirect(ada: Person, path: str) -> None:
    """With and without the last slash, for reading and writing."""
    assert (await ada.post(path, {"type": "deposit", "amount": 1})).status == 201
    assert (await ada.get(path)).status == 200


async def test_a_booking_is_told_as_it_is_listed_and_looked_up(ada: Person) -> None:
    """POST, the list, the account's list and GET by id agree in every field."""
    body = {
        "type": "deposit",
        "amount": "1250.50",
        "note": "Salary, März",
        "category": "salary",
        "counterparty": {"name": "Works Ltd", "account": "DE00 1234", "bank": "WORKDE00"},
        "effective_at": "2026-01-31T10:00:00+01:00",
    }
    answer = await ada.post("/api/transactions/", body)
    assert answer.status == 201
    booked = answer.json
    assert booked["account_id"] == ada.id
    assert booked["to_account"] is None
    assert booked["effective_at"] == "2026-01-31T09:00:00Z"
    assert booked["created_at"].endswith("Z")
    assert booked["counterparty"] == body["counterparty"]
    assert booked["note"] == "Salary, März"
    assert booked["balance_after"] == Decimal("1250.50")
    assert answer.headers["x-position"] == str(booked["position"])
    assert (await ada.get("/api/transactions/")).json == [booked]
    assert (await ada.get(f"/api/transactions/account/{ada.id}")).json == [booked]
    detail = (await ada.get(f"/api/transactions/{booked['id']}")).json
    assert {name: detail[name] for name in booked} == booked


async def test_a_payer_and_a_payee_see_the_account_id_of_each_other_and_nothing_else(app: Service) -> None:
    """An incoming transfer is listed with the caller's account as `to_account`; the payer's note stays with the payer."""
    ada, bob = await app.person(deposit=100), await app.person()
    sent = await ada.move("transfer", 30, to_account=bob.id, note="for the tickets", category="fun fair")
    assert (sent["account_id"], sent["to_account"], sent["balance_after"]) == (ada.id, bob.id, Decimal(70))
    (got,) = (await bob.get("/api/transactions/")).json
    assert (got["account_id"], got["to_account"], got["type"]) == (ada.id, bob.id, "transfer")
    assert got["balance_after"] == Decimal(30)
    assert got["note"] is None
    assert got["category"] is None
    everything = (await bob.get(f"/api/transactions/{got['id']}")).text + (await bob.get("/api/events")).text
    assert "tickets" not in everything
    assert "fun fair" not in everything  # no sealed text holds a space by chance


async def test_a_transfer_between_own_accounts_is_one_row(ada: Person) -> None:
    """Seen from the payer over all accounts; each account's own list has its own side of it."""
    await ada.move("deposit", 100)
    savings = await ada.account()
    sent = await ada.move("transfer", 40, to_account=savings)
    rows = (await ada.get("/api/transactions/")).json
    assert ids(rows).count(sent["id"]) == 1
    assert rows[0] == sent
    (there,) = (await ada.get(f"/api/transactions/account/{savings}")).json
    assert (there["id"], there["account_id"], there["to_account"]) == (sent["id"], ada.id, savings)
    assert there["balance_after"] == Decimal(40)


async def test_pages_lead_to_one_another_and_miss_nothing(ada: Person) -> None:
    """`Link: rel="next"` until the end gives every row once, newest first, with running balances."""
    savings = await ada.account()
    for number in range(12):
        await ada.move("deposit", number + 1)
        if number % 3 == 0:
            await ada.move("transfer", 1, to_account=savings)
    whole = (await ada.get("/api/transactions/")).json
    assert [row["position"] for row in whole] == sorted((row["position"] for row in whole), reverse=True)
    path, found = "/api/transactions/?limit=5", []
    while path:
        answer = await ada.get(path)
        found += answer.json
        link = answer.headers.get("link", "")
        assert not link or link.endswith('; rel="next"')
        path = link[1 : link.index(">")] if link else ""
    assert found == whole
    by_offset = [(await ada.get(f"/api/transactions/?limit=5&offset={start}")).json for start in (0, 5, 10, 15)]
    assert [row for page in by_offset for row in page] == whole


async def test_filters_find_what_they_say(ada: Person) -> None:
    """Type, category, words, days and amounts, alone and together."""
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    made = {}
    for day, (kind, amount, category, note) in enumerate(
        [
            ("deposit", 2500, "salary", "Pay of January"),
            ("withdrawal", 900, "rent", None),
            ("withdrawal", 45, "food", "Market"),
            ("deposit", 12, "salary", "Market refund"),
        ]
    ):
        row = await ada.move(
            kind, amount, category=category, note=note, effective_at=(start + timedelta(days=day)).isoformat()
        )
        made[day] = row["id"]

    async def find(query: str) -> list[object]:
        answer = await ada.get(f"/api/transactions/?{query}")
        assert answer.status == 200, answer.text
        return ids(answer.json)

    assert await find("type=withdrawal") == [made[2], made[1]]
    assert await find("category=salary") == [made[3], made[0]]
    assert await find("q=market") == [made[3], made[2]]
    assert await find("from=2026-01-02&to=2026-01-03") == [made[2], made[1]]
    assert await find("to=2026-01-01T12:00:00Z") == [made[0]]
    assert await find("min=45&max=900") == [made[2], made[1]]
    assert await find("q=market&type=deposit") == [made[3]]
    assert await find("q=market&limit=1&offset=1") == [made[2]]
    assert await find("q=nothing+of+the+kind") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "limit=1.5", "offset=-1", "offset=10001", "cursor=0", "cursor=x",
        "cursor=99999999999999999999", "type=loan", "from=yesterday", "from=2026-01-01T00:00:00", "to=2026-13-01",
        "min=a", "max=NaN", "category=%00", "q=%00", "q=" + "x" * 101, "min_position=-1",
    ],
)  # fmt: skip
async def test_a_query_that_makes_no_sense_is_malformed(ada: Person, query: str) -> None:
    """400 with the parameter's name."""
    answer = await ada.get(f"/api/transactions/?{query}")
    assert (answer.status, answer.code) == (400, "malformed"), answer.text
    assert [one["field"] for one in answer.json["errors"]] == [query.partition("=")[0]]


async def test_a_long_account_adds_up_to_its_balance(app: Service) -> None:
    """1,200 rows: the newest 1,000 and one row for what came before; with `limit` they are all to be had."""
    ada = await app.person()
    items = [
        {"type": "deposit" if n % 3 else "withdrawal", "amount": f"{n % 97 + 1}.{n % 100:02}"} for n in range(1, 1202)
    ]
    items[0] = {"type": "deposit", "amount": 50_000}
    answer = await ada.post("/api/transactions/batch", {"items": items})
    assert answer.json["booked"] == 1201
    rows = (await ada.get(f"/api/transactions/account/{ada.id}")).json
    assert len(rows) == 1001
    assert [row["brought_forward"] for row in rows].count(True) == 1
    assert rows[-1]["brought_forward"]
    assert rows[-1]["note"] == "Balance brought forward"
    assert rows[-1]["type"] == "deposit"
    balance = await ada.balance()
    assert sum(movement(row, ada.id) for row in rows) == balance
    every = (await ada.get(f"/api/transactions/account/{ada.id}?limit=10000")).json
    assert len(every) == 1201
    assert sum(movement(row, ada.id) for row in every) == balance
    assert every[0]["balance_after"] == balance
    assert rows[-1]["balance_after"] == every[1000]["balance_after"]


async def test_the_detail_has_events_whose_digests_can_be_computed_again(ada: Person) -> None:
    """Everything that a digest is made of is in the answer."""
    made = await ada.move("deposit", 5, note="x")
    (event,) = (await ada.get(f"/api/transactions/{made['id']}")).json["events"]
    from uuid import UUID

    digest = hashing.digest(
        shard=event["shard"],
        position=event["position"],
        stream_kind=event["stream_kind"],
        stream_id=UUID(event["stream_id"]),
        version=event["version"],
        user_id=UUID(event["user_id"]),
        event_type=event["type"],
        schema_version=event["schema_version"],
        transaction_id=UUID(event["transaction_id"]),
        effective_at=datetime.fromisoformat(event["effective_at"]),
        recorded_at=datetime.fromisoformat(event["recorded_at"]),
        payload=event["payload"].encode(),
        metadata=event["metadata"].encode(),
    )
    assert digest.hex() == event["digest"]


async def test_category_and_note_can_be_changed_and_taken_away(ada: Person) -> None:
    """What is left out stays, null clears; the lists show the latest, and the event of old is still there."""
    made = await ada.move("deposit", 5, note="first", category="a")
    changed = await ada.patch(f"/api/transactions/{made['id']}", {"category": "b"})
    assert changed.status == 200
    assert (changed.json["category"], changed.json["note"]) == ("b", "first")
    assert int(changed.headers["x-position"]) > made["position"]
    cleared = await ada.patch(f"/api/transactions/{made['id']}", {"note": None})
    assert (cleared.json["category"], cleared.json["note"]) == ("b", None)
    again = await ada.patch(f"/api/transactions/{made['id']}", {"note": "second"})
    assert (await ada.get("/api/transactions/?q=second")).json == [again.json]
    assert (await ada.get("/api/transactions/?category=a")).json == []
    assert again.json["balance_after"] == made["balance_after"]
    assert (await ada.patch(f"/api/transactions/{made['id']}", {})).status == 400
    assert (await ada.patch(f"/api/transactions/{uuid4()}", {"note": "x"})).code == "unknown_transaction"


async def test_a_payee_can_name_what_came_in(app: Service) -> None:
    """Category and note of an incoming transfer are the recipient's own and nobody else's."""
    ada, bob = await app.person(deposit=10), await app.person()
    sent = await ada.move("transfer", 1, to_account=bob.id)
    named = await bob.patch(f"/api/transactions/{sent['id']}", {"note": "from a friend", "category": "gift"})
    assert (named.json["note"], named.json["category"]) == ("from a friend", "gift")
    assert (await ada.get(f"/api/transactions/{sent['id']}")).json["note"] is None


async def test_a_batch_tells_each_item_what_became_of_it(app: Service) -> None:
    """One bad item among good ones is refused alone; positions show that the others are in, in order."""
    ada = await app.person(deposit=100)
    items = [{"type": "withdrawal", "amount": 1} for _ in range(9)]
    items.insert(4, {"type": "withdrawal", "amount": 1000})
    answer = await ada.post("/api/transactions/batch", {"items": items})
    assert answer.status == 200
    told = answer.json
    assert [item["status"] for item in told["items"]] == [201] * 4 + [422] + [201] * 5
    assert told["items"][4]["problem"]["code"] == "insufficient_funds"
    assert told["items"][4]["problem"]["request_id"] == answer.headers["x-request-id"]
    positions = [item["transaction"]["position"] for item in told["items"] if "transaction" in item]
    assert positions == sorted(positions)
    assert (told["booked"], told["position"]) == (9, positions[-1])
    assert await ada.balance() == 91


async def test_an_atomic_batch_is_booked_whole_or_not_at_all(ada: Person) -> None:
    """The one that was refused says why, the others that they were left out because of it."""
    await ada.move("deposit", 10)
    items = [{"type": "withdrawal", "amount": 6}, {"type": "withdrawal", "amount": 6}]
    answer = await ada.post("/api/transactions/batch", {"items": items, "atomic": True})
    assert [item["problem"]["code"] for item in answer.json["items"]] == ["not_applied", "insufficient_funds"]
    assert await ada.balance() == 10
    items[1]["amount"] = 4
    answer = await ada.post("/api/transactions/batch", {"items": items, "atomic": True})
    assert answer.json["booked"] == 2
    assert await ada.balance() == 0
    many = [{"type": "deposit", "amount": 1}] * 501
    assert (await ada.post("/api/transactions/batch", {"items": many, "atomic": True})).code == "batch_too_large"
    assert (await ada.post("/api/transactions/batch", {"items": []})).status == 400


async def test_the_export_has_every_row_and_no_formula(ada: Person) -> None:
    """CSV, newest first; a note that a spreadsheet would run begins with an apostrophe."""
    import csv
    import io

    await ada.move("deposit", "12.50", note="=1+1", counterparty={"name": 'Shop, "corner"'})
    await ada.move("withdrawal", "2.50", category="food")
    answer = await ada.get("/api/transactions/export?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["amount"] for row in rows] == ["2.50", "12.50"]
    assert rows[1]["note"] == "'=1+1"
    assert rows[1]["counterparty_name"] == 'Shop, "corner"'
    assert rows[0]["category"] == "food"
    assert (await ada.get("/api/transactions/export?format=pdf")).status == 400


async def test_the_own_events_are_listed_as_stored(app: Service) -> None:
    """Oldest first, page by page, each stream's versions without a gap."""
    ada = await app.person(deposit=5)
    await ada.account()
    first = await ada.get("/api/events?limit=3")
    link = first.headers["link"]
    rest = await ada.get(link[1 : link.index(">")])
    events = first.json + rest.json
    assert [event["type"] for event in events] == [
        "UserRegistered", "ProfileCompleted", "AccountOpened", "Deposited", "AccountOpened",
    ]  # fmt: skip
    assert [event["position"] for event in events] == sorted(event["position"] for event in events)
    assert [event["version"] for event in events if event["stream"] == "account" and event["stream_id"] == ada.id] == [
        1,
        2,
    ]
