"""Starting FinTwin's commands as people do, and looking at what they leave behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PATIENCE_S = 30.0
# Secrets and addresses of whoever runs the tests must not reach a service under test.
KEPT = ("PATH", "PYTHONPATH", "LANG", "TZ", "SSL_CERT_FILE")


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | {"HOME": "/nonexistent"} | more


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Polls; fails with `what` when it does not come true in time."""
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, f"waited {patience_s:.0f} s in vain: {what}"
        time.sleep(0.01)


def servers_of(data: Path) -> list[psutil.Process]:
    """Every Postgres and Valkey process that works in the data folder."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] in {"postgres", "valkey-server"}:
            try:
                inside = Path(process.cwd()).is_relative_to(data.resolve())
            except psutil.Error:
                continue
            if inside:
                found.append(process)
    return found


def children_of(pid: int, name: str) -> list[psutil.Process]:
    """The direct children that are called `name`; one that ends while we look is none."""
    found = []
    for child in psutil.Process(pid).children():
        try:
            if child.name() == name:
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


@contextmanager
def running(*command: str, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command in the background, its words in `log`; what is left of it afterwards is killed."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=clean_environment(**environment),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
