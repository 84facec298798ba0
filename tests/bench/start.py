"""The whole service as `make run` starts it: how soon it is ready, and how much memory its HTTP process keeps.

The limits are what a person notices: five seconds until a second start is ready, and 200 MB for the process that answers, with
a real bank's whole file imported and looked at: 46,997 rows of 1,229 accounts. These two are no ratios.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

from fintwin.embedded import EmbeddedServers
from tests.bench.http import resident_mb
from tests.bench.load import drive, request
from tests.bench.report import ROOT, Section, Target
from tests.bench.running import free_port, person
from tests.twin.berka import FOLDER

STARTS = 5
READY_S = 5
RESIDENT_MB = 200
CONNECTIONS = 16


@contextmanager
def _service(folder: Path) -> Iterator[tuple[int, float, psutil.Process]]:
    """`fintwin run` on a data folder: its port, the seconds until it was ready, and its HTTP process."""
    port = free_port()
    environment = os.environ | {"PORT": str(port), "FINTWIN_DATA": str(folder), "FINTWIN_LIMITS": "off"}
    started = time.perf_counter()
    run = subprocess.Popen([sys.executable, "-m", "fintwin", "run"], env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1):
                    break
            except OSError:
                time.sleep(0.02)
        ready_s = time.perf_counter() - started
        parts = psutil.Process(run.pid).children(recursive=True)
        yield port, ready_s, next(part for part in parts if part.cmdline()[-1:] == ["api"])
    finally:
        run.send_signal(signal.SIGINT)
        run.wait(60)


def measure(_servers: EmbeddedServers) -> Section:
    """Starts of its own: the servers of the other chapters are not used."""
    section = Section("Starting", __doc__ or "", ("what", "measured"))
    with tempfile.TemporaryDirectory(prefix="fintwin-start-") as name:
        folder = Path(name) / "data"
        with _service(folder) as (_, cold_s, _api):
            section.rows.append(("first start, a new database included", f"{cold_s:.1f} s"))
        starts = []
        for _ in range(STARTS):
            with _service(folder) as (_, ready_s, _api):
                starts.append(ready_s)
        section.rows.append(("later starts, median", f"{median(starts):.1f} s"))
        section.targets = [Target("seconds until a later start is ready, at worst", max(starts), READY_S, at_most=True)]
        if not (FOLDER / "transactions.csv").exists():
            section.text += "\n\nThe bank's file was not there: memory was not measured."
            return section
        with _service(folder) as (port, _, api):
            section.rows.append(("resident when started", f"{resident_mb(api.pid):.0f} MB"))
            mapping = str(ROOT / "docs" / "mappings" / "czech-bank.toml")
            command = [sys.executable, "-m", "fintwin", "import", str(FOLDER / "transactions.csv"), "--map", mapping]
            environment = os.environ | {"FINTWIN_DATA": str(folder)}
            began = time.perf_counter()
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            section.rows.append(("the import", f"{time.perf_counter() - began:.0f} s"))
            tokens = [person(port)[0] for _ in range(CONNECTIONS)]
            body = b'{"type":"deposit","amount":12.50,"note":"pay","category":"other"}'
            paths = ("/api/accounts/", "/api/transactions/", "/api/portfolio/", "/api/notifications/", "/api/events")

            def anything(number: int) -> bytes:
                token = tokens[number % CONNECTIONS]
                if number % 3 == 0:
                    return request("POST", "/api/transactions/", token, body)
                return request("GET", paths[number % len(paths)], token)

            drive(port, anything, connections=CONNECTIONS, seconds=5)
            resident = resident_mb(api.pid)
            section.rows.append(("resident with everything imported and in use", f"{resident:.0f} MB"))
            section.targets.append(Target("MB resident of the HTTP process", resident, RESIDENT_MB, at_most=True))
    return section
