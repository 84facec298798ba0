"""Two Postgres nodes under Patroni and a third voter, from packages of Python alone.

    with Cluster(folder, binaries, account) as cluster:
        cluster.wait_for_standby()
        cluster.kill(cluster.leader())

The nodes agree by Raft among themselves, so no other software is needed. Replication is synchronous: what was committed is on
both nodes. Every process runs as the account that runs the tests' servers, with data and ports of its own.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
import yaml

from fintwin.embedded.accounts import Account
from tests.cli.processes import free_port, wait_until

PASSWORD = "of-a-cluster-that-lives-for-a-test"  # pragma: allowlist secret
VOTERS = ("one", "two", "witness")


@dataclass
class Node:
    """One node: its addresses and its processes."""

    name: str
    raft: int = field(default_factory=free_port)
    rest: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None


class Cluster:
    """See the module."""

    def __init__(self, folder: Path, binaries: Path, account: Account) -> None:
        """``binaries`` holds `postgres`; ``account`` has to be able to walk to it, to ``folder`` and to this Python."""
        self.folder = folder
        self._binaries = binaries
        self._account = account
        self.nodes = {name: Node(name) for name in VOTERS}

    def url(self, user: str, password: str, database: str, *, attributes: str = "primary") -> str:
        """An address that names both nodes and finds the one that takes writes."""
        hosts = ",".join(f"127.0.0.1:{self.nodes[name].port}" for name in VOTERS[:2])
        return f"postgresql://{user}:{password}@{hosts}/{database}?target_session_attrs={attributes}"

    def start(self, name: str) -> None:
        """Start a node, or start it again."""
        node = self.nodes[name]
        home = self.folder / name
        if not home.is_dir():
            home.mkdir()
            (home / "raft").mkdir()
            (home / "node.yaml").write_text(yaml.safe_dump(self._settings(node)))
            for path in (home, *home.rglob("*")):
                self._account.give(path)
        program = "patroni.raft_controller" if name == "witness" else "patroni"
        start = f"from {program} import main" if name == "witness" else "from patroni.__main__ import main"
        with (home / "said").open("ab") as said:
            node.process = subprocess.Popen(
                [sys.executable, "-c", f"{start}; main()", str(home / "node.yaml")],
                stdout=said,
                stderr=said,
                cwd=home,
                env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
                **self._account.popen_options(),
            )

    def _settings(self, node: Node) -> dict[str, Any]:
        home = self.folder / node.name
        raft = {
            "data_dir": str(home / "raft"),
            "self_addr": f"127.0.0.1:{node.raft}",
            "partner_addrs": [f"127.0.0.1:{other.raft}" for other in self.nodes.values() if other is not node],
        }
        if node.name == "witness":
            return {"scope": "fintwin", "name": node.name, "raft": raft}
        return {
            "scope": "fintwin",
            "name": node.name,
            "raft": raft,
            "restapi": {"listen": f"127.0.0.1:{node.rest}", "connect_address": f"127.0.0.1:{node.rest}"},
            "bootstrap": {
                "dcs": {
                    "ttl": 20,
                    "loop_wait": 1,
                    "retry_timeout": 3,
                    "synchronous_mode": True,
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {"max_connections": 60, "shared_buffers": "32MB", "wal_level": "replica"},
                    },
                },
                "initdb": ["data-checksums", {"encoding": "UTF8"}, {"locale": "C.UTF-8"}],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{node.port}",
                "connect_address": f"127.0.0.1:{node.port}",
                "data_dir": str(home / "data"),
                "bin_dir": str(self._binaries),
                "pgpass": str(home / "pgpass"),
                "pg_hba": [
                    "host replication replicator 127.0.0.1/32 scram-sha-256",
                    "host all all 127.0.0.1/32 scram-sha-256",
                ],
                "authentication": {
                    "superuser": {"username": "postgres", "password": PASSWORD},
                    "replication": {"username": "replicator", "password": PASSWORD},
                    "rewind": {"username": "rewinder", "password": PASSWORD},
                },
                "parameters": {"unix_socket_directories": ""},
            },
        }

    def roles(self) -> dict[str, str]:
        """What each node that answers says it is: `leader`, `sync_standby`, `replica`."""
        for name in VOTERS[:2]:
            with suppress(httpx.HTTPError):
                told = httpx.get(f"http://127.0.0.1:{self.nodes[name].rest}/cluster", timeout=5).json()
                return {one["name"]: one["role"] for one in told["members"] if one["state"] in {"running", "streaming"}}
        return {}

    def leader(self) -> str | None:
        """The node that takes writes."""
        return next((name for name, role in self.roles().items() if role == "leader"), None)

    def wait_for_standby(self, patience_s: float = 90) -> None:
        """Until one node leads and the other one confirms what it commits."""
        wait_until(lambda: set(self.roles().values()) == {"leader", "sync_standby"}, "leader and standby", patience_s)

    def kill(self, name: str) -> None:
        """The whole node at once: Patroni and every process of its Postgres, with signal 9."""
        node = self.nodes[name]
        assert node.process is not None
        data = self.folder / name
        family = [
            one for one in psutil.process_iter(["name", "cwd"]) if str(one.info["cwd"] or "").startswith(str(data))
        ]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        node.process.kill()
        node.process.wait()

    def said(self) -> str:
        """The last words of every node."""
        return "\n".join(
            f"--- {path.parent.name}\n{path.read_text(errors='replace')[-3000:]}" for path in self.folder.glob("*/said")
        )

    def __enter__(self) -> Self:
        for name in VOTERS:
            self.start(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, node in self.nodes.items():
            if node.process is not None:
                self.kill(name)
