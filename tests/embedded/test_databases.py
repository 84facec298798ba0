import asyncpg
import pytest

from fintwin.embedded import EmbeddedServers
from fintwin.embedded.secrets_file import LOGIN_ROLES
from fintwin.settings import ROLES
from tests.conftest import Database, fresh_database


@pytest.mark.parametrize("role", LOGIN_ROLES)
async def test_every_role_connects_to_a_copy_of_the_migrated_database(database: Database, role: str) -> None:
    """Each login role gets in with its own password and is nobody else."""
    connection = await asyncpg.connect(database.role_urls[role])
    try:
        assert await connection.fetchval("SELECT current_user") == f"fintwin_{role}"
        assert await connection.fetchval("SELECT current_database()") == database.name
        assert await connection.fetchval("SELECT count(*) FROM meta.migration") > 0
        assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    finally:
        await connection.close()


def test_what_one_test_writes_no_other_sees(servers: EmbeddedServers) -> None:
    """Two databases at once are two worlds."""
    with fresh_database(servers) as one, fresh_database(servers) as other:
        one.run_sql("CREATE TABLE only_here (n int)")
        assert other.run_sql("SELECT to_regclass('only_here') IS NULL").strip() == "t"
        assert one.run_sql("SELECT to_regclass('only_here') IS NULL").strip() == "f"


def test_the_settings_know_the_same_roles() -> None:
    """Each role with a password of its own has an address in the settings."""
    assert set(LOGIN_ROLES) == set(ROLES)
