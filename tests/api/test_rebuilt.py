"""After a rebuild of everything a user finds what was there before, and hears nothing twice."""

from fintwin.projections.catalogue import READ_MODELS
from fintwin.projector.rebuild import rebuild
from fintwin.projector.sources import sources_of
from fintwin.store.connect import open_pool
from tests.api.people import service
from tests.api.test_live import following, of
from tests.conftest import Database
from tests.projector.projecting_tools import projector


async def test_read_stays_read_deleted_stays_deleted_and_nothing_is_told_twice(database: Database) -> None:
    """Every read model is rebuilt while a stream is open: lists are the same, and the stream tells only what comes later."""
    async with service(database) as app, projector(database):
        ada = await app.person()
        for amount in (1, 2, 3):
            await ada.move("deposit", amount)
        newest, middle, _ = (await ada.get("/api/notifications/")).json
        assert (await ada.put(f"/api/notifications/read/{middle['id']}", None)).status == 200
        assert (await ada.ask("DELETE", f"/api/notifications/{newest['id']}")).status == 200
        before = [(await ada.get(path)).json for path in ("/api/notifications/", "/api/transactions/")]
        assert [one["is_read"] for one in before[0]] == [True, False]
        async with following(app, ada) as stream:
            await stream.batch()
            pool = await open_pool(database.role_urls["projector"], size_max=4)
            for model in READ_MODELS:
                assert (await rebuild(pool, model, sources_of(model))).differing_rows == 0
            await pool.close()
            assert [(await ada.get(path)).json for path in ("/api/notifications/", "/api/transactions/")] == before
            made = await ada.move("deposit", 4)
            told = await stream.until(made["position"])
        assert [one["amount"] for one in of(told, "transaction")] == [4]
        assert [one["message"] for one in of(told, "notification")] == ["€4.00 came in."]
        assert of(told, "reset") == []
