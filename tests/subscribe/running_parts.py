"""The parts of a service and programs that listen to it, each a process of its own that can be killed and started again."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import redis

from fintwin.embedded import EmbeddedServers
from tests.bench.running import free_port
from tests.publisher.publishing_tools import NAME

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "docs" / "subscribers"
PATIENCE_S = 60.0


class Parts:
    """``fintwin api``, ``fintwin publisher`` and the programs of docs/subscribers, over given servers."""

    def __init__(self, servers: EmbeddedServers, environment: dict[str, str], folder: Path) -> None:
        """``folder`` takes what they write and say."""
        port = free_port()
        self.servers = servers
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.redis_url = environment["REDIS_URL"]
        own = {"PORT": str(port), "FINTWIN_URL": self.url, "FINTWIN_LIMITS": "off"}
        self._environment = os.environ | environment | own
        fintwin = [sys.executable, "-m", "fintwin"]
        self._commands = {
            "api": [*fintwin, "api"],
            "publisher": [*fintwin, "publisher"],
            "plain.py": [sys.executable, str(PROGRAMS / "plain.py"), str(folder / "plain.py.txt")],
            "balances.py": [sys.executable, str(PROGRAMS / "balances.py"), str(folder / "balances.db")],
        }
        node = shutil.which("node")
        if node is not None:
            self._commands["plain.mjs"] = [node, str(PROGRAMS / "plain.mjs"), str(folder / "plain.mjs.txt")]
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def programs(self) -> list[str]:
        """Those that listen."""
        return [name for name in self._commands if "." in name]

    def start(self, *names: str) -> None:
        """Start them side by side; ``api`` answers afterwards."""
        for name in names:
            with (self.folder / f"{name}.said").open("ab") as said:
                self._running[name] = subprocess.Popen(
                    self._commands[name], env=self._environment, stdout=said, stderr=said
                )
        if "api" in names:
            deadline = time.monotonic() + PATIENCE_S
            while True:
                try:
                    if httpx.get(f"{self.url}/health/live", timeout=2).is_success:
                        return
                except httpx.TransportError:
                    pass
                assert time.monotonic() < deadline, self.said("api")
                time.sleep(0.05)

    def kill(self, *names: str) -> None:
        """Kill -9."""
        for name in names:
            process = self._running.pop(name)
            assert process.poll() is None, self.said(name)
            process.send_signal(signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        """What is left."""
        self.kill(*[name for name, process in self._running.items() if process.poll() is None])

    def said(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.said").read_text()[-3000:]

    def release_parked(self) -> str:
        """``balances.py --release``, while it does not listen."""
        command = [*self._commands["balances.py"], "--release"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True)
        return done.stdout

    def lines(self, program: str) -> list[str]:
        """What a plain program has written down."""
        path = self.folder / f"{program}.txt"
        return path.read_text().splitlines() if path.exists() else []

    def position(self, program: str) -> int:
        """How far a program is."""
        if program != "balances.py":
            lines = self.lines(program)
            return int(lines[-1].split()[0]) if lines else 0
        try:
            rows = self.query("SELECT position FROM progress")
        except sqlite3.OperationalError:  # not made yet
            return 0
        return int(rows[0][0]) if rows else 0

    def query(self, sql: str) -> list[tuple]:
        """Asks the file of ``balances.py``."""
        with closing(sqlite3.connect(self.folder / "balances.db", timeout=10, isolation_level=None)) as db:
            return db.execute(sql).fetchall()

    def wait_for(self, position: int, *programs: str) -> None:
        """Until programs have come to a position."""
        deadline = time.monotonic() + PATIENCE_S
        for program in programs or self.programs:
            while self.position(program) < position:
                last = f"{program} is at {self.position(program)} of {position}, stream at {self.stream_end()}"
                assert time.monotonic() < deadline, f"{last}\n{self.said(program)}\n{self.said('publisher')}"
                time.sleep(0.05)

    def stream_end(self) -> str:
        """The last id of the stream."""
        try:
            with redis.Redis.from_url(self.redis_url) as client:
                return repr(client.xrevrange(NAME, count=1))[:40]
        except redis.RedisError as error:
            return repr(error)
