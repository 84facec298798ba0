"""The database goes away and comes back; the service stays."""

import asyncio

from tests.api.people import service
from tests.conftest import Database


async def test_without_its_database_the_service_says_so_and_comes_back_by_itself(database: Database) -> None:
    """503 for reading, writing and readiness, alive all the same; afterwards everything works without a restart."""
    postgres = database.servers.postgres
    async with service(database) as app:
        ada = await app.person(deposit=10)
        postgres.stop()  # from this thread: the server ends with the one that started it
        try:
            for method, path, body in (
                ("GET", "/api/transactions/", None),
                ("GET", "/api/auth/me", None),
                ("PUT", "/api/auth/profile", {"account_name": "x"}),
                ("POST", "/api/transactions/", {"type": "deposit", "amount": 1, "note": "lost?"}),
                ("POST", "/api/transactions/", {"type": "deposit", "amount": 1}),
                ("POST", "/api/auth/logout", None),
            ):
                answer = await ada.ask(method, path, body)
                expected = 400 if method == "PUT" else 503
                assert answer.status == expected, (path, answer.text)
                assert expected == 400 or answer.headers["retry-after"] == "1"
            assert (await app.client.get("/health/ready")).status_code == 503
            assert (await app.client.get("/health/live")).status_code == 200
        finally:
            postgres.start()
        async with asyncio.timeout(15):
            while (await app.client.get("/health/ready")).status_code != 200:  # noqa: ASYNC110  a real server
                await asyncio.sleep(0.05)
        before = await ada.balance()
        assert before in {10, 11, 12}
        await ada.move("deposit", 5)
        assert await ada.balance() == before + 5
        bob = await app.person()
        await bob.post("/api/auth/logout")
        assert (await bob.get("/api/auth/me")).status == 401
