from decimal import Decimal
from typing import Any

import pytest

from tests.api.people import Answer, Person, Service
from tests.importing.test_guess import BRITISH, GERMAN

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS = 2_000


def long_file() -> str:
    """Two thousand rows, newest first, with a balance and one row that cannot be read."""
    balance, lines = 10_000_00, []
    for number in range(ROWS):
        amount = 3200_00 if number % 40 == 0 else -(50 + number * 7 % 90_00)
        balance += amount
        day = f"{number % 28 + 1:02}.{number // 28 % 12 + 1:02}.{2010 + number // 336}"
        text = f"Payment {number}"
        lines.append(
            f"{day};{text};{amount / 100:.2f};{balance / 100:.2f}".replace(".", ",").replace(day.replace(".", ","), day)
        )
    return "Datum;Text;Betrag;Saldo\n" + "\n".join(reversed(lines)) + "\n"


async def upload(person: Person, text: str, **more: str) -> Answer:
    """Posts a file as text/csv."""
    query = "&".join(f"{name}={value}" for name, value in more.items())
    return await person.post(f"/api/import?{query}", text.encode(), content_type="text/csv")


async def previewed(person: Person, text: str, **more: str) -> Any:
    """The preview of a file that has to be understood."""
    answer = await upload(person, text, **more)
    assert answer.status == 201, answer.text
    return answer.json


async def test_two_thousand_rows_go_in_and_out_again(app: Service) -> None:
    """Preview, commit, commit again adds nothing, delete reverses everything; the balance tells it each time."""
    ada = await app.person()
    preview = await previewed(ada, long_file())
    assert (preview["rows"], preview["new"], preview["duplicates"], preview["refused"]) == (ROWS, ROWS, 0, 0)
    assert preview["opening_balance"] == Decimal("10000.00")
    assert (preview["mapping"]["file"]["order"], preview["mapping"]["file"]["decimal"]) == ("newest-first", ",")
    assert len(preview["first_rows"]) == 20
    first = preview["first_rows"][0]
    assert (first["type"], first["amount"], first["note"]) == ("deposit", Decimal("3200.00"), "Payment 0")
    assert first["balance_after"] == Decimal("13200.00")
    assert await ada.balance() == 0

    done = await ada.post(f"/api/import/{preview['id']}/commit")
    assert done.status == 200, done.text
    assert (done.json["booked"], done.json["refused"], done.json["mismatches"]) == (ROWS, 0, 0)
    last = Decimal(long_file().splitlines()[1].split(";")[3].replace(",", "."))
    assert await ada.balance() == last
    assert done.headers["x-position"] == str(done.json["position"])

    events = len(await ada.positions())
    again = await ada.post(f"/api/import/{preview['id']}/commit")
    assert again.json == done.json
    assert len(await ada.positions()) == events
    assert await ada.balance() == last
    second = await previewed(ada, long_file())
    assert (second["new"], second["duplicates"], second["opening_balance"]) == (0, ROWS, 0)
    assert second["first_rows"][0]["duplicate"] is True
    nothing = await ada.post(f"/api/import/{second['id']}/commit")
    assert (nothing.json["booked"], nothing.json["duplicates"]) == (0, ROWS)

    gone = await ada.ask("DELETE", f"/api/import/{preview['id']}")
    assert (gone.status, gone.json["reversed"], gone.json["remaining"]) == (200, ROWS + 1, 0)
    assert await ada.balance() == 0
    assert (await ada.ask("DELETE", f"/api/import/{preview['id']}")).json == gone.json
    assert await ada.balance() == 0
    assert (await ada.post(f"/api/import/{preview['id']}/commit")).code == "import_taken_back"


