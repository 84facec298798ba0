"""A list without conditions comes from ready text, one with a condition from rows: the same bytes."""

import pytest

from tests.api.people import Person, Service
from tests.conftest import Database

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]

HARD = 'He said "A\\B"\n\u2028 naïve 🎉 </script>'


async def lived(app: Service) -> tuple[Person, str]:
    """Somebody with one of everything that a list can show, and a second account."""
    ada, ben = await app.person(), await app.person()
    savings = (await ada.post("/api/accounts/", {"name": "Savings", "kind": "savings", "currency": "EUR"})).json["id"]
    paid = {"type": "deposit", "amount": "1000.10", "note": HARD, "category": 'fo"od'}
    await ada.post(
        "/api/transactions/", paid | {"counterparty": {"name": HARD, "account": "DE00 1", "bank": "WORKDE00"}}
    )
    early = {"type": "deposit", "amount": 7, "effective_at": "2026-01-31T10:00:00.120+01:00"}
    await ada.post("/api/transactions/", early | {"counterparty": {"bank": "WORKDE00"}})
    taken_back = (await ada.post("/api/transactions/", {"type": "withdrawal", "amount": 5})).json["id"]
    await ada.post("/api/transactions/", {"type": "transfer", "amount": 20, "to_account": savings, "note": "aside"})
    await ada.post("/api/transactions/", {"type": "transfer", "amount": 3, "to_account": ben.id, "note": "for you"})
    await ben.post("/api/transactions/", {"type": "transfer", "amount": 1, "to_account": ada.id, "note": "secret"})
    await ada.post(f"/api/transactions/{taken_back}/reverse", {"reason": "wrong"})
    newest = (await ada.get("/api/transactions/")).json
    assert len(newest) == 7
    await ada.patch(f"/api/transactions/{newest[1]['id']}", {"note": "said by me", "category": "other"})
    return ada, savings


async def test_ready_text_is_what_the_rows_say(app: Service) -> None:
    """Over all accounts and for each, at every page: byte for byte, and the same way on."""
    ada, savings = await lived(app)
    for path in ("/api/transactions/", f"/api/transactions/account/{ada.id}", f"/api/transactions/account/{savings}"):
        for page in ("", "limit=1", "limit=2", "limit=6", "limit=7", "limit=50", "limit=3&cursor=2000000"):
            plain = await ada.get(f"{path}?{page}")
            by_rows = await ada.get(f"{path}?{page}&from=1990-01-01")
            assert plain.status == by_rows.status == 200
            assert plain.content == by_rows.content
            assert b'"id":"' in plain.content
            way_on = (by_rows.headers.get("link") or "").replace("from=1990-01-01&", "")
            assert (plain.headers.get("link") or "") == way_on
        assert HARD.encode()[:8] not in plain.content, "a quote is escaped"
    newest = (await ada.get("/api/transactions/?limit=7")).json
    assert [row["note"] for row in newest if row["note"]] == ["wrong", "said by me", "for you", "aside", HARD]


async def test_somebody_without_transactions_has_an_empty_list(ada: Person) -> None:
    """Nothing to tell is a list as well."""
    assert (await ada.get("/api/transactions/")).content == b"[]"
    assert (await ada.get(f"/api/transactions/account/{ada.id}")).content == b"[]"


async def test_a_build_without_ready_text_is_read_by_its_columns(app: Service, module_database: Database) -> None:
    """While the statements are built anew after an upgrade, lists are as before."""
    ada, savings = await lived(app)
    paths = [
        "/api/transactions/?limit=4",
        f"/api/transactions/account/{savings}",
        f"/api/transactions/account/{ada.id}",
    ]
    before = [await ada.get(path) for path in paths]
    module_database.run_sql("ALTER FUNCTION read.statement_text RENAME TO statement_text_to_come")
    try:
        meanwhile = [await ada.get(path) for path in paths]
    finally:
        module_database.run_sql("ALTER FUNCTION read.statement_text_to_come RENAME TO statement_text")
    assert [(one.status, one.content, one.headers.get("link")) for one in meanwhile] == [
        (one.status, one.content, one.headers.get("link")) for one in before
    ]
    assert before[0].status == 200
