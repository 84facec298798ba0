"""Finds the servers that a `fintwin run` on the same data folder has started, for a command beside it.

Postgres itself writes down where it listens (`postmaster.pid`), for Valkey it is done (`valkey.port`), and the passwords lie in
the data folder; whoever may read all that may use the servers. Nothing is started and nothing is stopped here.

    environment = running_environment(Path(".fintwin"))
    if environment is None:
        ...  # nobody runs on that folder
"""

import fcntl
import os
import time
from pathlib import Path
from urllib.parse import quote

from fintwin.embedded.accounts import SHARED_FOLDER, settle
from fintwin.embedded.postgres import DATABASE, SUPERUSER
from fintwin.embedded.refusals import EmbeddedError
from fintwin.embedded.secrets_file import load_or_make
from fintwin.embedded.servers import service_environment
from fintwin.embedded.valkey import PORT_FILE, redis_url

START_PATIENCE_S = 60.0
POLL_S = 0.05
# Lines of postmaster.pid, from 0: https://www.postgresql.org/docs/current/storage-file-layout.html
PORT_LINE, SOCKETS_LINE, STATUS_LINE = 3, 4, 7


def running_environment(data_folder: Path, shared: Path = SHARED_FOLDER) -> dict[str, str] | None:
    """The variables that a service of that folder has; None where nobody runs on it.

    A start that is under way is waited for. Raises `EmbeddedError` where it does not come to an end.
    """
    folder = settle(data_folder, lambda _: None, shared).folder
    deadline = time.monotonic() + START_PATIENCE_S
    while _is_locked(folder):
        lines = _lines(folder / "postgres" / "postmaster.pid")
        if len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready":
            secrets = load_or_make(folder)
            place = f"?host={quote(lines[SOCKETS_LINE].strip())}&port={lines[PORT_LINE].strip()}"
            urls = {
                role: f"postgresql://fintwin_{role}:{password}@/{DATABASE}{place}"
                for role, password in secrets.role_passwords.items()
            }
            port = _lines(folder / PORT_FILE)
            redis = {"REDIS_URL": redis_url(secrets, port[0])} if port else {}
            return service_environment(folder, secrets, urls) | redis
        if time.monotonic() > deadline:
            msg = f"FinTwin runs on {folder}, but its database does not get ready: see {folder}/postgres.log"
            raise EmbeddedError(msg)
        time.sleep(POLL_S)
    return None


def running_superuser_url(data_folder: Path, shared: Path = SHARED_FOLDER) -> str | None:
    """The administrator's address on that folder's Postgres; None where nobody runs on it."""
    folder = settle(data_folder, lambda _: None, shared).folder
    lines = _lines(folder / "postgres" / "postmaster.pid")
    if not _is_locked(folder) or len(lines) <= STATUS_LINE:
        return None
    place = f"?host={quote(lines[SOCKETS_LINE].strip())}&port={lines[PORT_LINE].strip()}"
    return f"postgresql://{SUPERUSER}:{load_or_make(folder).postgres_password}@/{DATABASE}{place}"


def _is_locked(folder: Path) -> bool:
    """Whether a `fintwin run` holds the folder. Asking takes the lock for a moment where nobody does."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError as error:
        msg = f"{folder} is not ours to use ({error.strerror}): use FinTwin as its owner."
        raise EmbeddedError(msg) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except OSError:
        return []
