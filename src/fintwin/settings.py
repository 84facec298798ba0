"""Everything that FinTwin reads from its environment, in one place.

A service gets one frozen `Settings` value and asks nothing else about the world around it. There are no default secrets: where
one is missing, too short or still the placeholder of an example, the start is refused in one sentence that names it.
`VARIABLES` is the whole list; `docs/settings.md` shows it, and a test holds the two against each other.

>>> start = start_options({"PORT": "8080"})
>>> start.port, start.embedded
(8080, True)
>>> load({"DATABASE_URL": "postgresql://fintwin_api@db/fintwin"})
Traceback (most recent call last):
fintwin.settings.SettingsError: FINTWIN_JWT_SECRET is not set: it signs the tokens, give it at least 32 random bytes.
"""

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fintwin.door_settings import CERTIFICATES_URL, LIMITS, DoorSettings, door_settings

ROLES = ("api", "twin", "projector", "publisher", "auditor", "identity", "eraser", "backup")
LOG_LEVELS = ("debug", "info", "warning", "error")
SECRET_BYTES_MIN = 32
STREAM_ENTRIES_LEAST = 1_000
DISTINCT_CHARACTERS_MIN = 8
GEMINI_MODEL = "gemini-2.5-flash"
PLACEHOLDER_WORDS = (
    "change-me",
    "changeme",
    "change_me",
    "placeholder",
    "your-",
    "your_",
    "example",
    "replace",
    "secret-key",
    "<",
    "dummy",
)


class SettingsError(Exception):
    """The environment lacks something or contradicts itself; one sentence says what."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One row of the documentation."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable("PORT", "8000", "Port of the HTTP service. A taken one is said, never changed."),
    Variable(
        "FINTWIN_HOST", "127.0.0.1", "Address to listen on. With the embedded servers it must be a loopback address."
    ),
    Variable("FINTWIN_DATA", ".fintwin", "Folder of the embedded servers: data, secrets, logs."),
    Variable("DATABASE_URL", "", "Postgres, as the role `fintwin_api`. Empty: the embedded servers are started."),
    Variable(
        "FINTWIN_OWNER_DATABASE_URL",
        "",
        "Postgres, as an administrator. Read by `fintwin migrate` and `fintwin restore` only.",
    ),
    *(
        Variable(
            f"FINTWIN_{role.upper()}_DATABASE_URL",
            "",
            f"Postgres, as the role `fintwin_{role}`, for the parts that use it.",
        )
        for role in ROLES
        if role != "api"
    ),
    *(
        Variable(
            f"FINTWIN_{role.upper()}_PASSWORD",
            "",
            f"Password that `fintwin migrate` gives to the role `fintwin_{role}`.",
        )
        for role in ROLES
    ),
    Variable("REDIS_URL", "", "Redis or Valkey. Empty: nothing is published and limits count per process."),
    Variable(
        "FINTWIN_STREAM_ENTRIES_MAX",
        "100000",
        "How many entries the published stream holds at most, read or not: about 100 MB of Redis' memory.",
    ),
    Variable(
        "FINTWIN_JWT_SECRET",
        "",
        "Signs tokens; at least 32 random bytes. Needed with DATABASE_URL. `JWT_SECRET` is read as well.",
    ),
    Variable("FINTWIN_JWT_SECRET_PREVIOUS", "", "The key before a rotation: still accepted, never used to sign."),
    Variable(
        "FINTWIN_MASTER_KEY",
        "",
        "Wraps the users' keys; 32 random bytes in base64. Needed with DATABASE_URL. Losing it loses every name and note.",
    ),
    Variable(
        "FINTWIN_SERVICE_TOKEN",
        "",
        "Opens the internal routes to trusted services; at least 32 characters. Empty: they are closed.",
    ),
    Variable(
        "FINTWIN_SIGNING_KEY",
        "",
        "Signs exported heads and proofs: an Ed25519 private key, 32 random bytes in base64. Empty: nothing is signed.",
    ),
    Variable("GOOGLE_CLIENT_ID", "", "Turns on sign-in with Google and turns the demo off."),
    Variable(
        "FINTWIN_GOOGLE_CERTS_URL", CERTIFICATES_URL, "Where Google's certificates are had; another one is for tests."
    ),
    Variable(
        "FINTWIN_ALLOWED_HOSTS",
        "",
        "Names besides loopback's under which the service is asked, like `twin.example.org,*.example.net`; others get 400.",
    ),
    Variable(
        "FINTWIN_TRUSTED_PROXIES",
        "",
        "Addresses or networks of gateways whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
    ),
    Variable(
        "FINTWIN_LIMITS",
        LIMITS,
        "What is allowed a second / at once, by kind; a kind may be `off`, and `off` alone switches all limits off.",
    ),
    Variable("FINTWIN_WEBHOOKS_PRIVATE", "", "`1`: webhooks may go to `http` and to addresses that are not public."),
    Variable(
        "FINTWIN_MARKET_DATA",
        "",
        "A CSV with `year,stocks,bonds,bills,inflation` in place of the market history that ships.",
    ),
    Variable("FINTWIN_LOG_LEVEL", "", "`debug`, `info`, `warning` or `error`. Empty: `info`, on a terminal `warning`."),
    Variable("FINTWIN_LOG_FORMAT", "", "`json` or `console`. Empty: `console` on a terminal, else `json`."),
    Variable(
        "FINTWIN_GEMINI_KEY",
        "",
        "A key for Gemini, which then writes FinBot's answers for those who agree. Needs the extra `fintwin[gemini]`.",
    ),
    Variable("FINTWIN_GEMINI_MODEL", GEMINI_MODEL, "Which of its models."),
    Variable("FINTWIN_GEMINI_URL", "", "Where it is asked; another address than Google's is for tests."),
    Variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "Where traces go, by OTLP over HTTP. Needs the extra `fintwin[telemetry]`. Empty: none are made.",
    ),
    Variable(
        "FINTWIN_EMBEDDED",
        "",
        "Set by `fintwin run` for the parts it starts: the servers are the embedded ones.",
    ),
)


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What `fintwin run` has to know before there are servers."""

    host: str
    port: int
    data_folder: Path
    embedded: bool


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What is logged, and whether it is for people or for programs."""

    level: str
    console: bool


@dataclass(frozen=True, slots=True)
class GeminiSettings:
    """How Gemini is asked."""

    key: str = field(repr=False)
    model: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A service's view of the world. Secrets do not show in its `repr`."""

    host: str
    port: int
    embedded: bool
    database_urls: Mapping[str, str] = field(repr=False)
    redis_url: str | None = field(repr=False)
    jwt_secret: bytes = field(repr=False)
    jwt_secret_previous: bytes | None = field(repr=False)
    master_key: bytes = field(repr=False)
    service_token: str | None = field(repr=False)
    signing_key: bytes | None = field(repr=False)
    google_client_id: str | None
    market_data: Path | None = None
    webhooks_private: bool = False
    stream_entries_max: int = 100_000
    door: DoorSettings = field(default_factory=DoorSettings)
    traces_endpoint: str | None = None
    gemini: GeminiSettings | None = None

    @property
    def demo(self) -> bool:
        """Whether people may sign in without an account: embedded servers, no Google client, loopback only."""
        return self.embedded and self.google_client_id is None and is_loopback(self.host)

    def database_url(self, role: str) -> str:
        """The address of the database for one role; a missing one is an error that names the variable."""
        try:
            return self.database_urls[role]
        except KeyError:
            msg = f"{url_variable(role)} is not set: this part connects as the role fintwin_{role}."
            raise SettingsError(msg) from None


