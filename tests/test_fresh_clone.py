import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fintwin.embedded.accounts import SHARED_FOLDER
from tests.cli.processes import free_port, servers_of, wait_until

ROOT = Path(__file__).parent.parent
IS_ROOT = os.geteuid() == 0
SETUP_PATIENCE_S = 600.0
# A subset of the tests that needs servers, tools and git, and takes seconds: that the rest passes is what we are in.
SOME_TESTS = "tests/test_settings.py tests/tidy tests/embedded/test_databases.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout: there is nothing to clone"),
]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a fresh clone: where it is, the environment they have, and who they are."""

    clone: Path
    environment: dict[str, str]
    options: dict[str, Any]

    def make(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Starts `make` in the clone, in a session of its own like a terminal."""
        return subprocess.Popen(
            ["make", *words],
            cwd=self.clone,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **self.options,
        )


@pytest.fixture(params=["ordinary user", "root under a private home", "empty HOME", "path with spaces"], scope="module")
def person(request: pytest.FixtureRequest) -> Iterator[Person]:
    """The people that README promises its two commands to."""
    if request.param == "root under a private home" and not IS_ROOT:
        pytest.skip("needs root: it is about what root meets")
    folder = Path(tempfile.mkdtemp(prefix="fintwin-clone-"))
    folder.chmod(0o755)
    home = folder / "home"
    home.mkdir(mode=0o755)
    clone = home / ("a clone of it" if request.param == "path with spaces" else "fintwin")
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"} or name.startswith("PIP_")}
    environment = kept | {"HOME": "" if request.param == "empty HOME" else str(home)}
    options: dict[str, Any] = {}
    if request.param == "root under a private home":
        home.chmod(0o700)
    if request.param == "ordinary user" and IS_ROOT:
        entry = pwd.getpwnam("nobody")
        subprocess.run(["chown", "-R", f"{entry.pw_uid}:{entry.pw_gid}", str(home)], check=True)
        options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    before = set(SHARED_FOLDER.iterdir()) if SHARED_FOLDER.is_dir() else set()
    try:
        yield Person(clone, environment, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for made in set(SHARED_FOLDER.iterdir()) - before if SHARED_FOLDER.is_dir() else ():
            shutil.rmtree(made, ignore_errors=True)


def test_make_run_answers_and_stops(person: Person) -> None:
    """From the clone to an answer over HTTP in one command; Ctrl-C leaves no server and no changed folder."""
    home_mode = stat.S_IMODE(person.clone.parent.stat().st_mode)
    port = free_port()
    with person.make("run", PORT=str(port)) as process:
        said: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if f"http://localhost:{port}" in line:
                break
        else:
            pytest.fail("it ended: " + "".join(said))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as answer:
            assert answer.status == 200
        moved = re.search(r"^data: (.+)$", "".join(said), re.MULTILINE)
        data = Path(moved.group(1)) if moved else person.clone / ".fintwin"
        assert servers_of(data)
        os.killpg(process.pid, signal.SIGINT)
        said += list(process.stdout)
        # The service itself ends with 0; make, which got the same signal, passes it on to whoever called it.
        assert process.wait(30) in {0, -signal.SIGINT}, "".join(said)
        assert said[-1] == "FinTwin has stopped.\n"
    wait_until(lambda: not servers_of(data), "the servers' end")
    assert stat.S_IMODE(person.clone.parent.stat().st_mode) == home_mode
    status = subprocess.run(
        ["git", "-c", "safe.directory=*", "status", "--porcelain"],
        cwd=person.clone,
        capture_output=True,
        text=True,
        check=True,
    )
    assert status.stdout == "", "the clone shows changes: .gitignore misses something"


def test_make_test_ends_with_its_closing_line(person: Person) -> None:
    """The tests run there and end with what passed, and with why something was skipped."""
    with person.make("test", f"ARGS={SOME_TESTS}") as process:
        text, _ = process.communicate(timeout=SETUP_PATIENCE_S)
    assert process.returncode == 0, text
    assert re.search(r"\d+ passed", text.splitlines()[-1]), text
