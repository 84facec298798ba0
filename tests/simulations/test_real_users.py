"""The twin at the log's end is what the read models say, and it knows that from the log alone."""

import datetime as dt
from collections.abc import Sequence

import asyncpg
import pytest

from fintwin.domain.streams import Recorded
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import encode_rows
from fintwin.simulations.snapshots import Snapshots
from fintwin.store.connect import open_connection, open_pool
from tests.conftest import Database
from tests.projections.histories import history, put_into_log
from tests.projector.projecting_tools import projector, stored_rows, wait_until_caught_up
from tests.projector.test_histories import real_events
from tests.twin.berka import needs_berka

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
SAMPLE_EVENTS = 800
PATIENCE_SECONDS = 100


async def forks_are_read_models(database: Database, events: Sequence[Recorded]) -> int:
    """Compare every user's fork with the user's rows of every live table; how many users there were."""
    await put_into_log(database.superuser_url, list(events))
    async with projector(database) as running:
        await wait_until_caught_up(running.pool, patience_s=PATIENCE_SECONDS)
    pool = await open_pool(database.role_urls["projector"])
    try:
        live = {model.name: await stored_rows(pool, model) for model in READ_MODELS}
    finally:
        await pool.close()
    database.run_sql(
        "REVOKE ALL ON SCHEMA read FROM fintwin_twin, PUBLIC; REVOKE ALL ON ALL TABLES IN SCHEMA read FROM fintwin_twin, PUBLIC"
    )
    users = sorted({one.user_id for one in events})
    twin = await open_connection(database.role_urls["twin"])
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await twin.fetch("SELECT * FROM read.checkpoint")
        for user in users:
            fork, _ = await Snapshots().current(twin, user, NOW)
            for model in READ_MODELS:
                mine = {user: live[model.name].get(user, {})}
                assert encode_rows(model, fork.as_rows(model.name)) == encode_rows(model, mine), (user, model.name)
    finally:
        await twin.close()
    return len(users)


async def test_forks_of_made_users_are_their_live_rows(database: Database) -> None:
    """Transfers to others, late bookings, reversals, holdings, frozen and closed accounts: every table, byte for byte."""
    assert await forks_are_read_models(database, history(11, steps=150)) == 3


@needs_berka
async def test_forks_of_real_users_are_their_live_rows(database: Database) -> None:
    """Of the first 800 real events: every user, every table, byte for byte, with all rights on them withdrawn."""
    assert await forks_are_read_models(database, real_events()[0][:SAMPLE_EVENTS]) >= 10


@needs_berka
@pytest.mark.slow
async def test_forks_of_all_real_users_are_their_live_rows(database: Database) -> None:
    """The same for all of them."""
    assert await forks_are_read_models(database, real_events()[0]) > 1_000
