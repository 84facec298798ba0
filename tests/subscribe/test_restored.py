import asyncio

import pytest

from fintwin.embedded import EmbeddedServers
from fintwin.store.migrate import migrate
from fintwin.subscribe import Subscription
from tests.audit.books import lived_in
from tests.audit.test_dump import dumped
from tests.conftest import Database, reachable_folder
from tests.publisher.publishing_tools import expected_events, own_redis, problems, publisher
from tests.subscribe.listening import Listener, from_log
from tests.support.ledgers import booked, open_ledger


@pytest.mark.slow
async def test_subscriptions_resume_on_a_restored_dump(database: Database) -> None:
    """A dump in a new cluster with an empty Redis: a subscriber goes on after its position, through what was and what comes."""
    listener = Listener()
    url = own_redis(database.redis_url)
    async with lived_in(database, projected=False) as people, publisher(database, url) as running:
        await running.caught_up()
        subscription = Subscription(url, after=listener.stored, refill=from_log(database), group="mailer")
        await listener.listen(subscription, 60)
    dump = dumped(database, database.superuser_url)
    with reachable_folder() as folder, EmbeddedServers(folder / "data") as other:
        await migrate(other.superuser_url, other.role_passwords)  # the roles belong to the cluster
        other.postgres.run_sql("CREATE DATABASE restored", database="postgres")
        await asyncio.to_thread(other.postgres.run_sql, dump, database="restored")
        roles = ", ".join(other.role_passwords)
        other.postgres.run_sql(f"GRANT CONNECT ON DATABASE restored TO {roles}", database="restored")
        urls = other.role_urls_for("restored")
        restored = Database("restored", other.superuser_url_for("restored"), urls, other.redis_url, other)
        async with publisher(restored, restored.redis_url) as running:
            assert await running.caught_up() == 110
            async with open_ledger(restored) as bank:
                booked(await bank.deposit(people[0], 100))
            await running.caught_up()
            subscription = Subscription(
                restored.redis_url, after=listener.stored, refill=from_log(restored), group="mailer"
            )
            await listener.listen(subscription, 111)
        assert problems(listener.received, await expected_events(restored)) == []
