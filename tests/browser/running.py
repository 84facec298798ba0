"""A whole service for a browser, and the programs that drive the browser.

with running_service() as service:
    run_script("smoke.mjs", service.url)
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from fintwin.embedded.ports import free_port
from tests.conftest import reachable_folder

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
START_PATIENCE_S = 60.0


def missing() -> str | None:
    """What a browser test lacks here, in a sentence, or None."""
    if not CHROMIUM.exists():
        return f"no Chromium at {CHROMIUM}: install the package chromium"
    if shutil.which("node", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}") is None:
        return "no Node: `make setup-web` gets one"
    if not (FRONTEND / "node_modules" / "playwright-core").is_dir():
        return "frontend/node_modules is missing: `make setup-web`"
    if not (FRONTEND / "dist" / "index.html").is_file():
        return "the web app is not built: `make web`"
    return None


@dataclass
class Service:
    """A `fintwin run` of its own; it can be killed and started again on the same data and port."""

    url: str
    port: int
    data: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        environ = os.environ | {"PORT": str(self.port), "FINTWIN_DATA": str(self.data)}
        command = [sys.executable, "-m", "fintwin", "run"]
        with (self.data.parent / "service.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, cwd=ROOT)
        until = time.monotonic() + START_PATIENCE_S
        while not self._answers():
            assert self.process.poll() is None, (self.data.parent / "service.log").read_text()[-2000:]
            assert time.monotonic() < until, "the service does not answer"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/health/ready", timeout=1) as answer:  # noqa: S310 - our own service
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ends it, gently unless told otherwise."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)


@contextmanager
def running_service() -> Iterator[Service]:
    """A fresh service with nobody in it."""
    with reachable_folder() as folder:
        port = free_port()
        service = Service(f"http://localhost:{port}", port, folder / "data")
        service.start()
        try:
            yield service
        finally:
            service.end()


def run_script(name: str, *words: str, timeout_s: float = 110.0) -> str:
    """Runs a program of `frontend/e2e`; returns what it prints, and fails with it where it fails."""
    with script_started(name, *words) as script:
        told, faults = script.communicate(timeout=timeout_s)
    assert script.returncode == 0, f"{told[-3000:]}\n{faults[-2000:]}"
    return told


def script_started(name: str, *words: str) -> subprocess.Popen[str]:
    """A program of `frontend/e2e` that one can talk with."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.Popen(
        ["node", f"e2e/{name}", *words],
        cwd=FRONTEND,
        env=os.environ | {"PATH": path, "CHROMIUM": str(CHROMIUM)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
