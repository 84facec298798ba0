"""No Docker engine is here; what can be held against each other without one is: containers, settings, commands, files."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fintwin.cli.main import COMMANDS
from fintwin.settings import ROLES, VARIABLES, SettingsError, load, role_passwords

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
NAMES = {variable.name for variable in VARIABLES} | {"JWT_SECRET"}
# What compose.yaml itself reads beside the settings of the service.
OF_COMPOSE = {
    "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "REDIS_PASSWORD", "GATEWAY_ADDRESS", "GATEWAY_PORT", "API_REPLICAS",
    "FINTWIN_VERSION", "HTTP_PORT", "HTTPS_PORT",
}  # fmt: skip


class Loader(yaml.SafeLoader):
    """Knows compose's own tag."""


Loader.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))


def interpolated(text: str, environ: dict[str, str]) -> str:
    """What compose makes of `${NAME}`, `:-`, `:+` and `:?`, nested ones included; `$$` is a dollar."""
    out, at = "", 0
    while at < len(text):
        if text.startswith("$$", at):
            out, at = out + "$", at + 2
        elif text.startswith("${", at):
            depth, end = 1, at + 2
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            out, at = out + _value(text[at + 2 : end - 1], environ), end
        else:
            out, at = out + text[at], at + 1
    return out


def _value(inner: str, environ: dict[str, str]) -> str:
    match = re.match(r"(\w+)(?:(:[-+?])(.*))?$", inner, re.DOTALL)
    assert match, f"not understood: {inner}"
    name, how, rest = match.groups()
    there = environ.get(name, "")
    if how == ":-":
        return there or interpolated(rest, environ)
    if how == ":+":
        return interpolated(rest, environ) if there else ""
    if how == ":?" and not there:
        raise KeyError(name)
    return there


def everything(found: Any, environ: dict[str, str]) -> Any:
    if isinstance(found, str):
        return interpolated(found, environ)
    if isinstance(found, list):
        return [everything(one, environ) for one in found]
    if isinstance(found, dict):
        return {key: everything(one, environ) for key, one in found.items()}
    return found


def raw() -> dict[str, Any]:
    made: dict[str, Any] = yaml.load((DOCKER / "compose.yaml").read_text("utf-8"), Loader)  # noqa: S506  a SafeLoader
    return made


