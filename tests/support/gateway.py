"""nginx itself, with the very configuration of docker/, in front of processes on this machine.

    with gateway(tmp_path, [first.url, second.url]) as url:
        httpx.get(f"{url}/api/auth/config")

The configuration is copied byte for byte; only what docker/nginx.conf keeps in files of their own because it differs from place
to place is written anew: where the service is, where to listen, and (unless told otherwise) how much one address may ask.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.cli.processes import free_port

DOCKER = Path(__file__).parents[2] / "docker"
WEB = Path(__file__).parents[2] / "frontend" / "dist"
PATIENCE_S = 20.0
WIDE = "limit_req_zone $binary_remote_addr zone=requests:1m rate=10000r/s;\nlimit_conn_zone $binary_remote_addr zone=open:1m;\n"


def nginx() -> str:
    """The program; a test without it is skipped."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("nginx is not installed (Debian: nginx-light)")
    return found


def lay_out(folder: Path, upstreams: Sequence[str], port: int, *, shipped_limits: bool, google: bool = False) -> None:
    """Copies the configuration and writes what differs here."""
    shutil.copytree(DOCKER / "gateway", folder / "gateway")
    shutil.copy(DOCKER / "nginx.conf", folder)
    servers = "".join(f"server {url.removeprefix('http://')} max_fails=2 fail_timeout=2s;\n" for url in upstreams)
    (folder / "gateway" / "upstream.conf").write_text(servers)
    (folder / "gateway" / "listen.conf").write_text(f"listen 127.0.0.1:{port};\n")
    if not shipped_limits:
        (folder / "gateway" / "limits.conf").write_text(WIDE)
    if google:
        shutil.copy(folder / "gateway" / "policy-google.conf", folder / "gateway" / "policy.conf")
    (folder / "run").mkdir()
    if WEB.is_dir():
        shutil.copytree(WEB, folder / "web")
    else:
        (folder / "web" / "assets").mkdir(parents=True)
        (folder / "web" / "index.html").write_text("<!doctype html><title>FinTwin</title>")
        (folder / "web" / "mark.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        (folder / "web" / "assets" / "main-0123.js").write_text("0;")
    # As root its workers are `nobody`, who has to find the files.
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _unprivileged() -> dict[str, int]:
    """Root starts it as `nobody`: the container has no root either."""
    return {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}


@contextmanager
def gateway(
    folder: Path, upstreams: Sequence[str], *, shipped_limits: bool = False, google: bool = False
) -> Iterator[str]:
    """A running gateway; gives its address. Its own words are in ``folder/said``."""
    program, port = nginx(), free_port()
    lay_out(folder, upstreams, port, shipped_limits=shipped_limits, google=google)
    options = _unprivileged()
    if options:
        # It opens what it writes to anew, as whoever it is.
        (folder / "said").touch()
        for path in (folder / "run", folder / "said"):
            os.chown(path, options["user"], options["group"])
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [program, "-p", f"{folder}/", "-c", "nginx.conf"], stdout=said, stderr=said, **options
        )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert process.poll() is None, (folder / "said").read_text()
            assert time.monotonic() < deadline, "nginx does not answer"
            with suppress(httpx.TransportError):
                httpx.get(url, timeout=5)
                break
            time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait(10)