def start_options(environ: Mapping[str, str]) -> StartOptions:
    """Reads where to listen and where the data are; decides whether the embedded servers are wanted."""
    host = _host(environ)
    embedded = not environ.get("DATABASE_URL")
    if embedded and not is_loopback(host):
        msg = (
            f"FINTWIN_HOST is {host}, but the embedded servers are for loopback only: set DATABASE_URL to serve others."
        )
        raise SettingsError(msg)
    return StartOptions(host, _port(environ), Path(environ.get("FINTWIN_DATA") or ".fintwin"), embedded)


def log_options(environ: Mapping[str, str], *, terminal: bool) -> LogOptions:
    """Reads how to log; `terminal` is whether somebody is looking on."""
    form = environ.get("FINTWIN_LOG_FORMAT") or ("console" if terminal else "json")
    if form not in {"json", "console"}:
        msg = f"FINTWIN_LOG_FORMAT is {form!r}: it must be json or console."
        raise SettingsError(msg)
    level = environ.get("FINTWIN_LOG_LEVEL") or ("warning" if form == "console" else "info")
    if level not in LOG_LEVELS:
        msg = f"FINTWIN_LOG_LEVEL is {level!r}: it must be one of {', '.join(LOG_LEVELS)}."
        raise SettingsError(msg)
    return LogOptions(level, console=form == "console")


def _door(environ: Mapping[str, str]) -> DoorSettings:
    try:
        return door_settings(environ, _host(environ))
    except ValueError as error:
        raise SettingsError(str(error)) from None


def load(environ: Mapping[str, str]) -> Settings:
    """Reads and checks everything that a service needs; raises `SettingsError` at the first thing that is wrong."""
    urls = {role: url for role in ROLES if (url := environ.get(url_variable(role)))}
    if "api" not in urls:
        msg = "DATABASE_URL is not set: give the address of Postgres, or start everything with `fintwin run`."
        raise SettingsError(msg)
    name = "FINTWIN_JWT_SECRET" if environ.get("FINTWIN_JWT_SECRET") else "JWT_SECRET"
    jwt_secret = environ.get(name)
    if not jwt_secret:
        msg = "FINTWIN_JWT_SECRET is not set: it signs the tokens, give it at least 32 random bytes."
        raise SettingsError(msg)
    previous = environ.get("FINTWIN_JWT_SECRET_PREVIOUS")
    token = environ.get("FINTWIN_SERVICE_TOKEN")
    signing_key = environ.get("FINTWIN_SIGNING_KEY")
    return Settings(
        host=_host(environ),
        port=_port(environ),
        embedded=environ.get("FINTWIN_EMBEDDED") == "1",
        database_urls=urls,
        redis_url=environ.get("REDIS_URL") or None,
        jwt_secret=_secret(name, jwt_secret).encode(),
        jwt_secret_previous=_secret("FINTWIN_JWT_SECRET_PREVIOUS", previous).encode() if previous else None,
        master_key=_master_key(environ.get("FINTWIN_MASTER_KEY", "")),
        service_token=_secret("FINTWIN_SERVICE_TOKEN", token) if token else None,
        signing_key=_key("FINTWIN_SIGNING_KEY", signing_key) if signing_key else None,
        google_client_id=environ.get("GOOGLE_CLIENT_ID") or None,
        market_data=Path(environ["FINTWIN_MARKET_DATA"]) if environ.get("FINTWIN_MARKET_DATA") else None,
        webhooks_private=environ.get("FINTWIN_WEBHOOKS_PRIVATE") == "1",
        stream_entries_max=stream_entries_max(environ),
        door=_door(environ),
        traces_endpoint=environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
        gemini=_gemini(environ),
    )


def part_database_url(environ: Mapping[str, str], role: str) -> str:
    """The one address that a part needs which works as one role and holds no secret of the service."""
    url = environ.get(url_variable(role))
    if url:
        return url
    msg = f"{url_variable(role)} is not set: this part connects as the role fintwin_{role}."
    raise SettingsError(msg)


def stream_entries_max(environ: Mapping[str, str]) -> int:
    """How long the published stream may get."""
    return _entries(environ.get("FINTWIN_STREAM_ENTRIES_MAX") or "100000")


def _gemini(environ: Mapping[str, str]) -> GeminiSettings | None:
    key = environ.get("FINTWIN_GEMINI_KEY")
    if not key:
        return None
    return GeminiSettings(
        key, environ.get("FINTWIN_GEMINI_MODEL") or GEMINI_MODEL, environ.get("FINTWIN_GEMINI_URL") or None
    )


def role_passwords(environ: Mapping[str, str]) -> dict[str, str]:
    """The passwords that `fintwin migrate` hands out, by role name."""
    found = {f"fintwin_{role}": environ.get(f"FINTWIN_{role.upper()}_PASSWORD") for role in ROLES}
    return {role: password for role, password in found.items() if password}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a service that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sql_folder(name: str) -> Path:
    """The folder `migrations` or `projections`: inside an installed wheel, else beside `src` in a checkout."""
    package = Path(__file__).parent
    installed = package / "_sql" / name
    return installed if installed.is_dir() else package.parent.parent / name


def web_folder() -> Path:
    """Where the built web app lies: inside an installed wheel, else in the checkout; there may be none."""
    package = Path(__file__).parent
    installed = package / "_web"
    return installed if installed.is_dir() else package.parent.parent / "frontend" / "dist"


def url_variable(role: str) -> str:
    """The variable that holds the address of the database for a role."""
    return "DATABASE_URL" if role == "api" else f"FINTWIN_{role.upper()}_DATABASE_URL"


def _host(environ: Mapping[str, str]) -> str:
    """The address to listen on. Not `HOST`: shells and compilers' environments set that to other things."""
    host = environ.get("FINTWIN_HOST") or "127.0.0.1"
    return "127.0.0.1" if host == "localhost" else host


def _port(environ: Mapping[str, str]) -> int:
    text = environ.get("PORT") or "8000"
    if text.isascii() and text.isdigit() and 0 < int(text) < 2**16:
        return int(text)
    msg = f"PORT is {text!r}: it must be a number from 1 to 65535."
    raise SettingsError(msg)


def _entries(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) >= STREAM_ENTRIES_LEAST:
        return int(text)
    msg = f"FINTWIN_STREAM_ENTRIES_MAX is {text!r}: it must be a number from {STREAM_ENTRIES_LEAST} on."
    raise SettingsError(msg)


def _secret(name: str, value: str) -> str:
    """Refuses what is no secret: too short, copied from an example, or hardly any different characters."""
    if len(value.encode()) < SECRET_BYTES_MIN:
        msg = f"{name} is too short: it needs at least {SECRET_BYTES_MIN} random bytes."
        raise SettingsError(msg)
    if any(word in value.lower() for word in PLACEHOLDER_WORDS) or len(set(value)) < DISTINCT_CHARACTERS_MIN:
        msg = f"{name} is a placeholder, not a secret: give it at least {SECRET_BYTES_MIN} random bytes."
        raise SettingsError(msg)
    return value


def _master_key(text: str) -> bytes:
    if not text:
        msg = "FINTWIN_MASTER_KEY is not set: it wraps the users' keys, give it 32 random bytes in base64."
        raise SettingsError(msg)
    return _key("FINTWIN_MASTER_KEY", text)


def _key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != SECRET_BYTES_MIN:
        msg = f"{name} is not 32 bytes in base64."
        raise SettingsError(msg)
    if len(set(key)) < DISTINCT_CHARACTERS_MIN:
        msg = f"{name} is a placeholder, not a key: give it 32 random bytes in base64."
        raise SettingsError(msg)
    return key
