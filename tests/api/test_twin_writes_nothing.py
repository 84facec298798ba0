"""Whatever is asked of the twin, the log and every read model are afterwards what they were before."""

import datetime as dt
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from fintwin.store.connect import open_pool
from tests.api.people import Person, Service
from tests.conftest import Database
from tests.projector.projecting_tools import wait_until_caught_up

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANGES_BY_ITSELF = ("lease",)
TOUCHED_BY_SAVING = ("checkpoint", "simulation", "notification")


class Somebody:
    """A person with a past worth forking, and the ids that documents are made of."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.accounts: list[str] = [person.id]
        self.transactions: list[str] = []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def somebody(app: Service, projected: None) -> Somebody:
    """Two accounts in EUR, one of them frozen, one in JPY, holdings, plans, a refund."""
    one = Somebody(await app.person(deposit=2_000))
    person = one.person
    one.accounts += [await person.account(), await person.account("JPY", "investment")]
    for amount in (300, 40, 25.50):
        one.transactions.append((await person.move("withdrawal", amount, category="food"))["id"])
    one.transactions.append((await person.move("transfer", 100, to_account=one.accounts[1]))["id"])
    one.transactions.append((await person.move("deposit", 9_000, account_id=one.accounts[2]))["id"])
    await person.post(f"/api/transactions/{one.transactions[1]}/reverse", {})
    await person.post("/api/plans", {"kind": "income", "name": "Pay", "amount": 900})
    holding = {"ticker": "ABC", "company_name": "Abc", "quantity": 3, "buy_price": 10, "current_price": 12}
    await person.post("/api/portfolio/holdings", holding)
    await person.post(f"/api/accounts/{one.accounts[1]}/freeze", {})
    return one


def state(database: Database, leave_out: tuple[str, ...] = ()) -> dict[str, str]:
    """The content of every table of the log and of the read models, as one figure each."""
    names = database.run_sql(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('log', 'read', 'vault') ORDER BY 1"
    ).split()
    skipped = (*CHANGES_BY_ITSELF, *leave_out)
    kept = [name for name in names if not name.split(".")[1].startswith(skipped)]
    sums = " UNION ALL ".join(
        f"SELECT '{name} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {name} t"
        for name in kept
    )
    return dict(line.split(" ", 1) for line in database.run_sql(sums).splitlines() if line)


def mostly(usual: st.SearchStrategy[Any], *odd: Any) -> st.SearchStrategy[Any]:
    """Nine times out of ten something usual."""
    return st.integers(0, 9).flatmap(lambda number: usual if number else st.sampled_from(odd))


def days() -> st.SearchStrategy[str]:
    today = dt.datetime.now(dt.UTC).date()
    return mostly(st.integers(0, 90), -3, 420).map(lambda number: (today + dt.timedelta(days=number)).isoformat())


AMOUNTS = mostly(st.one_of(st.integers(1, 5_000), st.decimals("0.01", "999.99", places=2).map(str)), 0, "1e30", -3)
PERCENTS = mostly(st.integers(-90, 200), -120, 250)
EVERY = st.fixed_dictionaries(
    {"n": st.integers(1, 3), "unit": st.sampled_from(["day", "week", "month"])},
    optional={"day": st.integers(1, 31), "weekend": st.sampled_from(["none", "before", "after"])},
)


def documents(accounts: list[str], transactions: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Scenario documents of any kind, sensible or not."""
    account = mostly(st.sampled_from(accounts), "00000000-0000-0000-0000-000000000001")
    transaction = st.sampled_from(transactions)

    def step(kind: str, fields: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({"type": st.just(kind)} | fields, optional=optional)

    steps = st.one_of(
        *(step(kind, {"amount": AMOUNTS}, account_id=account, on=days()) for kind in ("deposit", "withdraw")),
        step("withdraw", {"amount": AMOUNTS, "every": EVERY}, **{"from": days()}, category=st.just("food")),
        step("transfer", {"amount": AMOUNTS, "to_account": account}, account_id=account),
        step("change_rate", {"points": PERCENTS}, account_id=account, **{"from": days()}),
        step("set_rate", {"percent": PERCENTS}, compounding=st.sampled_from(["yearly", "daily", "continuous"])),
        step(
            "lose_income",
            {"months": mostly(st.integers(1, 14), 0)},
            share_percent=mostly(st.integers(0, 100), 110),
            replacement=AMOUNTS,
        ),
        step("change_spending", {"percent": PERCENTS}, category=st.sampled_from(["food", "💶", "x"])),
        step(
            "loan",
            {"amount": AMOUNTS, "annual_rate_percent": mostly(st.integers(0, 30), -5), "months": st.integers(1, 30)},
        ),
        step("goal", {"amount": AMOUNTS, "months": st.integers(1, 12)}, account_id=account, from_account=account),
        step("market_shock", {"percent": PERCENTS}, account_id=account, on=days()),
        step("omit", {"transaction_id": transaction}),
        step("amend", {"transaction_id": transaction, "amount": AMOUNTS}),
    )
    returns = st.one_of(
        step("log_normal", {"sd_percent": st.integers(0, 60)}, rate_percent=PERCENTS),
        step("history", {"stock_percent": mostly(st.integers(0, 100), 110)}),
    )
    chance = st.fixed_dictionaries(
        {"paths": mostly(st.integers(1, 60), 0)}, optional={"returns": returns, "goal": AMOUNTS}
    )
    return st.fixed_dictionaries(
        {"horizon_months": mostly(st.integers(3, 14), 0), "steps": st.lists(steps, max_size=4)},
        optional={
            "uncertainty": chance, "sensitivity": st.just({}), "inflation_percent": mostly(st.integers(-5, 30), -60),
            "fork_at": mostly(st.integers(20, 99), -1, 3, "2000-01-01T00:00:00Z"),
            "accounts": st.lists(account, min_size=1, max_size=2), "name": mostly(st.text(min_size=1, max_size=4), "", "\0"),
            "wait": st.booleans(),
        },
    )  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_no_document_writes_anything(
    data: st.DataObject, somebody: Somebody, app: Service, module_database: Database
) -> None:
    """Answered or refused, never broken: events, hashes, heads, keys and all rows stay as they were."""
    await caught_up(module_database)
    before = state(module_database)
    document = data.draw(documents(somebody.accounts, somebody.transactions))
    answer = await somebody.person.post("/api/twin/runs", document)
    event(f"{answer.status} {answer.code if answer.status >= 400 else ''}")
    assert answer.status in {200, 202, 400, 404, 422, 429}, answer.text
    await caught_up(module_database)
    assert state(module_database) == before


async def test_saving_writes_one_event_and_nothing_else(somebody: Somebody, module_database: Database) -> None:
    """The event of the run; of the read models only its history and its notification change."""
    await caught_up(module_database)
    person = somebody.person
    before, events = (
        state(module_database, ("event", *TOUCHED_BY_SAVING)),
        (await person.get("/api/events?limit=1000")).json,
    )
    document = {"horizon_months": 3, "steps": [{"type": "withdraw", "amount": 1}], "save": True}
    answer = await person.post("/api/twin/runs", document)
    assert answer.status == 200, answer.text
    await caught_up(module_database)
    after = (await person.get("/api/events?limit=1000")).json
    assert after[:-1] == events
    assert after[-1]["type"] == "SimulationSaved"
    told = state(module_database, ("event", *TOUCHED_BY_SAVING))
    assert {name for name, what in told.items() if before[name] != what} <= {"log.log_head", "log.stream_head"}


async def caught_up(database: Database) -> None:
    """Wait for the projector, so that what is compared is at the log's end."""
    pool = await open_pool(database.role_urls["projector"], size_max=1)
    try:
        await wait_until_caught_up(pool)
    finally:
        await pool.close()
