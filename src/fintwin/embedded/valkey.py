"""One Valkey server on loopback, with a password, that keeps nothing.

Redis holds the published stream and rate counters only; both are made again from Postgres. So nothing is written to disk.
Memory is bounded, and a full server refuses writes instead of dropping entries of the stream unseen. The configuration goes
in through standard input: the password is in no second file and on no command line.

    server = Valkey(place, binaries, secrets)
    server.start()
    server.url  # redis://:...@127.0.0.1:41234/0
    server.stop()
"""

import signal
import socket
import subprocess
import time

from fintwin.embedded.accounts import Place
from fintwin.embedded.binaries import Binaries
from fintwin.embedded.children import reap, start_child, stop_child
from fintwin.embedded.logs import open_log
from fintwin.embedded.ports import free_port
from fintwin.embedded.postgres import CLEAN_ENVIRONMENT
from fintwin.embedded.refusals import EmbeddedError
from fintwin.embedded.secrets_file import Secrets

START_PATIENCE_S = 20.0
STOP_PATIENCE_S = 5.0
PORT_FILE = "valkey.port"
POLL_S = 0.005
TRIES = 5

CONFIGURATION = """\
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
dir "{folder}"
daemonize no
save ""
appendonly no
maxmemory 128mb
maxmemory-policy noeviction
"""


def redis_url(secrets: Secrets, port: int | str) -> str:
    """The address of the server that listens at a port of this machine, with its password, as redis-py reads it."""
    return f"redis://:{secrets.redis_password}@127.0.0.1:{port}/0"


class Valkey:
    """The server with its working folder in `place.folder / "valkey"`."""

    def __init__(self, place: Place, binaries: Binaries, secrets: Secrets) -> None:
        self._place = place
        self._binaries = binaries
        self._secrets = secrets
        self._folder = place.folder / "valkey"
        self.port = 0
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address with its password."""
        return redis_url(self._secrets, self.port)

    def start(self) -> None:
        """Starts the server; the port stays the same over restarts, so that clients find it again."""
        reap("valkey-server", self._folder, (signal.SIGINT, signal.SIGKILL), patience_s=STOP_PATIENCE_S)
        if not self._folder.is_dir():
            self._folder.mkdir(mode=0o700)
            self._place.account.give(self._folder)
        wanted = self.port
        for _ in range(TRIES):
            self.port = wanted or free_port()
            if self._start_once():
                (self._place.folder / PORT_FILE).write_text(f"{self.port}\n", "ascii")
                return
        msg = f"Valkey did not start: see {self._place.folder}/valkey.log"
        raise EmbeddedError(msg)

    def stop(self) -> None:
        """Ends the server; there is nothing to save."""
        if self.child is not None:
            stop_child(self.child, signal.SIGINT, patience_s=STOP_PATIENCE_S)
            self.child = None
            (self._place.folder / PORT_FILE).unlink(missing_ok=True)

    def _start_once(self) -> bool:
        with open_log(self._place.folder / "valkey.log") as log:
            self.child = start_child(
                [str(self._binaries.valkey), "-"],
                account=self._place.account,
                death_signal=signal.SIGINT,
                environment=CLEAN_ENVIRONMENT,
                log=log,
                stdin=subprocess.PIPE,
            )
        assert self.child.stdin is not None
        text = CONFIGURATION.format(port=self.port, password=self._secrets.redis_password, folder=self._folder)
        try:
            self.child.stdin.write(text.encode())
            self.child.stdin.close()
        except BrokenPipeError:
            return False
        deadline = time.monotonic() + START_PATIENCE_S
        while self.child.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return True
            time.sleep(POLL_S)
        stop_child(self.child, signal.SIGKILL, patience_s=STOP_PATIENCE_S)
        return False

    def _answers(self) -> bool:
        """Whether it takes our password: another program on that port would not."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as probe:
                probe.sendall(f"AUTH {self._secrets.redis_password}\r\n".encode())
                return probe.recv(3) == b"+OK"
        except OSError:
            return False
