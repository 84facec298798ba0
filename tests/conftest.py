"""What every test may ask for: real servers once a session, and a database of its own in a tenth of a second.

    async def test_something(database: Database) -> None:
        connection = await asyncpg.connect(database.role_urls["api"])

The servers are the embedded ones, under the same supervisor that people get: nothing is faked, and running the tests as root
works because the servers drop to a service account. Every database is a copy of one that was migrated once.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from fintwin.embedded import EmbeddedServers

_numbers = count(1)

# Tests ask more than anybody may; those of the limits switch them on. Programs that tests start inherit it.
os.environ["FINTWIN_LIMITS"] = "off"


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database that nobody else uses, and who may connect to it how."""

    name: str
    superuser_url: str
    role_urls: dict[str, str]
    redis_url: str
    servers: EmbeddedServers

    def run_sql(self, sql: str) -> str:
        """Runs a script as superuser and returns what psql prints."""
        return self.servers.postgres.run_sql(sql, database=self.name)


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A temporary folder that a service account can walk to; pytest's own are closed to it when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="fintwin-tests-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def keeps_its_priority() -> Iterator[None]:
    """Commands that give way to others, run inside this process, would slow all later tests down."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "setpriority", lambda *_: None)
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """One Postgres and one Valkey for the whole session; the database `fintwin` is migrated and nobody's to write to."""
    from fintwin.store.migrate import migrate

    with reachable_folder() as folder, EmbeddedServers(folder / "data") as started:
        asyncio.run(migrate(started.superuser_url, started.role_passwords))
        yield started


@contextmanager
def fresh_database(servers: EmbeddedServers) -> Iterator[Database]:
    """Copies the migrated database, and drops the copy afterwards with whoever is still connected."""
    name = f"test_{next(_numbers)}"
    servers.postgres.run_sql(f"CREATE DATABASE {name} TEMPLATE fintwin", database="postgres")
    try:
        yield Database(name, servers.superuser_url_for(name), servers.role_urls_for(name), servers.redis_url, servers)
    finally:
        servers.postgres.run_sql(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")


@pytest.fixture
def database(servers: EmbeddedServers) -> Iterator[Database]:
    """A fresh database for one test."""
    with fresh_database(servers) as made:
        yield made


@pytest.fixture(scope="module")
def module_database(servers: EmbeddedServers) -> Iterator[Database]:
    """A fresh database that the tests of one module share."""
    with fresh_database(servers) as made:
        yield made
