from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.api.people import Person, Service
from tests.conftest import Database
from tests.projector.projecting_tools import projector

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOLDING = {"ticker": "abc", "company_name": "ABC Fund", "quantity": "2.5", "buy_price": 10, "current_price": "11.99"}


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def at_work(module_database: Database) -> AsyncIterator[None]:
    """A projector for the tests of this module."""
    async with projector(module_database):
        yield


async def add(person: Person, **change: object) -> dict[str, object]:
    answer = await person.post("/api/portfolio/holdings", HOLDING | change)
    assert answer.status == 201, answer.text
    return dict(answer.json)


async def test_a_holding_is_told_as_it_is_listed(ada: Person) -> None:
    """Upper-case ticker, values rounded half up in the main account's currency; seen at once in the list."""
    made = await add(ada)
    assert (made["ticker"], made["account_id"], made["currency"]) == ("ABC", ada.id, "EUR")
    assert (made["invested_value"], made["current_value"]) == (Decimal("25.00"), Decimal("29.98"))
    assert (made["gain_loss"], made["gain_loss_pct"]) == (Decimal("4.98"), Decimal("19.92"))
    assert (await ada.get(f"/api/portfolio/holdings/{ada.id}")).json == [made]


async def test_a_new_price_changes_the_value_and_a_repeated_request_gets_its_first_reply(ada: Person) -> None:
    """PUT answers with the holding right after it; the list shows the latest."""
    made = await add(ada)
    path = f"/api/portfolio/holdings/{made['id']}"
    first = await ada.put(path, {"current_price": "8"}, Idempotency_Key="p")
    assert (first.status, first.json["current_value"], first.json["gain_loss"]) == (200, 20, -5)
    second = await ada.put(path, {"current_price": "12"})
    assert (await ada.put(path, {"current_price": "8"}, Idempotency_Key="p")).text == first.text
    assert (await ada.get(f"/api/portfolio/holdings/{ada.id}")).json == [second.json]


async def test_a_removed_holding_is_gone(ada: Person) -> None:
    """Once; the second time it is unknown."""
    made = await add(ada)
    path = f"/api/portfolio/holdings/{made['id']}"
    assert (await ada.ask("DELETE", path)).json == {"message": "The holding has been removed."}
    assert (await ada.get(f"/api/portfolio/holdings/{ada.id}")).json == []
    answer = await ada.ask("DELETE", path)
    assert (answer.status, answer.code) == (404, "unknown_holding")


async def test_the_summary_adds_up(ada: Person) -> None:
    """All figures 0 without holdings; then sums of the main currency and the best and worst of all."""
    path = f"/api/portfolio/summary/{ada.id}"
    empty = (await ada.get(path)).json
    assert {empty[name] for name in ("total_portfolio_value", "total_invested", "total_gain_loss")} == {0}
    assert (empty["total_return_pct"], empty["total_holdings"]) == (0, 0)
    assert (empty["best_performer"], empty["worst_performer"]) == (None, None)
    await add(ada, ticker="up", quantity=1, buy_price=100, current_price=150)
    await add(ada, ticker="down", quantity=1, buy_price=100, current_price=90)
    await add(ada, ticker="far", quantity=1, buy_price=100, current_price=100, currency="JPY")
    told = (await ada.get(path)).json
    assert (told["currency"], told["total_portfolio_value"], told["total_invested"]) == ("EUR", 240, 200)
    assert (told["total_gain_loss"], told["total_return_pct"], told["total_holdings"]) == (40, 20, 3)
    assert told["best_performer"] == {"ticker": "UP", "gain_loss_pct": 50}
    assert told["worst_performer"] == {"ticker": "DOWN", "gain_loss_pct": -10}
    assert [one["currency"] for one in told["by_currency"]] == ["EUR", "JPY"]


async def test_the_overview_has_one_sum_per_currency_and_no_own_transfers(ada: Person) -> None:
    """Accounts and holdings together; income and spending by month; the savings rate follows from them."""
    await ada.move("deposit", 1000)
    await ada.move("withdrawal", 250)
    savings, yen = await ada.account(), await ada.account("JPY")
    await ada.move("transfer", 300, to_account=savings)
    await ada.move("deposit", 500, account_id=yen)
    await add(ada, quantity=1, buy_price=10, current_price=20)
    told = (await ada.get("/api/portfolio/")).json
    assert told["net_worth"] == [{"currency": "EUR", "amount": 770}, {"currency": "JPY", "amount": 500}]
    assert {one["account_id"]: one["balance"] for one in told["by_account"]} == {ada.id: 450, savings: 300, yen: 500}
    euros = [one for one in told["cash_flow"] if one["currency"] == "EUR"]
    assert [(one["income"], one["expense"]) for one in euros] == [(1000, 250)]
    assert (told["currency"], told["savings_rate"]) == ("EUR", Decimal("0.75"))
    assert (told["xirr"], told["twr"]) == (None, None)