async def test_the_file_may_come_in_three_ways(app: Service) -> None:
    """As text/csv, in a form and in JSON: the same preview."""
    ada = await app.person()
    account = await ada.account()
    plain = await previewed(ada, GERMAN, account_id=account)
    as_json = await ada.post("/api/import", {"csv": GERMAN, "account_id": account}, content_type="application/json")
    boundary = "XyZ"
    fields = (('name="account_id"', account), ('name="file"; filename="a.csv"\r\nContent-Type: text/csv', GERMAN))
    parts = [f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n" for head, value in fields]
    parts.append(f"--{boundary}--\r\n")
    form = await ada.post(
        "/api/import/", "".join(parts).encode(), content_type=f"multipart/form-data; boundary={boundary}"
    )
    for answer in (as_json, form):
        assert answer.status == 201, answer.text
        assert {**answer.json, "id": plain["id"]} == plain
    assert plain["account_id"] == account
    assert [row["amount"] for row in plain["first_rows"]] == [Decimal("0.50"), Decimal("3200.00"), Decimal("1150.00")]
    assert plain["first_rows"][1]["counterparty"]["name"] == "Arbeitgeber"


async def test_a_mapping_can_be_given(app: Service) -> None:
    """What the caller says counts: here the two halves of the amount are told apart by hand, and dates are American."""
    ada = await app.person()
    mapping = {
        "file": {"date": "%d/%m/%Y", "thousands": ","},
        "columns": {"date": "Date", "credit": "Paid in", "debit": "Paid out", "note": "Description"},
        "category_otherwise": "imported",
    }
    body = {"csv": BRITISH, "mapping": mapping}
    preview = await ada.post("/api/import", body, content_type="application/json")
    assert preview.status == 201, preview.text
    assert preview.json["refused"] == 1  # without the balance there is nothing to pay the rent from
    assert preview.json["refused_rows"][0]["line"] == 2
    assert preview.json["first_rows"][0]["category"] == "imported"
    done = await ada.post(f"/api/import/{preview.json['id']}/commit")
    assert (done.json["booked"], done.json["refused"]) == (2, 1)
    assert await ada.balance() == Decimal("1190.01")


async def test_what_was_spent_cannot_be_taken_back_yet(app: Service) -> None:
    """The rest is reversed; when the money is there again, so is the remainder."""
    ada = await app.person()
    preview = await previewed(ada, "Date,Amount\n2024-01-01,100.00\n2024-01-02,20.00\n2024-01-03,-15.00\n")
    await ada.post(f"/api/import/{preview['id']}/commit")
    await ada.move("withdrawal", 30)
    gone = await ada.ask("DELETE", f"/api/import/{preview['id']}")
    assert (gone.json["reversed"], gone.json["remaining"]) == (2, 1)
    assert "more than" in gone.json["detail"]
    await ada.move("deposit", 30)
    gone = await ada.ask("DELETE", f"/api/import/{preview['id']}")
    assert (gone.json["reversed"], gone.json["remaining"]) == (3, 0)
    assert await ada.balance() == 0


async def test_an_older_file_goes_into_an_account_that_has_a_newer_one(app: Service) -> None:
    """Its rows are booked into the past where the days in between allow it, and its balances are those of then."""
    ada = await app.person()
    newer = "Date,Amount,Balance\n2024-05-01,100.00,100.00\n2024-06-01,-90.00,10.00\n"
    older = "Date,Amount,Balance\n2024-01-01,50.00,50.00\n2024-02-01,-35.00,15.00\n2024-03-01,-14.00,1.00\n"
    first = await previewed(ada, newer)
    assert (await ada.post(f"/api/import/{first['id']}/commit")).json["booked"] == 2
    second = await previewed(ada, older)
    assert (second["new"], second["refused"], second["opening_balance"]) == (3, 0, 0)
    done = (await ada.post(f"/api/import/{second['id']}/commit")).json
    assert (done["booked"], done["refused"], done["mismatches"]) == (3, 0, 0)
    assert await ada.balance() == Decimal("11.00")
    too_much = await previewed(ada, "Date,Amount\n2024-02-15,-2.00\n2024-02-16,-1.00\n")
    assert [row["reason"] for row in too_much["refused_rows"]] == [
        "The payment of 2.00 EUR is more than the 1.00 EUR that were available on 2024-03-01."
    ]
    gone = await ada.ask("DELETE", f"/api/import/{second['id']}")
    assert (gone.json["reversed"], gone.json["remaining"]) == (3, 0)
    third = await previewed(ada, older)
    done = (await ada.post(f"/api/import/{third['id']}/commit")).json
    assert (done["booked"], done["refused"], done["mismatches"]) == (3, 0, 0)
    assert await ada.balance() == Decimal("11.00")


async def test_what_was_taken_back_goes_in_again(app: Service) -> None:
    """After a DELETE the same file may be booked anew, although all its rows lie before the reversals."""
    ada = await app.person()
    text = "Date,Amount,Balance\n2024-05-01,100.00,130.00\n2024-06-01,-125.00,5.00\n"
    for _ in range(2):
        preview = await previewed(ada, text)
        assert (preview["new"], preview["opening_balance"]) == (2, Decimal("30.00"))
        done = (await ada.post(f"/api/import/{preview['id']}/commit")).json
        assert (done["booked"], done["refused"], done["mismatches"]) == (2, 0, 0)
        assert await ada.balance() == Decimal("5.00")
        gone = await ada.ask("DELETE", f"/api/import/{preview['id']}")
        assert (gone.json["reversed"], gone.json["remaining"]) == (3, 0)
        assert await ada.balance() == 0


async def test_a_draft_that_was_never_booked_is_forgotten(app: Service) -> None:
    """Nothing is reversed, and it cannot be committed any more."""
    ada = await app.person()
    preview = await previewed(ada, "Date,Amount\n2024-01-01,100.00\n")
    gone = await ada.ask("DELETE", f"/api/import/{preview['id']}")
    assert (gone.status, gone.json["reversed"]) == (200, 0)
    assert (await ada.post(f"/api/import/{preview['id']}/commit")).status == 404


async def test_other_peoples_imports_and_accounts_look_like_missing_ones(app: Service) -> None:
    """The same answer for a foreign id, a missing one and no id at all."""
    ada, eve = await app.person(), await app.person()
    preview = await previewed(ada, "Date,Amount\n2024-01-01,100.00\n")
    missing = "0198c0de-0000-7000-8000-00000000002a"
    for method, path in (("POST", "/api/import/{}/commit"), ("DELETE", "/api/import/{}")):
        answers = [await eve.ask(method, path.format(one)) for one in (preview["id"], missing, "no-id")]
        assert {(one.status, one.code) for one in answers} == {(404, "unknown_import")}
    foreign = [await upload(eve, "Date,Amount\n2024-01-01,1\n", account_id=one) for one in (ada.id, missing)]
    assert {(one.status, one.code) for one in foreign} == {(404, "unknown_account")}
    assert (await ada.post(f"/api/import/{preview['id']}/commit")).json["booked"] == 1


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("text/csv", b"", 422, "import_not_understood"),
        ("text/csv", b"hello", 422, "import_not_understood"),
        ("text/csv", b"\x00\xff" * 100, 422, "import_not_understood"),
        ("application/json", b"{", 400, "malformed"),
        ("application/json", b'{"account_id":null}', 400, "malformed"),
        ("application/json", b'{"csv":"Date,Amount\\n2024-01-01,1\\n","mapping":{"columns":{}}}', 400, "malformed"),
        (
            "application/json",
            b'{"csv":"a,b\\n","mapping":{"columns":{"date":"x","amount":"y"}}}',
            422,
            "import_refused",
        ),
        (
            "application/json",
            b'{"csv":"x,y\\n","mapping":{"columns":{"date":"x","amount":"y"}}}',
            422,
            "import_refused",
        ),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 400, "malformed"),
        ("multipart/form-data", b"", 400, "malformed"),
        ("multipart/form-data; boundary=b", b"\xff\xfe", 400, "malformed"),
        ("text/csv", b"Date,Amount\n" + b"2024-01-01,1\n" * 400_000, 413, "body_too_large"),
    ],
)
async def test_what_cannot_be_used_is_refused_in_a_sentence(
    app: Service, kind: str, body: bytes, status: int, code: str
) -> None:
    """Never a 500, whatever the bytes are."""
    ada = await app.person()
    answer = await ada.post("/api/import", body, content_type=kind)
    assert (answer.status, answer.code) == (status, code), answer.text
    assert answer.json["detail"]
