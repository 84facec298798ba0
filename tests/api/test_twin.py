import datetime as dt
import multiprocessing
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from fintwin.twin.risk_past import month_ends
from tests.api.people import Person, Service
from tests.api.twin_runs import begun_to_tell, ended
from tests.conftest import Database

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]


def today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


async def person_with(app: Service, amount: Any, rate: Any = None) -> Person:
    """Somebody with so much money, and a rate on the account."""
    person = await app.person(deposit=amount)
    if rate is not None:
        answer = await person.patch(f"/api/accounts/{person.id}", {"annual_rate_percent": rate})
        assert answer.status == 200, answer.text
    return person


async def run(person: Person, months: int, *steps: Any, **more: Any) -> Any:
    """The answer of a run that has to succeed."""
    answer = await person.post("/api/twin/runs", {"horizon_months": months, "steps": list(steps)} | more)
    assert answer.status == 200, answer.text
    return answer.json


def final(body: Any) -> Decimal:
    return Decimal(str(body["totals"][0]["scenario"]["final"]))


def times_of(month: int) -> dt.date:
    from fintwin.twin.outlook import mark

    return mark(today(), month)


MONTHLY = {"n": 1, "unit": "month"}


async def test_rate_and_withdrawal(app: Service) -> None:
    """100,000 at 6 % for a year, 1.5 points more, 40,000 out of it, and both, whose effects do not add up."""
    person = await person_with(app, 100_000, 6)
    out, rate = {"type": "withdraw", "amount": 40000}, {"type": "change_rate", "points": 1.5}
    assert final(await run(person, 12)) == Decimal("106167.78")
    assert final(await run(person, 12, rate)) == Decimal("107763.26")
    alone = await run(person, 12, out)
    assert final(alone) == Decimal("63700.67")
    difference = alone["totals"][0]["difference"]
    assert difference["final"] == Decimal("-42467.11")
    assert difference["effects"][0]["growth"] == Decimal("-2467.11")
    both = await run(person, 12, out, rate)
    assert final(both) == Decimal("64657.96")
    assert both["totals"][0]["difference"]["interaction"] == Decimal("-638.19")


@pytest.mark.parametrize(
    ("compounding", "expected"),
    [("yearly", "16288.95"), ("monthly", "16470.09"), ("daily", "16486.65"), ("continuous", "16487.21")],
)
async def test_compounding(app: Service, compounding: str, expected: str) -> None:
    """10,000 at 5 % for ten years, by how it compounds."""
    person = await person_with(app, 10_000)
    step = {"type": "set_rate", "percent": 5, "compounding": compounding}
    assert final(await run(person, 120, step)) == Decimal(expected)


async def test_saving_each_month(app: Service) -> None:
    """500 a month at 6 % for 20 years: 231,020.45 at month ends, 232,175.55 at their beginning."""
    person = await person_with(app, 1, 6)
    await person.move("withdrawal", 1)
    step = {"type": "deposit", "amount": 500, "every": MONTHLY, "times": 240}
    assert final(await run(person, 240, step)) == Decimal("231020.45")
    assert final(await run(person, 240, step | {"from": today().isoformat()})) == Decimal("232175.55")


async def test_goal(app: Service) -> None:
    """50,000 in 60 months from 10,000 at 4 % takes 570.00 a month."""
    person = await person_with(app, 10_000, 4)
    told = (await run(person, 60, {"type": "goal", "amount": 50000, "months": 60}))["steps"][0]["goal"]
    assert told["monthly"] == Decimal("570.00")
    assert told["reached"] is True


async def test_loans(app: Service) -> None:
    """300,000 over 360 months at 6 % and 7.5 %, and with 1.5 points more after 60 payments; what is left, and the last row."""
    person = await person_with(app, 10)
    loan = {"type": "loan", "amount": 300000, "annual_rate_percent": 6, "months": 360}
    changed = loan | {"rate_changes": [{"month": 60, "annual_rate_percent": 7.5}]}
    body = await run(person, 1, loan, loan | {"annual_rate_percent": 7.5}, changed)
    first, dear, later = (step["loan"] for step in body["steps"])
    assert first["instalment"] == Decimal("1798.65")
    assert first["last_payment"] == Decimal("1800.09")
    assert dear["instalment"] == Decimal("2097.64")
    phase = later["phases"][1]
    assert (phase["balance"], phase["unrounded_balance"]) == (Decimal("279163.14"), Decimal("279163.07"))
    assert phase["instalment"] == Decimal("2062.99")