async def test_the_history_is_the_sum_of_the_balances_at_the_end_of_each_day(app: Service) -> None:
    """Per currency, from the opening before the first day on; own transfers move nothing, other people's money is not in it."""
    ada, eve = await app.person(), await app.person(deposit=5)
    savings, yen = await ada.account(), await ada.account("JPY")
    today = datetime.now(UTC).date()
    day = [today - timedelta(days=back) for back in range(12)]
    await ada.move("deposit", "1000.01", effective_at=f"{day[11]}T08:00:00Z")
    await ada.move("withdrawal", 250, effective_at=f"{day[6]}T23:59:59Z")
    await ada.move("deposit", 7, effective_at=f"{day[6]}T00:00:00Z")
    await ada.move("transfer", 300, to_account=savings, effective_at=f"{day[4]}T12:00:00Z")
    await ada.move("withdrawal", 20, account_id=savings, effective_at=f"{day[2]}T12:00:00Z")
    await ada.move("transfer", 10, to_account=eve.id)
    await ada.move("deposit", 500, account_id=yen, effective_at=f"{day[3]}T00:00:00Z")
    euros, yens = (await ada.get("/api/portfolio/history?days=9")).json
    assert (euros["currency"], euros["opening"]) == ("EUR", Decimal("1000.01"))
    assert euros["first"] in {str(day[8]), str(day[7])}, "midnight may have passed since"
    assert (yens["opening"], yens["days"]) == (0, [{"on": str(day[3]), "total": 500}])
    assert [one["on"] for one in euros["days"]][:3] == [str(day[at]) for at in (6, 4, 2)]
    assert len(euros["days"]) == 4
    for one in euros["days"]:
        balances = [
            (await ada.get(f"/api/accounts/{each}/balance?as_of={one['on']}")).json["balance"]
            for each in (ada.id, savings)
        ]
        assert one["total"] == sum(balances)
    theirs = (await eve.get("/api/portfolio/history")).json
    assert [(line["currency"], line["opening"], line["days"][-1]["total"]) for line in theirs] == [("EUR", 0, 15)]


@pytest.mark.parametrize("days", ["0", "3661", "-1", "x"])
async def test_a_history_has_a_length_within_bounds(ada: Person, days: str) -> None:
    """From one day to ten years; without any movement there is no line."""
    assert (await ada.get(f"/api/portfolio/history?days={days}")).status == 400
    assert (await ada.get("/api/portfolio/history")).json == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"quantity": 0}, 422, "amount_not_positive"),
        ({"buy_price": -1}, 422, "amount_not_positive"),
        ({"current_price": "0.123456789"}, 422, "amount_precision"),
        ({"quantity": "1e400"}, 422, "amount_too_large"),
        ({"quantity": "NaN"}, 422, "amount_not_finite"),
        ({"quantity": 10**12, "buy_price": 10**12}, 422, "amount_too_large"),
        ({"currency": "QQQ"}, 422, "unknown_currency"),
        ({"quantity": True}, 400, "malformed"),
        ({"ticker": "x" * 21}, 400, "malformed"),
        ({"ticker": ""}, 400, "malformed"),
        ({"company_name": " "}, 400, "malformed"),
    ],
)
async def test_a_holding_that_makes_no_sense_is_refused(
    ada: Person, change: dict[str, object], status: int, code: str
) -> None:
    """With the rule's code, and nothing is added."""
    answer = await ada.post("/api/portfolio/holdings", HOLDING | change)
    assert (answer.status, answer.code) == (status, code), answer.text
    assert (await ada.get(f"/api/portfolio/holdings/{ada.id}")).json == []


async def test_holdings_of_others_look_like_missing_ones(app: Service) -> None:
    """Reading, pricing and removing."""
    ada, eve = await app.person(), await app.person()
    made = await add(ada)
    for method, path, body in (
        ("GET", "/api/portfolio/holdings/{account}", None),
        ("GET", "/api/portfolio/summary/{account}", None),
        ("PUT", "/api/portfolio/holdings/{holding}", {"current_price": 1}),
        ("DELETE", "/api/portfolio/holdings/{holding}", None),
    ):
        theirs = await eve.ask(method, path.format(account=ada.id, holding=made["id"]), body)
        missing = await eve.ask(method, path.format(account=uuid4(), holding=uuid4()), body)
        assert theirs.status == missing.status == 404
        assert theirs.code == missing.code
    assert (await ada.get(f"/api/portfolio/holdings/{ada.id}")).json == [made]


async def test_before_the_profile_the_currency_has_to_be_said(app: Service) -> None:
    """There is no main account to take it from."""
    newcomer = await app.newcomer()
    assert (await newcomer.post("/api/portfolio/holdings", HOLDING)).code == "profile_incomplete"
    made = await add(newcomer, currency="USD")
    assert (await newcomer.get(f"/api/portfolio/summary/{newcomer.id}")).json["currency"] == "USD"
    assert made["currency"] == "USD"
