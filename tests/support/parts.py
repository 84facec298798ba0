"""The parts of the service as processes of their own against one test database, as containers start them.

    with Parts(database, tmp_path) as parts:
        first, second = parts.api(), parts.api()      # two ports
        parts.start("projector")
        httpx.get(f"{first.url}/health/live")

Each part's words go to a file of its own; whatever still runs at the end is killed.
"""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from tests.cli.processes import clean_environment, free_port
from tests.conftest import Database

PATIENCE_S = 60.0


@dataclass
class Part:
    """One process, started again on the same port as often as wanted."""

    command: str
    environment: dict[str, str]
    log: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers, if it is one that does."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, wait: bool = True) -> None:
        """Start it; an `api` answers when this returns, unless told not to wait."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fintwin", self.command], env=self.environment, stdout=log, stderr=log
            )
        if self.command == "api" and wait:
            self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/health/live", timeout=5).is_success:
                    return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """End it with signal 9, with its own children (the twin's workers)."""
        assert self.process is not None
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(self.process.pid).children(recursive=True)
            self.process.send_signal(signal.SIGKILL)
            for child in family:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as a container is ended; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)


class Parts:
    """See the module."""

    def __init__(self, database: Database, folder: Path, **environment: str) -> None:
        """``folder`` takes what the parts say; ``environment`` is added for all of them."""
        self.folder = folder
        self.started: list[Part] = []
        self._numbers = count(1)
        self.environment = clean_environment(
            **database.servers.environment()
            | {f"FINTWIN_{role.upper()}_DATABASE_URL": url for role, url in database.role_urls.items()}
            | {"DATABASE_URL": database.role_urls["api"], "REDIS_URL": database.redis_url}
            | environment
        )

    def start(self, command: str, *, wait: bool = True, **environment: str) -> Part:
        """One more process of a part."""
        port = free_port()
        told = self.environment | {"PORT": str(port)} | environment
        part = Part(command, told, self.folder / f"{command}-{next(self._numbers)}.log", port)
        self.started.append(part)
        part.start(wait=wait)
        return part

    def api(self, **environment: str) -> Part:
        """One more process of the HTTP service."""
        return self.start("api", **environment)

    def apis(self, count: int, **environment: str) -> list[Part]:
        """Several at once."""
        started = [self.start("api", wait=False, **environment) for _ in range(count)]
        for one in started:
            one.wait()
        return started

    def said(self) -> str:
        """What all of them have said."""
        return "\n".join(part.log.read_text(errors="replace") for part in self.started)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self.started:
            if part.process is not None and part.process.poll() is None:
                part.kill()
