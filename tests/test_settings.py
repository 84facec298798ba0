import base64
from pathlib import Path

import pytest

from fintwin.settings import (
    VARIABLES,
    SettingsError,
    load,
    part_database_url,
    role_passwords,
    sql_folder,
    start_options,
)

KEY = base64.b64encode(bytes(range(32))).decode()
RANDOM = "kX2v9QpL7sTn4WzR8yBc3MhF6jGd1AeU"
GOOD = {
    "DATABASE_URL": "postgresql://fintwin_api@db/fintwin",
    "FINTWIN_JWT_SECRET": RANDOM,
    "FINTWIN_MASTER_KEY": KEY,
}
PAGE = Path(__file__).parent.parent / "docs" / "settings.md"

REFUSALS = [
    (
        {"FINTWIN_JWT_SECRET": ""},
        "FINTWIN_JWT_SECRET is not set: it signs the tokens, give it at least 32 random bytes.",
    ),
    ({"FINTWIN_JWT_SECRET": "short"}, "FINTWIN_JWT_SECRET is too short: it needs at least 32 random bytes."),
    (
        {"FINTWIN_JWT_SECRET": "change-me-please-kX2v9QpL7sTn4WzR8yBc3MhF6"},
        "FINTWIN_JWT_SECRET is a placeholder",
    ),
    ({"FINTWIN_JWT_SECRET": "a" * 64}, "FINTWIN_JWT_SECRET is a placeholder"),
    ({"FINTWIN_JWT_SECRET": "", "JWT_SECRET": "short"}, "JWT_SECRET is too short"),
    ({"FINTWIN_JWT_SECRET_PREVIOUS": "short"}, "FINTWIN_JWT_SECRET_PREVIOUS is too short"),
    ({"FINTWIN_MASTER_KEY": ""}, "FINTWIN_MASTER_KEY is not set"),
    ({"FINTWIN_MASTER_KEY": "not base64!"}, "FINTWIN_MASTER_KEY is not 32 bytes in base64."),
    (
        {"FINTWIN_MASTER_KEY": base64.b64encode(bytes(16)).decode()},
        "FINTWIN_MASTER_KEY is not 32 bytes in base64.",
    ),
    ({"FINTWIN_MASTER_KEY": base64.b64encode(bytes(32)).decode()}, "FINTWIN_MASTER_KEY is a placeholder"),
    (
        {"FINTWIN_SERVICE_TOKEN": "your-token-here-kX2v9QpL7sTn4WzR8yBc3MhF6"},
        "FINTWIN_SERVICE_TOKEN is a placeholder",
    ),
    ({"PORT": "eighty"}, "PORT is 'eighty': it must be a number from 1 to 65535."),
    ({"PORT": "65536"}, "PORT is '65536'"),
    ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
    ({"FINTWIN_STREAM_ENTRIES_MAX": "many"}, "FINTWIN_STREAM_ENTRIES_MAX is 'many': it must be a number from 1000 on."),
    ({"FINTWIN_STREAM_ENTRIES_MAX": "999"}, "FINTWIN_STREAM_ENTRIES_MAX is '999'"),
    (
        {"FINTWIN_ALLOWED_HOSTS": "https://example.org"},
        "FINTWIN_ALLOWED_HOSTS holds 'https://example.org': give names without",
    ),
    ({"FINTWIN_TRUSTED_PROXIES": "gateway"}, "FINTWIN_TRUSTED_PROXIES is no list of addresses or networks"),
    ({"FINTWIN_LIMITS": "on"}, "FINTWIN_LIMITS holds 'on': give off, or words like user=20/100"),
    ({"FINTWIN_LIMITS": "user=20"}, "FINTWIN_LIMITS holds 'user=20'"),
    ({"FINTWIN_LIMITS": "user=0/100"}, "FINTWIN_LIMITS holds 'user=0/100'"),
    ({"FINTWIN_LIMITS": "user=nan/100"}, "FINTWIN_LIMITS holds 'user=nan/100'"),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSALS)
def test_a_wrong_environment_is_refused_in_one_sentence(change: dict[str, str], sentence: str) -> None:
    """Each thing that is missing or wrong is named, in one line."""
    with pytest.raises(SettingsError) as refused:
        load(GOOD | change)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_the_usual_name_of_the_secret_is_read() -> None:
    """`JWT_SECRET` stands in for `FINTWIN_JWT_SECRET`, which wins where both are set."""
    usual = {name: value for name, value in GOOD.items() if name != "FINTWIN_JWT_SECRET"} | {"JWT_SECRET": RANDOM[::-1]}
    assert load(usual).jwt_secret == RANDOM[::-1].encode()
    assert load(GOOD | usual).jwt_secret == RANDOM.encode()


def test_secrets_stay_out_of_the_repr() -> None:
    """A settings value in a log shows no secret and no password of a database."""
    shown = repr(load(GOOD | {"FINTWIN_SERVICE_TOKEN": RANDOM[::-1], "REDIS_URL": "redis://:pw@cache/0"}))
    for part in (RANDOM, RANDOM[::-1], "postgresql", "pw@cache", str(bytes(range(32)))):
        assert part not in shown


@pytest.mark.parametrize(
    ("change", "demo"),
    [
        ({"FINTWIN_EMBEDDED": "1"}, True),
        ({"FINTWIN_EMBEDDED": "1", "FINTWIN_HOST": "::1"}, True),
        ({}, False),
        ({"FINTWIN_EMBEDDED": "1", "GOOGLE_CLIENT_ID": "client"}, False),
        ({"FINTWIN_EMBEDDED": "1", "FINTWIN_HOST": "0.0.0.0"}, False),
    ],
)
def test_the_demo_is_embedded_without_google_on_loopback(change: dict[str, str], demo: bool) -> None:
    """One of the three conditions missing is enough to close the demo."""
    assert load(GOOD | change).demo is demo


def test_embedded_servers_listen_on_loopback_only() -> None:
    """`FINTWIN_HOST=0.0.0.0` without a database of one's own is refused."""
    with pytest.raises(SettingsError, match="loopback only"):
        start_options({"FINTWIN_HOST": "0.0.0.0"})
    assert start_options({"FINTWIN_HOST": "0.0.0.0", "DATABASE_URL": "postgresql://db/fintwin"}).embedded is False


def test_a_role_without_an_address_names_its_variable() -> None:
    """A part that connects as a role whose address is missing says which variable that is."""
    settings = load(GOOD)
    assert settings.database_url("api") == GOOD["DATABASE_URL"]
    with pytest.raises(SettingsError, match="FINTWIN_TWIN_DATABASE_URL"):
        settings.database_url("twin")


def test_a_part_with_one_role_needs_that_address_alone() -> None:
    """Projector and publisher hold no secret of the service."""
    assert (
        part_database_url({"FINTWIN_PROJECTOR_DATABASE_URL": "postgresql://db/x"}, "projector") == "postgresql://db/x"
    )
    with pytest.raises(SettingsError, match="FINTWIN_PUBLISHER_DATABASE_URL"):
        part_database_url({"DATABASE_URL": "postgresql://db/x"}, "publisher")


def test_role_passwords_come_from_their_variables() -> None:
    """Only the roles that were given a password are listed."""
    assert role_passwords({"FINTWIN_API_PASSWORD": "one", "FINTWIN_TWIN_PASSWORD": ""}) == {"fintwin_api": "one"}


def test_the_migrations_are_found_in_a_checkout() -> None:
    """Without a wheel the SQL lies beside `src`."""
    assert (sql_folder("migrations") / "roles.sql").is_file()


def test_the_page_lists_every_variable() -> None:
    """`docs/settings.md` has exactly the rows of `VARIABLES`."""
    rows = [f"| `{each.name}` | {f'`{each.default}`' if each.default else ''} | {each.meaning} |" for each in VARIABLES]
    found = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert found == rows, (
        "docs/settings.md differs from fintwin.settings.VARIABLES; its table should be:\n" + "\n".join(rows)
    )