def env_of(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables that fill-env.sh makes."""
    folder = tmp_path_factory.mktemp("docker")
    for name in (".env.example", "fill-env.sh"):
        shutil.copy(DOCKER / name, folder)
    subprocess.run(["sh", folder / "fill-env.sh"], check=True, capture_output=True)
    again = subprocess.run(["sh", folder / "fill-env.sh"], check=False, capture_output=True)
    assert again.returncode == 1
    assert (folder / ".env").stat().st_mode & 0o077 == 0
    return env_of((folder / ".env").read_text())


@pytest.fixture(scope="module")
def services(filled: dict[str, str]) -> dict[str, Any]:
    """The services of compose.yaml as they would be started."""
    made: dict[str, Any] = everything(raw(), filled)["services"]
    return made


def parts(services: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in services.items() if one.get("build", {}).get("target") == "service"}


def test_compose_file_and_dockerfile_pass_their_linters() -> None:
    """The schema of the compose specification, and hadolint."""
    scripts = Path(sys.executable).parent
    schema = [scripts / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DOCKER / "compose.yaml"]
    for command in (schema, [scripts / "hadolint", DOCKER / "Dockerfile"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_is_a_command_and_every_variable_a_setting(services: dict[str, Any]) -> None:
    """No container is started with a command or a variable that the code does not know."""
    found = parts(services)
    assert {"migrate", "api", "projector", "publisher"} <= set(found)
    for name, part in found.items():
        assert part["command"][0] in COMMANDS, name
        assert set(part["environment"]) <= NAMES, set(part["environment"]) - NAMES


def test_the_service_starts_with_what_its_container_is_given(services: dict[str, Any]) -> None:
    """The settings are complete: every role that the process connects as has its address, and the secrets are accepted."""
    settings = load(services["api"]["environment"] | {"FINTWIN_HOST": "0.0.0.0"})
    assert {"api", "twin", "identity"} <= set(settings.database_urls)
    assert settings.demo is False
    assert settings.redis_url


def test_the_roles_get_the_passwords_that_the_addresses_have(services: dict[str, Any]) -> None:
    """`migrate` gives each role the very password that its part connects with."""
    passwords = role_passwords(services["migrate"]["environment"])
    assert set(passwords) == {f"fintwin_{role}" for role in ROLES}
    seen = set()
    for name, part in parts(services).items():
        for variable, value in part["environment"].items():
            match = re.fullmatch(r"postgresql://(fintwin_\w+):(\w+)@postgres:5432/fintwin", value)
            if variable.endswith("DATABASE_URL") and name != "migrate":
                assert match, f"{name}: {variable}"
                assert passwords[match[1]] == match[2]
                seen.add(match[1])
    assert {"fintwin_api", "fintwin_projector", "fintwin_publisher"} <= seen


def test_no_part_holds_a_secret_that_it_does_not_need(services: dict[str, Any]) -> None:
    """Keys and tokens are the service's alone; only the migration knows the administrator."""
    for name, part in parts(services).items():
        environment = set(part["environment"])
        if name not in {"api", "webhooks"}:
            assert not environment & {"FINTWIN_MASTER_KEY", "FINTWIN_JWT_SECRET", "FINTWIN_SIGNING_KEY"}, name
        assert ("FINTWIN_OWNER_DATABASE_URL" in environment) == (name == "migrate")


def test_ports_agree(services: dict[str, Any]) -> None:
    """Published is what nginx listens on, on loopback unless told otherwise, and nothing else; nginx asks the service's port."""
    listens = set(re.findall(r"listen (?:\[::\]:)?(\d+)", (DOCKER / "gateway" / "listen.conf").read_text()))
    assert services["gateway"]["ports"] == ["127.0.0.1:8080:8080"]
    assert listens == {"8080"}
    assert [name for name, one in services.items() if "ports" in one] == ["gateway"]
    upstream = re.search(r"server (\w+):(\d+)", (DOCKER / "gateway" / "upstream.conf").read_text())
    assert upstream
    assert upstream.groups() == ("api", "8000")
    dockerfile = (DOCKER / "Dockerfile").read_text()
    assert "PORT=8000" in dockerfile
    assert "EXPOSE 8000" in dockerfile
    over = yaml.load((DOCKER / "compose.tls.yaml").read_text(), Loader)["services"]["gateway"]["ports"]  # noqa: S506
    tls = set(re.findall(r"listen (?:\[::\]:)?(\d+)", (DOCKER / "gateway" / "tls.conf.example").read_text()))
    assert {port.rpartition(":")[2] for port in everything(over, {})} == tls
    assert tls | {"8080"} == set(re.search(r"EXPOSE (8080.*)", dockerfile)[1].split())  # type: ignore[index]


def test_everything_waits_for_what_it_needs(services: dict[str, Any]) -> None:
    """The migration for Postgres, all parts for the migration, the gateway for a service that is ready."""
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name, part in parts(services).items():
        if name != "migrate":
            assert part["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name
    assert services["gateway"]["depends_on"]["api"]["condition"] == "service_healthy"
    waited = {name for one in services.values() for name in one.get("depends_on", {})}
    assert waited <= set(services)
    for name in ("postgres", "redis"):
        assert services[name]["healthcheck"]["test"]


def test_containers_have_no_rights_that_they_do_not_need(services: dict[str, Any]) -> None:
    """Read-only root, no capability, no new privileges, no root; the databases are not on the outer network."""
    for name, one in services.items():
        if name != "postgres":
            assert one["read_only"] is True, name
            assert one["cap_drop"] == ["ALL"], name
            assert one["security_opt"] == ["no-new-privileges:true"], name
    assert services["postgres"]["networks"] == services["redis"]["networks"] == ["inside"]
    assert raw()["networks"]["inside"] == {"internal": True}
    users = re.findall(r"^USER (\S+)$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["10001:10001", "101:101"]


def test_the_gateway_is_the_one_proxy_that_is_believed(services: dict[str, Any]) -> None:
    """The network that the gateway shares with the service is the one whose forwarded addresses are believed."""
    subnet = raw()["networks"]["outside"]["ipam"]["config"][0]["subnet"]
    assert services["api"]["environment"]["FINTWIN_TRUSTED_PROXIES"] == subnet
    assert "outside" in services["gateway"]["networks"]
    assert "outside" in services["api"]["networks"]


def test_volumes_and_copies_are_there(services: dict[str, Any], filled: dict[str, str]) -> None:
    """Every mounted file and everything that the Dockerfile copies is in the checkout and passes .dockerignore."""
    with_google = everything(raw(), filled | {"GOOGLE_CLIENT_ID": "x.apps.googleusercontent.com"})["services"]
    for found in (services, with_google):
        for volume in found["gateway"]["volumes"]:
            assert (DOCKER / volume.split(":")[0]).exists(), volume
    assert "policy-google.conf" in with_google["gateway"]["volumes"][0]
    assert set(raw()["volumes"]) == {"database"}
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    sources = [source for line in copies for source in line.split()]
    assert len(sources) >= 10
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source.strip("/") == one or source.startswith(f"{one}/") for one in allowed), source


def test_the_example_names_no_secret_and_every_variable_that_is_read() -> None:
    """Secrets are empty; every variable that compose.yaml needs is there; nothing in it is unknown; the usual names are known."""
    example = env_of((DOCKER / ".env.example").read_text())
    secret = [name for name in example if re.search("PASSWORD|SECRET|KEY|TOKEN", name)]
    assert len(secret) >= 12
    assert [example[name] for name in secret] == [""] * len(secret)
    usual = {
        "DATABASE_URL",
        "JWT_SECRET",
        "GOOGLE_CLIENT_ID",
        "POSTGRES_USER",
        "POSTGRES_PASSWORD",
        "POSTGRES_DB",
        "REDIS_URL",
    }
    assert usual <= set(example)
    assert set(example) <= NAMES | OF_COMPOSE
    read = set(re.findall(r"\$\{(\w+)", (DOCKER / "compose.yaml").read_text()))
    assert read <= NAMES | OF_COMPOSE
    needed = set(re.findall(r"\$\{(\w+):\?", (DOCKER / "compose.yaml").read_text()))
    assert needed <= set(example)
    with pytest.raises(KeyError, match=r"PASSWORD|SECRET|KEY"):
        everything(raw(), example)


@pytest.mark.parametrize("secret", ["your-jwt-secret-change-me-please-32-bytes", "short"])
def test_a_placeholder_for_a_secret_is_refused(services: dict[str, Any], secret: str) -> None:
    """Whoever writes a word in place of a secret gets a sentence and no service."""
    with pytest.raises(SettingsError, match="FINTWIN_JWT_SECRET"):
        load(services["api"]["environment"] | {"FINTWIN_JWT_SECRET": secret})


def test_the_health_check_asks_what_the_service_answers() -> None:
    """The address in the Dockerfile is a route of the service."""
    from fintwin.api.health import router

    asked = re.search(r"127\.0\.0\.1:\{os\.environ\[\\?\"PORT\\?\"\]\}(/[a-z/]+)", (DOCKER / "Dockerfile").read_text())
    assert asked
    assert asked[1] in {path for route in router.routes for path in [route.path]}