async def test_drawing_down(app: Service) -> None:
    """100,000 at 6 %, 1,000 at each month's end: 138 are paid in full, the 139th is refused as more than there is."""
    person = await person_with(app, 100_000, 6)
    body = await run(person, 139, {"type": "withdraw", "amount": 1000, "every": MONTHLY})
    refused = body["totals"][0]["scenario"]["refused"]
    assert refused["count"] == 1
    assert refused["first_on"] == times_of(139).isoformat()
    assert refused["listed"][0]["code"] == "insufficient_funds"
    assert 0 < refused["listed"][0]["missing"] < 1000


async def test_income_lost(app: Service) -> None:
    """18,000, plans of 5,000 in and 4,000 out; six months without the income: below zero in month 5, 0 after twelve."""
    person = await person_with(app, 18_000)
    for kind, amount in (("income", 5000), ("bill", 4000)):
        answer = await person.post("/api/plans", {"kind": kind, "name": kind, "amount": amount})
        assert answer.status == 201, answer.text
    body = await run(person, 12, {"type": "lose_income", "months": 6})
    total = body["totals"][0]
    ends = [total["nominal"]["scenario"][place] for place in body["month_ends"]]
    assert ends == [18000, 14000, 10000, 6000, 2000, -2000, -6000, -5000, -4000, -3000, -2000, -1000, 0]
    assert total["scenario"]["first_breach"] == times_of(5).isoformat()
    assert total["baseline"]["final"] == 30000
    assert total["baseline"]["emergency_months"] == Decimal("4.5")
    assert total["scenario"]["would_be_refused"]["count"] > 0


@pytest.mark.parametrize(("crash", "expected"), [("first", 1_201_548), ("last", 2_494_277)])
async def test_when_the_crash_comes(app: Service, crash: str, expected: int) -> None:
    """1,000,000, 40,000 drawn at each year's end, 29 years of +7 % and one of -30 %."""
    person = await person_with(app, 1_000_000)
    year, percents = ("from", times_of(12)), (-30, 7)
    if crash == "last":
        year, percents = ("from", times_of(29 * 12)), (7, -30)
    steps = [
        {"type": "set_rate", "percent": percents[0], "compounding": "yearly"},
        {"type": "set_rate", "percent": percents[1], year[0]: year[1].isoformat()},
        {"type": "withdraw", "amount": 40000, "every": {"n": 12}},
    ]
    assert round(final(await run(person, 360, *steps))) == expected


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ({"type": "gbm", "drift_percent": 7, "sd_percent": 15}, (97_981, 179_948, 330_486, 201_375)),
        ({"type": "log_normal", "rate_percent": 7, "sd_percent": 15}, (101_401, 178_475, 314_131, 196_715)),
    ],
)
async def test_random_returns(app: Service, returns: Any, expected: tuple[int, ...]) -> None:
    """The closed forms to the unit; the median of 10,000 paths within three standard errors of its own."""
    person = await person_with(app, 100_000)
    body = await run(person, 120, uncertainty={"paths": 10000, "seed": 7, "returns": returns})
    found = body["totals"][0]["uncertainty"]
    told = found["closed_form"]
    assert tuple(round(told[name]) for name in ("p10", "p50", "p90", "mean")) == expected
    median = found["scenario"]["percentiles"][-1][2]
    spread = Decimal(str(0.15 * 10**0.5 * 1.2533 / 100)) * told["p50"]
    assert abs(median - told["p50"]) < 3 * spread
    for row in found["scenario"]["percentiles"]:
        assert row == sorted(row)


