"""Both servers together, as the command line and the tests use them.

Holds the lock on the data folder (a second `fintwin run` on it is told in one sentence), starts Postgres and Valkey, hands
out addresses and secrets, restarts a server that ended by itself, and stops everything on the way out.

    with EmbeddedServers(Path(".fintwin")) as servers:
        servers.superuser_url      # for migrations
        servers.role_urls["api"]   # what the service uses
        servers.environment()      # the same as environment variables, secrets included
"""

import fcntl
import os
import time
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from fintwin.embedded.accounts import SHARED_FOLDER, settle
from fintwin.embedded.binaries import reachable_binaries
from fintwin.embedded.postgres import DATABASE, SUPERUSER, Postgres
from fintwin.embedded.refusals import EmbeddedError
from fintwin.embedded.secrets_file import Secrets, load_or_make
from fintwin.embedded.valkey import Valkey

RESTARTS_MAX = 5
RESTARTS_WINDOW_S = 60.0


class EmbeddedServers:
    """Postgres and Valkey under one data folder, for as long as the `with` block lasts."""

    def __init__(
        self, data_folder: Path, *, say: Callable[[str], None] = lambda _: None, shared: Path = SHARED_FOLDER
    ) -> None:
        self._wanted = data_folder
        self._say = say
        self._shared = shared
        self._lock = -1
        self._restarts: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=RESTARTS_MAX))
        self._without_valkey = False
        self.folder: Path
        self.postgres: Postgres
        self.valkey: Valkey
        self.secrets: Secrets

    def __enter__(self) -> Self:
        place = settle(self._wanted, self._say, self._shared)
        self.folder = place.folder
        self._lock = _lock(place.folder)
        try:
            binaries = reachable_binaries(place.account, self._say, self._shared)
            self.secrets = load_or_make(place.folder)
            self.postgres = Postgres(place, binaries, self.secrets)
            self.valkey = Valkey(place, binaries, self.secrets)
            self.valkey.start()
            self.postgres.start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def superuser_url(self) -> str:
        """For migrations: the cluster's superuser, through the socket only."""
        return self.superuser_url_for(DATABASE)

    @property
    def role_urls(self) -> dict[str, str]:
        """The address of the database for each login role, by its short name (`api`, `twin`, ...)."""
        return self.role_urls_for(DATABASE)

    @property
    def redis_url(self) -> str:
        """The address of Valkey, password included."""
        return self.valkey.url

    def superuser_url_for(self, database: str) -> str:
        """The superuser's address of another database: tests make one each."""
        return self.postgres.url(SUPERUSER, self.secrets.postgres_password, database)

    def role_urls_for(self, database: str) -> dict[str, str]:
        """The roles' addresses of another database."""
        passwords = self.secrets.role_passwords
        return {role: self.postgres.url(f"fintwin_{role}", passwords[role], database) for role in passwords}

    @property
    def role_passwords(self) -> dict[str, str]:
        """Role name and password, for the migration, which makes the roles."""
        return {f"fintwin_{role}": password for role, password in self.secrets.role_passwords.items()}

    def environment(self) -> dict[str, str]:
        """Everything that a service has to know, as the environment variables that `fintwin.settings` reads."""
        return service_environment(self.folder, self.secrets, self.role_urls) | {"REDIS_URL": self.redis_url}

    def restart_ended(self) -> None:
        """Starts a server again that ended by itself, on its old port.

        A Postgres that does not last ends the service. Without a Valkey it goes on: that one is left alone for a while.
        """
        self._restart_ended("Postgres", self.postgres)
        try:
            self._restart_ended("Valkey", self.valkey)
        except EmbeddedError as error:
            if not self._without_valkey:
                self._say(f"{error} FinTwin goes on without it and tries again in a minute.")
                self._without_valkey = True
        else:
            self._without_valkey = False

    def _restart_ended(self, name: str, server: Postgres | Valkey) -> None:
        if server.child is None or server.child.poll() is None:
            return
        now, restarts = time.monotonic(), self._restarts[name]
        if len(restarts) == RESTARTS_MAX and now - restarts[0] < RESTARTS_WINDOW_S:
            msg = f"{name} keeps ending (exit code {server.child.returncode}): see {self.folder}/{name.lower()}.log."
            raise EmbeddedError(msg)
        restarts.append(now)
        self._say(f"{name} ended by itself (exit code {server.child.returncode}) and is started again")
        server.start()

    def _stop(self) -> None:
        for server in (getattr(self, "valkey", None), getattr(self, "postgres", None)):
            if server is not None:
                server.stop()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def service_environment(folder: Path, secrets: Secrets, role_urls: dict[str, str]) -> dict[str, str]:
    """What `fintwin.settings` reads, all but the address of Valkey."""
    variables = {f"FINTWIN_{role.upper()}_DATABASE_URL": url for role, url in role_urls.items() if role != "api"}
    return variables | {
        "DATABASE_URL": role_urls["api"],
        "FINTWIN_DATA": str(folder),
        "FINTWIN_EMBEDDED": "1",
        "FINTWIN_JWT_SECRET": secrets.jwt_secret,
        "FINTWIN_MASTER_KEY": secrets.master_key_base64,
        "FINTWIN_SERVICE_TOKEN": secrets.service_token,
        "FINTWIN_SIGNING_KEY": secrets.signing_key_base64,
    }


def _lock(folder: Path) -> int:
    """Takes the folder for this process; the kernel gives it back when the process ends, however it ends."""
    try:
        descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        msg = (
            f"{folder} is not ours to use ({error.strerror}): "
            "start FinTwin as its owner, or choose another folder with FINTWIN_DATA."
        )
        raise EmbeddedError(msg) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        msg = f"FinTwin already runs on {folder} (process {holder}): stop that one, or choose another folder with FINTWIN_DATA."
        raise EmbeddedError(msg) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor
