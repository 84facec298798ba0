"""Several processes of the service over one database: whichever is asked knows of a run."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from fintwin.store import runs
from tests.api.people import Person, Service, service
from tests.api.twin_runs import begun_to_tell, ended
from tests.conftest import Database

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]

SHORT = {"horizon_months": 12, "steps": [{"type": "withdraw", "amount": 5}], "wait": False}
LONG = {
    "horizon_months": 600,
    "steps": [{"type": "deposit", "amount": 1, "every": {"unit": "month"}}] * 100,
    "uncertainty": {"paths": 20000, "returns": {"type": "log_normal", "rate_percent": 5, "sd_percent": 10}},
    "wait": False,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other(module_database: Database) -> AsyncIterator[Service]:
    """A second process of the service."""
    async with service(module_database) as opened:
        yield opened


async def both(app: Service, other: Service) -> tuple[Person, Person]:
    """Somebody with 100, as they reach the one process and the other."""
    here = await app.person(deposit=100)
    return here, Person(other.client, here.token, here.id)


async def test_a_result_is_had_from_any_process(app: Service, other: Service) -> None:
    """Begun here, asked for there: the same bytes, from the log of neither."""
    here, there = await both(app, other)
    address = (await here.post("/api/twin/runs", SHORT)).headers["location"]
    found = await ended(there, address)
    assert found.status == 200, found.text
    assert found.json["totals"][0]["scenario"]["final"] == 95
    assert (await here.get(address)).content == found.content
    assert [event["type"] for event in (await here.get("/api/events")).json].count("SimulationSaved") == 0


async def test_a_run_is_followed_and_cancelled_from_any_process(
    app: Service, other: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is progress to be seen and a run to be stopped; somebody else sees no run at all."""
    here, there = await both(app, other)
    stranger = await other.person()
    address = (await here.post("/api/twin/runs", LONG)).headers["location"]
    await begun_to_tell(there, address)
    assert (await stranger.get(address)).status == 404
    assert (await stranger.ask("DELETE", f"{address}/progress")).status == 404
    found = asyncio.Event()
    find = other.services.board.find

    async def find_and_tell(*of: Any) -> Any:
        run = await find(*of)
        found.set()
        return run

    monkeypatch.setattr(other.services.board, "find", find_and_tell)
    following = asyncio.create_task(there.get(f"{address}/progress"))
    await found.wait()  # a cancelled run can be over before anybody begins to follow it
    assert (await there.ask("DELETE", f"{address}/progress")).status == 200
    assert '"state":"ended"' in (await following).text
    assert [(await ended(one, address)).code for one in (here, there)] == ["run_cancelled"] * 2
    assert (await there.ask("DELETE", f"{address}/progress")).status == 404


async def test_two_runs_at_once_wherever_they_are(app: Service, other: Service) -> None:
    """One here and one there make two; the third is told to come back by both, and an id under way is taken in both."""
    here, there = await both(app, other)
    taken = str(uuid4())
    begun = [await here.post("/api/twin/runs", LONG | {"id": taken}), await there.post("/api/twin/runs", LONG)]
    assert [one.status for one in begun] == [202, 202]
    assert [(await one.post("/api/twin/runs", SHORT)).code for one in (here, there)] == ["too_many_runs"] * 2
    assert (await there.post("/api/twin/runs", SHORT | {"id": taken})).code == "run_exists"
    for one in begun:
        assert (await here.ask("DELETE", f"{one.headers['location']}/progress")).status == 200
        assert (await ended(here, one.headers["location"])).code == "run_cancelled"


async def test_a_run_whose_process_has_ended(app: Service, module_database: Database) -> None:
    """Nobody has spoken of it for a while: it is told as broken off, it takes no place, and its id can be used again."""
    person = await app.person(deposit=100)
    lost = [uuid4(), uuid4()]
    for each in lost:
        assert await runs.begin(app.services.pools["api"], UUID(person.id), each, most=2) == "begun"
    assert (await person.post("/api/twin/runs", SHORT)).code == "too_many_runs"
    module_database.run_sql("UPDATE work.run SET told_at = told_at - interval '1 minute'")
    assert (await person.get(f"/api/twin/runs/{lost[0]}")).code == "worker_died"
    assert (await person.get(f"/api/twin/runs/{lost[0]}/progress")).status == 404
    again = await person.post("/api/twin/runs", SHORT | {"id": str(lost[0])})
    assert (await ended(person, again.headers["location"])).status == 200


async def test_results_go_after_an_hour(app: Service, module_database: Database) -> None:
    """Everybody's old ones with the next run of anybody, and nobody's fresh one."""
    ada, eve = await app.person(deposit=100), await app.person(deposit=100)
    old, fresh = [(await one.post("/api/twin/runs", SHORT)).headers["location"] for one in (ada, eve)]
    for one, address in ((ada, old), (eve, fresh)):
        assert (await ended(one, address)).status == 200
    module_database.run_sql(f"UPDATE work.run SET told_at = told_at - interval '2 hours' WHERE user_id = '{ada.id}'")
    assert (await ended(eve, (await eve.post("/api/twin/runs", SHORT)).headers["location"])).status == 200
    assert (await ada.get(old)).status == 404
    assert (await eve.get(fresh)).status == 200
    assert module_database.run_sql(f"SELECT count(*) FROM work.run WHERE user_id = '{ada.id}'").strip() == "0"
