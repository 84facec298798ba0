"""One Postgres cluster: made once, started in about a tenth of a second, reachable on loopback and a socket only.

Nothing that makes a ledger safe is traded for speed: `fsync`, `synchronous_commit` and data checksums stay on. Every
connection gives a password (SCRAM), the superuser through the socket only. The configuration is written by us at every
start, into a folder that the server's account cannot write to; the server's log holds no statement and no row.

    cluster = Postgres(place, binaries, secrets)
    cluster.start()
    cluster.run_sql("SELECT 1", database="fintwin")
    cluster.stop()
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from fintwin.embedded.accounts import Place
from fintwin.embedded.binaries import Binaries
from fintwin.embedded.children import reap, start_child, stop_child
from fintwin.embedded.logs import open_log
from fintwin.embedded.ports import free_port
from fintwin.embedded.refusals import EmbeddedError
from fintwin.embedded.secrets_file import Secrets

SUPERUSER = "postgres"
DATABASE = "fintwin"
START_PATIENCE_S = 120.0  # recovery after a crash replays the log first
STOP_PATIENCE_S = 30.0
POLL_S = 0.005
# `sockaddr_un` has room for 108 bytes on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_MAX = 103
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

# Sized for a ledger on a small machine that it shares with the service itself.
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "wal_buffers": "16MB",  # else many rows at once, as a rebuild writes them, wait for the disk again and again
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "password_encryption": "'scram-sha-256'",
    "wal_level": "replica",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "effective_cache_size": "1GB",
    "jit": "off",  # short statements: compiling one costs more than running it
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %u@%d '",
    "logging_collector": "off",
    "log_checkpoints": "off",
    # No statement, no value of a row, no parameter in the log: it may be shown to somebody.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

HBA = """\
# Written by FinTwin at every start. The superuser comes through the socket only; everybody gives a password.
local  all  all                     scram-sha-256
host   all  postgres  0.0.0.0/0     reject
host   all  all       127.0.0.1/32  scram-sha-256
"""


class Postgres:
    """The cluster in `place.folder / "postgres"`."""

    def __init__(self, place: Place, binaries: Binaries, secrets: Secrets) -> None:
        self._place = place
        self._binaries = binaries
        self._secrets = secrets
        self.data = place.folder / "postgres"
        self.port = 0
        self.child: subprocess.Popen[bytes] | None = None
        self._sockets = place.folder / "run"

    def start(self) -> None:
        """Starts the server, after making the cluster where there is none and ending what an earlier start left."""
        reap("postgres", self.data, (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL), patience_s=STOP_PATIENCE_S)
        if not self.data.is_dir():
            self._make_cluster()
        else:
            # Nobody serves these data (see above and the lock on the folder): a lock file is from a crash, and its number
            # may by now be another program's, which Postgres would take for a living server.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._sockets = self._socket_folder()
        self.port = self.port or free_port()
        with open_log(self._place.folder / "postgres.log") as log:
            self.child = start_child(
                [str(self._binaries.postgres), "-D", str(self.data), *self._options()],
                account=self._place.account,
                death_signal=signal.SIGINT,
                environment=CLEAN_ENVIRONMENT,
                log=log,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """A fast shutdown: sessions end, everything is written, the next start needs no recovery."""
        if self.child is not None:
            stop_child(self.child, signal.SIGINT, patience_s=STOP_PATIENCE_S)
            self.child = None
        if self._sockets.parent != self._place.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def url(self, user: str, password: str, database: str = DATABASE) -> str:
        """An address through the socket, as asyncpg and libpq read it."""
        return f"postgresql://{user}:{password}@/{database}?host={quote(str(self._sockets))}&port={self.port}"

    def tcp_url(self, user: str, password: str, database: str = DATABASE) -> str:
        """The same through loopback, for programs that know no sockets. Not for the superuser."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def run_sql(self, sql: str, *, database: str = DATABASE) -> str:
        """Runs a script as superuser with psql; returns what it prints, unaligned. A script that fails raises."""
        command = [str(self._binaries.postgres_folder / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", str(self._sockets), "-p", str(self.port), "-U", SUPERUSER, "-d", database]
        environment = CLEAN_ENVIRONMENT | {"PGPASSWORD": self._secrets.postgres_password}
        done = subprocess.run(  # noqa: S603 - our own binary, no shell
            command, input=sql, text=True, capture_output=True, env=environment, cwd="/", check=False
        )
        if done.returncode != 0:
            msg = f"Postgres refused a statement of FinTwin's own: {done.stderr.strip()}"
            raise EmbeddedError(msg)
        return done.stdout

    def _options(self) -> list[str]:
        """Command line options: they win over every file in the data folder."""
        config = self._place.folder / "postgres.conf"
        rules = self._place.folder / "postgres.hba"
        _write_readable(config, "".join(f"{name} = {value}\n" for name, value in SETTINGS.items()))
        _write_readable(rules, HBA)
        options = {
            "config_file": str(config),
            "hba_file": str(rules),
            "unix_socket_directories": str(self._sockets),
            "port": str(self.port),
        }
        return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]

    def _make_cluster(self) -> None:
        """Makes the cluster and its database beside the real place, then renames: a half-made one is never used."""
        beside = self.data.with_name("postgres.new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700)
        self._place.account.give(beside)
        with tempfile.NamedTemporaryFile("w", dir=self._place.folder, prefix=".initdb-") as password:
            password.write(self._secrets.postgres_password)
            password.flush()
            self._place.account.give(Path(password.name))
            self._run(
                [
                    str(self._binaries.postgres_folder / "initdb"),
                    *("--pgdata", str(beside), "--username", SUPERUSER, "--pwfile", password.name),
                    *(
                        "--auth",
                        "scram-sha-256",
                        "--encoding",
                        "UTF8",
                        "--data-checksums",
                        "--no-instructions",
                    ),
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                ]
            )
        self._run(
            [str(self._binaries.postgres), "--single", "-D", str(beside), "postgres"],
            f"CREATE DATABASE {DATABASE};\n",
        )
        beside.rename(self.data)

    def _run(self, command: list[str], text: str = "") -> None:
        done = subprocess.run(  # noqa: S603 - our own binaries, no shell
            command,
            input=text,
            text=True,
            capture_output=True,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            check=False,
            **self._place.account.popen_options(),
        )
        if done.returncode != 0:
            msg = f"{Path(command[0]).name} failed in {self._place.folder}: {done.stderr.strip()}"
            raise EmbeddedError(msg)

    def _socket_folder(self) -> Path:
        """`run` in the data folder; where that path is too long for a socket, a short one in the temporary folder."""
        wanted = self._place.folder / "run"
        if len(os.fsencode(wanted / ".s.PGSQL.65535")) <= SOCKET_PATH_MAX:
            if not wanted.is_dir():
                wanted.mkdir(mode=0o700)
                self._place.account.give(wanted)
            return wanted
        if self._sockets != wanted and self._sockets.is_dir():  # made by this very process, for an earlier start
            return self._sockets
        short = Path(tempfile.mkdtemp(prefix="fintwin-"))
        self._place.account.give(short)
        return short

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_PATIENCE_S
        while not self._answers():
            if self.child is None or self.child.poll() is not None:
                msg = f"Postgres did not start: {_last_line(self._place.folder / 'postgres.log')}"
                raise EmbeddedError(msg)
            if time.monotonic() > deadline:
                msg = f"Postgres was not ready within {START_PATIENCE_S:.0f} s: see {self._place.folder}/postgres.log"
                raise EmbeddedError(msg)
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        """Whether the server asks for a password, which it does as soon as it lets somebody in."""
        words = b"user\0" + SUPERUSER.encode() + b"\0database\0postgres\0\0"
        start = (len(words) + 8).to_bytes(4, "big") + (3 << 16).to_bytes(4, "big") + words
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(1.0)
                probe.connect(str(self._sockets / f".s.PGSQL.{self.port}"))
                probe.sendall(start)
                return probe.recv(1024)[:1] == b"R"
        except OSError:
            return False


def _write_readable(path: Path, text: str) -> None:
    """Ours to write, the server's to read; there is no secret in it."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    return lines[-1] if lines else f"it wrote nothing into {log}"
