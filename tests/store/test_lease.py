"""Leases and listeners by themselves; what their users do with them is tested with projector, publisher and webhooks."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from fintwin.store import lease
from fintwin.store.connect import LOST, open_pool
from fintwin.store.delivering import LEASE
from fintwin.store.lease import Leader, SupersededError
from fintwin.store.listening import Listener, pause
from tests.conftest import Database

PATIENCE_S = 15.0


async def test_taking_keeping_and_giving_back(database: Database) -> None:
    """Nobody takes what another holds; each taking over raises the epoch, and the old one renews nothing."""
    async with await open_pool(database.role_urls["publisher"]) as pool:
        assert await LEASE.take(pool, "first", 60) == 1
        assert await LEASE.take(pool, "second", 60) is None
        assert await LEASE.renew(pool, 1, 60)
        assert await LEASE.renew(pool, 1, 0)
        assert await LEASE.take(pool, "second", 60) == 2
        assert not await LEASE.renew(pool, 1, 60)
        assert await pool.fetchrow("SELECT epoch, holder FROM webhook.lease") == (2, "second")


async def test_work_is_cut_off_where_the_lease_is_lost(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works only while leading hears of the loss in the middle of it, and begins again once the lease is free."""
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.3)
    begun: list[int] = []
    cut: list[int] = []
    stop = asyncio.Event()
    async with await open_pool(database.role_urls["publisher"]) as pool:
        leader = Leader(pool, LEASE, holder="test", channels=["fintwin_webhook"])

        async def for_ever() -> None:
            begun.append(leader.epoch)
            if len(begun) == 1:
                await pool.execute("UPDATE webhook.lease SET epoch = epoch + 1")
            else:
                stop.set()
            await asyncio.Event().wait()

        async def work() -> None:
            assert leader.leads
            try:
                await leader.while_leading(for_ever())
            except SupersededError:
                cut.append(leader.epoch)
                raise

        async with asyncio.timeout(PATIENCE_S):
            await leader.run(stop, work)
        assert (begun, cut) == ([1, 3], [1])
        assert not leader.leads
        assert await LEASE.take(pool, "another", 60) == 4


async def test_a_listener_hears_again_after_its_connection_broke(database: Database) -> None:
    """What is told before and after; whoever stops gives the connection back."""
    async with await open_pool(database.role_urls["publisher"], size_max=2) as pool:
        listener = Listener(pool, "fintwin_log")
        other = await asyncpg.connect(database.superuser_url)

        async def hears() -> None:
            listener.news.clear()
            await other.execute("SELECT pg_notify('fintwin_log', '')")
            await pause(PATIENCE_S, listener.news)
            assert listener.news.is_set()

        await listener.keep()
        await hears()
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        async with asyncio.timeout(PATIENCE_S):
            broken = listener._connection
            while listener._connection in {None, broken}:
                with suppress(*LOST):
                    await listener.keep()
                await asyncio.sleep(0.01)
        await hears()
        await listener.stop()
        await other.close()
        assert pool.get_idle_size() == pool.get_size()
