import pytest

from fintwin.projections.catalogue import READ_MODELS
from tests.api.people import Service
from tests.conftest import Database
from tests.projector.projecting_tools import projector

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_status_tells_every_part(app: Service, module_database: Database) -> None:
    """Without a projector it says so; with one every read model is there and comes to be ok; the metrics agree."""
    ada = await app.person(deposit=5)
    before = (await ada.get("/api/status")).json
    assert before["state"] == "stopped"
    assert {"name": "projector", "state": "stopped"}.items() <= before["parts"][-1].items()
    async with projector(module_database) as running:
        await running.caught_up()
        told = (await ada.get("/api/status")).json
        assert told["state"] == "ok"
        assert {part["name"] for part in told["parts"]} == {"database"} | {model.name for model in READ_MODELS}
        assert {part["lag"] for part in told["parts"]} == {0}
        metrics = (await app.client.get("/metrics")).text
        assert 'fintwin_read_model_lag{model="statements"} 0.0' in metrics
        assert 'fintwin_read_model_healthy{model="statements"} 1.0' in metrics
    await ada.move("deposit", 5)
    behind = (await ada.get("/api/status")).json
    assert {part["lag"] for part in behind["parts"] if part["name"] != "database"} == {1}


async def test_the_status_is_for_those_who_have_signed_in(app: Service) -> None:
    """401 for others."""
    assert (await app.client.get("/api/status")).status_code == 401