async def test_no_chance_is_the_line(app: Service) -> None:
    """With a deviation of nought every percentile is the event-by-event line, to the cent, refused payments and all."""
    person = await person_with(app, 5_000)
    returns = {"type": "log_normal", "rate_percent": 7, "sd_percent": 0}
    step = {"type": "withdraw", "amount": 700, "every": MONTHLY}
    body = await run(person, 24, step, uncertainty={"paths": 20, "returns": returns})
    total = body["totals"][0]
    assert total["scenario"]["refused"]["count"] > 0
    line = [total["nominal"]["scenario"][place] for place in body["month_ends"]]
    assert total["uncertainty"]["scenario"]["percentiles"] == [[amount] * 5 for amount in line]


@pytest.mark.parametrize(("stocks", "draw", "successes"), [(60, 40_000, 65), (50, 50_000, 45)])
async def test_history(app: Service, stocks: int, draw: int, successes: int) -> None:
    """1928 to 2023, 30 years: 60/40 at 4 % succeeds in 65 of 67 windows, 50/50 at 5 % in 45."""
    person = await person_with(app, 1_000_000)
    returns = {"type": "history", "stock_percent": stocks, "first_year": 1928, "last_year": 2023}
    step = {"type": "withdraw", "amount": draw, "every": {"n": 12}}
    told = (await run(person, 360, step, uncertainty={"returns": returns}))["totals"][0]["uncertainty"]["history"]
    assert (told["windows"], told["successes"]) == (67, successes)


@pytest.mark.parametrize(("draw", "successes"), [(3, 39), (4, 37), (5, 24), (6, 14), (7, 5), (8, 1)])
async def test_the_table_of_the_trinity_study(app: Service, draw: int, successes: int) -> None:
    """1928 to 1995, 30 years, half in stocks: 100, 95, 62, 36, 13 and 3 percent of 39 windows bear 3 to 8 % a year."""
    person = await person_with(app, 1_000_000)
    returns = {"type": "history", "stock_percent": 50, "first_year": 1928, "last_year": 1995}
    step = {"type": "withdraw", "amount": draw * 10_000, "every": {"n": 12}}
    told = (await run(person, 360, step, uncertainty={"returns": returns}))["totals"][0]["uncertainty"]
    assert (told["history"]["windows"], told["history"]["successes"]) == (39, successes)
    assert told["scenario"]["failed"]["paths"] == 39 - successes
    assert len(told["history"]["failed_starts"]) == 39 - successes


async def test_what_every_window_bears(app: Service) -> None:
    """All in stocks 3.597 % a year is borne by every window, the worst beginning in 1929; 7 % after 3 % inflation: 3.8835."""
    person = await person_with(app, 1_000, 7)
    returns = {"type": "history", "stock_percent": 100, "first_year": 1928, "last_year": 2023}
    body = await run(person, 360, uncertainty={"returns": returns}, inflation_percent=3)
    told = body["totals"][0]["uncertainty"]["history"]
    assert round(told["sustainable_percent"], 3) == Decimal("3.597")
    assert told["worst_start"] == 1929
    assert [one["value"] for one in body["assumptions"] if one["code"] == "real_interest"] == [Decimal("3.8835")]


async def test_an_empty_scenario_is_the_baseline(app: Service) -> None:
    """Without a step everything is the same, account by account."""
    person = await person_with(app, 1_234.56, 3.3)
    body = await run(person, 60)
    for account in body["accounts"]:
        assert account["series"]["scenario"] == account["series"]["baseline"]
    assert body["totals"][0]["difference"] == {"final": 0, "effects": [], "interaction": 0}


async def test_running_writes_nothing_and_keeping_one_event(app: Service) -> None:
    """A run leaves the log as it is; keeping one appends exactly one event; opening it again gives the same bytes."""
    person = await person_with(app, 500, 2)
    before = (await person.get("/api/events?limit=1000")).json
    document = {"horizon_months": 24, "steps": [{"type": "withdraw", "amount": 90}], "name": "Bike"}
    await run(person, 24, {"type": "withdraw", "amount": 90})
    assert (await person.get("/api/events?limit=1000")).json == before
    kept = await person.post("/api/twin/runs", document | {"save": True})
    assert kept.status == 200, kept.text
    after = (await person.get("/api/events?limit=1000")).json
    assert after[:-1] == before
    assert after[-1]["type"] == "SimulationSaved"
    assert "Bike" not in after[-1]["payload"]
    again = await person.get(f"/api/twin/runs/{kept.json['id']}")
    assert again.content == kept.content
    listed = (await person.get("/api/twin/runs")).json
    assert [(one["name"], one["stale"], one["after_balance"]) for one in listed] == [("Bike", False, final(kept.json))]


