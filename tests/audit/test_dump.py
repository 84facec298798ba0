import asyncio
import os
import subprocess
from collections.abc import Sequence
from uuid import UUID

import pytest

from fintwin.audit.verify import OneAfterTheOther, verify
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.embedded import EmbeddedServers
from fintwin.store import read
from fintwin.store.auditing import auditing
from fintwin.store.connect import open_pool
from fintwin.store.keys import Vault
from fintwin.store.migrate import migrate
from tests.audit.books import MODELS, lived_in
from tests.conftest import Database, reachable_folder
from tests.support.ledgers import MASTER_KEY


def dumped(database: Database, role_url: str, *options: str) -> str:
    """What pg_dump writes."""
    program = database.servers.postgres._binaries.postgres_folder / "pg_dump"
    done = subprocess.run(
        [program, *options, role_url], capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def names(urls: dict[str, str], people: Sequence[UUID]) -> list[str | None]:
    """The people's names, opened with the keys that the database has."""
    vault = Vault(MASTER_KEY)
    found = []
    async with await open_pool(urls["api"], size_max=1) as pool:
        for person in people:
            head = await read.one_head(pool, person, StreamKey(StreamKind.PROFILE, person))
            assert head is not None
            key = await vault.key(pool, person)
            found.append(key.open(head.state.full_name, head.stream, "full_name"))
    return found


async def test_a_dump_in_a_new_cluster_is_the_same_log(database: Database) -> None:
    """The backup role's dump has no keys: chains and read models verify, no name can be read; with the keys all can."""
    async with lived_in(database) as people:
        pass
    dump = dumped(database, database.role_urls["backup"], "--exclude-schema=vault")
    keys = dumped(database, database.superuser_url, "--schema=vault")
    assert str(people[0]) in dump
    assert "user_key" not in dump
    with reachable_folder() as folder, EmbeddedServers(folder / "data") as other:
        await migrate(other.superuser_url, other.role_passwords)  # the roles belong to the cluster
        other.postgres.run_sql("CREATE DATABASE restored", database="postgres")
        await asyncio.to_thread(other.postgres.run_sql, dump, database="restored")
        other.postgres.run_sql(
            "GRANT CONNECT ON DATABASE restored TO fintwin_api, fintwin_auditor", database="restored"
        )
        urls = other.role_urls_for("restored")
        async with auditing(urls["auditor"]) as connection:
            report = await verify(connection, OneAfterTheOther(connection), models=MODELS)
        assert report.faults == ()
        assert report.rows > report.events == 110
        with pytest.raises(Exception, match="vault"):
            await names(urls, people)
        await asyncio.to_thread(other.postgres.run_sql, keys, database="restored")
        assert await names(urls, people) == ["Ada"] * 3
