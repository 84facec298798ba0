"""The service as a process of its own, as people start it, for benchmarks."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fintwin.embedded import EmbeddedServers


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(servers: EmbeddedServers, *parts: str) -> Iterator[tuple[int, list[subprocess.Popen[bytes]]]]:
    """``fintwin api`` (and other parts) against these servers; gives the port and the processes."""
    port = free_port()
    quiet = {"FINTWIN_LIMITS": "off", "FINTWIN_LOG_LEVEL": "warning"}
    environment = os.environ | servers.environment() | {"PORT": str(port)} | quiet
    processes = [subprocess.Popen([sys.executable, "-m", "fintwin", part], env=environment) for part in ("api", *parts)]
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield port, processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def call(port: int, method: str, path: str, token: str | None = None, body: Any = None) -> Any:
    """One request and its JSON answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        method=method,
        headers=headers,
        data=None if body is None else json.dumps(body).encode(),
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.loads(answer.read())


def person(port: int) -> tuple[str, str]:
    """A new demo user with a profile: token and id."""
    entered = call(port, "POST", "/api/auth/demo", body={})
    profile = {
        "account_name": "Main",
        "currency_preference": "EUR",
        "monthly_income": 0,
        "financial_goal": "savings",
        "risk_appetite": "low",
    }
    call(port, "PUT", "/api/auth/profile", entered["ft_token"], profile)
    return entered["ft_token"], entered["user"]["id"]