async def test_a_corrected_past_makes_a_run_stale(app: Service) -> None:
    """Taking back a transaction that the run used marks it, and a new one does not; it can still be run exactly."""
    person = await person_with(app, 500)
    used = await person.move("withdrawal", 20)
    kept = (await person.post("/api/twin/runs", {"horizon_months": 2, "save": True})).json
    await person.move("deposit", 5)
    assert [one["stale"] for one in (await person.get("/api/twin/runs")).json] == [False]
    await person.post(f"/api/transactions/{used['id']}/reverse", {})
    assert [one["stale"] for one in (await person.get("/api/twin/runs")).json] == [True]
    assert final((await person.get(f"/api/twin/runs/{kept['id']}")).json) == 480


async def test_an_id_is_one_runs_own(app: Service) -> None:
    """Another document under the id of a kept run is told 409; the same one, sent again, gives the same answer."""
    person = await person_with(app, 500)
    body = {"horizon_months": 2, "save": True, "id": "1d3a2f52-6a0e-4e5b-9d60-0f7a39c6f0aa", "name": "Mine"}
    kept = await person.post("/api/twin/runs", body, idempotency_key="a")
    assert kept.status == 200
    again = await person.post("/api/twin/runs", body, idempotency_key="a")
    assert (again.status, again.headers["idempotent-replay"], again.content) == (200, "true", kept.content)
    for other in ({"horizon_months": 3}, {"save": False}):
        answer = await person.post("/api/twin/runs", body | other)
        assert (answer.status, answer.code) == (409, "run_exists")
    assert [one["document"]["horizon_months"] for one in (await person.get("/api/twin/runs")).json] == [2]


async def test_compared_runs(app: Service) -> None:
    """What was asked differently comes first; the table tells the differences to the first run."""
    person = await person_with(app, 1000)
    ids = []
    for amount in (100, 250):
        body = {"horizon_months": 3, "steps": [{"type": "withdraw", "amount": amount}], "save": True}
        ids.append((await person.post("/api/twin/runs", body)).json["id"])
    compared = (await person.get(f"/api/twin/compare?runs={','.join(ids)}")).json
    assert compared["changed_inputs"] == [{"field": "steps[0].amount", "values": ["100", "250"]}]
    assert [one["difference"] for one in compared["differences"]] == [0, -150]
    assert [one["id"] for one in compared["runs"]] == ids
    assert (await person.ask("DELETE", f"/api/twin/runs/{ids[0]}")).status == 200
    assert (await person.get(f"/api/twin/runs/{ids[0]}")).status == 404


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"horizon_months": 0}, "horizon"),
        ({"horizon_months": 601}, "horizon"),
        ({"horizon_months": 600, "uncertainty": {"paths": 20_001}}, "too_many_paths"),
        ({"horizon_months": 1, "steps": [{"type": "deposit", "amount": 1}] * 1001}, "too_many_steps"),
        ({"horizon_months": 1, "steps": [{"type": "withdraw", "amount": 0}]}, "amount_not_positive"),
        ({"horizon_months": 1, "steps": [{"type": "withdraw", "amount": 0.001}]}, "amount_precision"),
        ({"horizon_months": 1, "steps": [{"type": "withdraw", "amount": 1, "on": "2020-01-01"}]}, "in_the_past"),
        ({"horizon_months": 1, "fork_at": "2020-01-01T00:00:00"}, "fork_at"),
        ({"horizon_months": 1, "fork_at": "2999-01-01T00:00:00Z"}, "fork_at"),
        ({"horizon_months": 1, "fork_at": 0}, "no_account"),
        ({"horizon_months": 1, "name": ""}, "text"),
        ({"horizon_months": 1, "steps": [{"type": "goal", "amount": 5}]}, "goal_date"),
        ({"horizon_months": 1, "steps": [{"type": "payoff", "debts": [], "monthly": 5}]}, "debts"),
    ],
)
async def test_absurd_documents_are_refused(ada: Person, document: Any, code: str) -> None:
    """Each with 422, its code and the field at fault."""
    answer = await ada.post("/api/twin/runs", document)
    assert (answer.status, answer.code) == (422, code), answer.text
    assert answer.json["errors"][0]["field"]


