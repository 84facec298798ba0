import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.api.people import Service, service
from tests.conftest import Database
from tests.projector.projecting_tools import projector
from tests.publisher.publishing_tools import own_redis, publisher

DOCKER = Path(__file__).parents[2] / "docker"
NAME = re.compile(r"\b(?:fintwin|process)_[a-z_]+\b")
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_info")
OURS_FROM_ELSEWHERE = {"up"}


def samples(text: str) -> dict[str, list[str]]:
    """Sample name to its label names, of a scrape."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"([a-z_]+)(?:\{(.*)\})? \S+$", line)
        if match:
            found[match[1]] = re.findall(r'(\w+)="', match[2] or "")
    return found


async def scraped(app: Service) -> str:
    answer = await app.client.get("/metrics")
    assert answer.status_code == 200
    return answer.text


def value(text: str, sample: str) -> float:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{sample} ")]
    return float(line.rpartition(" ")[2])


async def test_the_metrics_tell_who_is_refused_and_why(database: Database) -> None:
    """By route and by the stable code of the problem, never by person."""
    async with service(database) as app:
        ada = await app.person(deposit=5)
        for _ in range(2):
            assert (await ada.post("/api/transactions/", {"type": "withdrawal", "amount": 6})).status == 422
        await app.client.get("/api/transactions/")
        await ada.get("/api/there-is-nothing/at-all")
        text = await scraped(app)
    post = 'fintwin_refusals_total{{code="{}",route="{}",status="{}"}}'
    assert value(text, post.format("insufficient_funds", "/api/transactions", 422)) == 2
    assert value(text, post.format("unauthenticated", "/api/transactions", 401)) == 1
    assert value(text, post.format("not_found", "none", 404)) == 1
    assert ada.id not in text
    assert "there-is-nothing" not in text


async def test_the_metrics_tell_how_far_behind_and_how_healthy(database: Database) -> None:
    """The end of the log, the lag of each read model, and whether the database answers."""
    async with service(database) as app:
        async with projector(database) as running:
            ada = await app.person(deposit=5)
            await running.caught_up()
        await ada.move("deposit", 5)
        text = await scraped(app)
    assert value(text, "fintwin_database_up") == 1
    assert value(text, 'fintwin_read_model_lag{model="balances"}') == 1
    assert value(text, "fintwin_log_position") == (await last_position(database))


async def last_position(database: Database) -> int:
    return int(database.run_sql("SELECT position FROM log.log_head").split()[-1])


def expressions(found: Any) -> list[str]:
    """Every query in a dashboard or a file of rules."""
    if isinstance(found, dict):
        return [
            *(text for key, text in found.items() if key == "expr"),
            *(one for inner in found.values() for one in expressions(inner)),
        ]
    return [one for inner in found for one in expressions(inner)] if isinstance(found, list) else []


def shown() -> dict[str, list[str]]:
    """The queries of the dashboard and of the alert rules."""
    dashboard = msgspec.json.decode((DOCKER / "grafana-dashboard.json").read_bytes())
    rules = yaml.safe_load((DOCKER / "alerts.yaml").read_text("utf-8"))
    return {"dashboard": expressions(dashboard), "alerts": expressions(rules)}


async def test_dashboard_and_alerts_ask_for_what_is_there(database: Database) -> None:
    """Each metric and each label that a query names is in a scrape of the running service."""
    async with service(database) as app:
        async with projector(database) as running, publisher(database, own_redis(database.redis_url)) as publishing:
            ada = await app.person(deposit=5)
            await running.caught_up()
            await publishing.caught_up()
        await ada.get("/api/nothing")
        there = samples(await scraped(app))
    asked = shown()
    for place, queries in asked.items():
        assert len(queries) >= 8, place
        for query in queries:
            names = set(NAME.findall(query))
            assert names or OURS_FROM_ELSEWHERE & set(re.findall(r"\w+", query)), query
            assert names <= set(there), f"{place}: {query} asks for {sorted(names - set(there))}"
            labels = {label for name in names for label in there[name]} | {"job", "instance", "le"}
            used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", query))
            used |= {one.strip() for group in re.findall(r"by \(([^)]*)\)", query) for one in group.split(",")}
            assert used <= labels, f"{place}: {query} uses {sorted(used - labels)}"


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    """A name, a time to wait, a severity, a summary, and a place in the operator's handbook that exists."""
    rules = yaml.safe_load((DOCKER / "alerts.yaml").read_text("utf-8"))
    handbook = (DOCKER.parent / "docs" / "operations.md").read_text("utf-8")
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) >= 8
    for rule in alerts:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert f"`{rule['alert']}`" in handbook, f"docs/operations.md says nothing about {rule['alert']}"


def panels() -> list[Any]:
    found: list[Any] = msgspec.json.decode((DOCKER / "grafana-dashboard.json").read_bytes())["panels"]
    return found


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_every_panel_has_a_query_and_a_unit(panel: dict[str, Any]) -> None:
    """A graph without a unit is a riddle."""
    assert panel["targets"]
    assert all(target["expr"] and target["refId"] for target in panel["targets"])
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["description"]
