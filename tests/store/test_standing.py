"""Nobody who is above row level security may serve: the start says so, in one sentence."""

import os
import subprocess
import sys

import pytest

from fintwin.bootstrap import open_services
from fintwin.settings import SettingsError
from fintwin.store.connect import open_connection
from fintwin.store.standing import refuse_mighty
from tests.api.people import JWT_SECRET, MASTER_KEY, settings
from tests.conftest import Database

ROLES = ("api", "twin", "projector", "publisher", "identity")


async def test_our_roles_are_let_through(module_database: Database) -> None:
    """None of them is above the policies."""
    for role in ROLES:
        connection = await open_connection(module_database.role_urls[role])
        await refuse_mighty(connection, role)
        await connection.close()


@pytest.mark.parametrize("role", ["api", "projector"])
@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("CREATE ROLE mighty LOGIN SUPERUSER", "is a superuser"),
        ("CREATE ROLE mighty LOGIN BYPASSRLS", "bypasses row level security"),
        ("CREATE ROLE mighty LOGIN IN ROLE fintwin_owner", "owns the tables"),
    ],
)
async def test_mighty_roles_are_refused(module_database: Database, role: str, made: str, told: str) -> None:
    """Superuser, BYPASSRLS, the owner and whoever may become the owner."""
    module_database.run_sql(f"{made} PASSWORD 'pw'")
    try:
        user = module_database.role_urls[role].split("//")[1].split("@")[0]
        connection = await open_connection(module_database.role_urls[role].replace(user, "mighty:pw"))
        variable = "DATABASE_URL" if role == "api" else f"FINTWIN_{role.upper()}_DATABASE_URL"
        with pytest.raises(
            SettingsError, match=f"^{variable} connects as mighty, which {told}: connect as the role fintwin_"
        ):
            await refuse_mighty(connection, role)
        await connection.close()
    finally:
        module_database.run_sql("DROP ROLE mighty")


@pytest.mark.parametrize("role", ["DATABASE_URL", "FINTWIN_IDENTITY_DATABASE_URL", "FINTWIN_TWIN_DATABASE_URL"])
async def test_the_service_does_not_start_as_a_superuser(module_database: Database, role: str) -> None:
    """Whichever of its connections it is."""
    with pytest.raises(SettingsError, match=f"^{role} connects as .*, which is a superuser"):
        async with open_services(settings(module_database, **{role: module_database.superuser_url})):
            pass


def test_the_command_says_one_sentence(module_database: Database) -> None:
    """Exit code 2, no traceback, nothing served."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("FINTWIN", "DATABASE"))} | {
        "DATABASE_URL": module_database.superuser_url,
        "FINTWIN_JWT_SECRET": JWT_SECRET,
        "FINTWIN_MASTER_KEY": MASTER_KEY,
        **{f"FINTWIN_{each.upper()}_DATABASE_URL": module_database.superuser_url for each in ROLES if each != "api"},
    }
    done = subprocess.run(
        [sys.executable, "-m", "fintwin", "projector"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    (sentence,) = done.stderr.strip().splitlines()
    assert "which is a superuser: connect as the role fintwin_" in sentence