async def test_somebody_elses_account_looks_missing(app: Service, ada: Person) -> None:
    """In steps and in the selection, as on every route."""
    other = await app.person()
    for body in (
        {"horizon_months": 1, "accounts": [other.id]},
        {"horizon_months": 1, "steps": [{"type": "withdraw", "amount": 1, "account_id": other.id}]},
    ):
        answer = await ada.post("/api/twin/runs", body)
        assert (answer.status, answer.code) == (404, "unknown_account")


LONG = {
    "horizon_months": 600,
    "steps": [{"type": "withdraw", "amount": 1, "every": MONTHLY}],
    "uncertainty": {"paths": 20000, "returns": {"type": "log_normal", "rate_percent": 5, "sd_percent": 10}},
}


async def test_a_heavy_run_can_be_followed_and_cancelled(app: Service) -> None:
    """It answers at once with an id, tells how far it is, and stops when it is told to; other routes answer meanwhile."""
    person = await person_with(app, 100_000)
    begun = await person.post("/api/twin/runs", LONG | {"wait": False})
    assert begun.status == 202
    address = begun.headers["location"]
    assert (await person.get(address)).status == 202
    seen = (await begun_to_tell(person, address)).json
    assert (await person.get("/api/auth/me")).status == 200
    assert seen["of"] == 600 * (2 + 1 + 5)
    other = await app.person()
    assert (await other.get(f"{address}/progress")).status == 404
    assert (await other.ask("DELETE", f"{address}/progress")).status == 404
    assert (await person.ask("DELETE", f"{address}/progress")).status == 200
    told = (await person.get(f"{address}/progress")).text
    assert "ended" in told or '"code"' in told
    last = await ended(person, address)
    assert (last.status, last.code) == (409, "run_cancelled")


async def test_cancelling_stops_the_work_itself(app: Service) -> None:
    """A run of nothing but levers, minutes long: after the cancel its worker is free for the next question at once."""
    person = await person_with(app, 100_000)
    values = [str(number) for number in range(1, 10)]
    grid = {"x": "rate", "y": "income", "x_values": values, "y_values": values}
    document = {"horizon_months": 600, "steps": LONG["steps"], "sensitivity": {"grid": grid}, "wait": False}
    begun = [await person.post("/api/twin/runs", document) for _ in range(2)]
    for one in begun:
        await begun_to_tell(person, one.headers["location"])
        assert (await person.ask("DELETE", f"{one.headers['location']}/progress")).status == 200
    assert final(await run(await person_with(app, 5), 1)) == 5
    assert [(await ended(person, one.headers["location"])).code for one in begun] == ["run_cancelled"] * 2


async def test_a_user_has_two_runs_at_once(app: Service) -> None:
    """The third is told to come back, and somebody else is not touched by it."""
    person = await person_with(app, 100_000)
    first, second, third = [await person.post("/api/twin/runs", LONG | {"wait": False}) for _ in range(3)]
    assert (first.status, second.status) == (202, 202)
    assert (third.status, third.code) == (429, "too_many_runs")
    assert third.headers["retry-after"]
    for one in (first, second):
        assert (await person.ask("DELETE", f"{one.headers['location']}/progress")).status == 200
    assert final(await run(await person_with(app, 5), 1)) == 5


async def test_a_short_question_does_not_wait_behind_long_runs(app: Service) -> None:
    """While somebody's two long runs are under way, somebody else's are answered, quick ones and full ones."""
    busy, other = await person_with(app, 100_000), await person_with(app, 5)
    begun = [(await busy.post("/api/twin/runs", LONG | {"wait": False})).headers["location"] for _ in range(2)]
    await begun_to_tell(busy, begun[0])
    assert final(await run(other, 12)) == 5
    assert (await other.post("/api/simulate/", {"scenario": "deposit", "amount": 1})).json["virtual_balance"] == 6
    for address in begun:
        assert (await busy.get(address)).status == 202
        assert (await busy.ask("DELETE", f"{address}/progress")).status == 200
        assert (await ended(busy, address)).code == "run_cancelled"


async def test_the_same_seed_gives_the_same_bytes(app: Service) -> None:
    """Asked twice, whichever worker answers; another seed gives another answer."""
    person = await person_with(app, 100_000)
    returns = {"type": "log_normal", "rate_percent": 5, "sd_percent": 10}
    found = []
    for seed in (5, 5, 6):
        body = {"horizon_months": 24, "uncertainty": {"paths": 300, "seed": seed, "returns": returns}}
        body = await run(person, 24, uncertainty=body["uncertainty"])
        found.append(body["totals"][0]["uncertainty"])
    assert found[0] == found[1]
    assert found[0]["scenario"]["percentiles"] != found[2]["scenario"]["percentiles"]


async def test_the_twins_role_cannot_write(module_database: Database) -> None:
    """With the role's rights every way of writing the log fails, the append function included."""
    connection = await asyncpg.connect(module_database.role_urls["twin"])
    try:
        await connection.execute("SET default_transaction_read_only = off")
        arrays = ", ".join(["'{}'"] * 27)
        for statement in (
            "INSERT INTO log.event SELECT * FROM log.event",
            "SELECT work.sweep()",
            "DELETE FROM work.run",
            "UPDATE read.checkpoint SET position = 0",
            "INSERT INTO log.log_head VALUES (1, 0, '', now())",
            "UPDATE log.event SET payload = '{}'",
            "DELETE FROM log.stream_head",
            f"SELECT log.append(0, false, {arrays})",
            "SELECT * FROM vault.user_key",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_kept_run_is_held_against_reality(app: Service) -> None:
    """Spending 40 on the day of the run is 40 of error on that day, told in the run's currency."""
    person = await person_with(app, 1000)
    kept = (await person.post("/api/twin/runs", {"horizon_months": 2, "save": True})).json
    await person.move("withdrawal", 40)
    (held,) = (await person.get(f"/api/twin/runs/{kept['id']}/reality")).json
    assert (held["currency"], held["actual"], held["scenario"]) == ("EUR", [960], [1000])
    assert held["scenario_error"] == 40


async def test_a_worker_that_dies_is_replaced(app: Service) -> None:
    """A killed worker costs another try: the question is answered all the same."""
    person = await person_with(app, 5)
    await run(person, 1)
    for process in multiprocessing.active_children():
        if "SpawnProcess" in process.name:
            process.kill()
    assert final(await run(person, 1)) == 5


async def test_the_risk_of_past_months_goes_back_to_the_first_movement(app: Service) -> None:
    """One score for each month's end since then, at most as many as asked for; none for an account that nothing happened on."""
    ada = await app.person()
    savings = await ada.account()
    ends = month_ends(today(), 3)
    for day in ends:
        await ada.move("deposit", 1000, effective_at=f"{day}T10:00:00Z")
        await ada.move("withdrawal", 990, effective_at=f"{day}T11:00:00Z")
    path = f"/api/risk/history/{ada.id}"
    told = (await ada.get(path)).json
    assert [one["on"] for one in told][:3] == [str(day) for day in ends]
    assert (told[0]["alert_level"], told[0]["score"] > 60) == ("high", True), "what came in went straight out"
    assert (await ada.get(f"{path}?months=2")).json == told[-2:]
    assert (await ada.get(f"/api/risk/history/{savings}")).json == []
    assert [(await ada.get(f"{path}?months={months}")).status for months in (0, 61)] == [400, 400]
