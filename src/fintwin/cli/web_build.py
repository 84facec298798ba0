"""Builds the web app of a checkout beside the running service, step by step, and says what each step costs.

    FinTwin is ready: http://localhost:8000
    Web app: getting its libraries (about 250 MB on disk, once)
    Web app: building
    Web app: built, 1.1 MB

An installed wheel carries the built app and has nothing to build. In a checkout the steps that are not needed are left out, so a
second start says nothing. The machine's own Node is used where it is new enough; else one comes from PyPI into `.venv`.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fintwin.embedded.accounts import Account
from fintwin.embedded.children import start_child, stop_child

NODE_MIN: Final = (20, 19)
STOP_PATIENCE_S: Final = 5.0
VITE: Final = "node_modules/vite/bin/vite.js"
TYPES: Final = ("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "src/api/schema.d.ts")
SOURCES: Final = ("src", "public", "index.html", "package-lock.json", "vite.config.ts", "openapi.json")


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what it is for; ``built`` marks the step that leaves the app behind."""

    sentence: str
    command: Sequence[str]
    built: bool = False


@dataclass(slots=True)
class WebBuild:
    """The steps one after the other, each a child of the service; `poll` is called again and again and never waits."""

    frontend: Path
    log: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    steps: list[Step]
    _child: subprocess.Popen[bytes] | None = None
    _under_way: Step | None = field(default=None)

    def poll(self) -> None:
        """Looks whether the step under way has ended, and starts the next."""
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            self._child = None
            assert self._under_way is not None, "a child belongs to a step"
            if code != 0:
                self.steps.clear()
                self.say(
                    f"Web app: that failed (exit code {code}); {self.log} says why. The interface for programs runs."
                )
                return
            if self._under_way.built:
                self.say(f"Web app: built, {size_of(self.frontend / 'dist') / 1e6:.1f} MB")
        if self.steps:
            self._start(self.steps.pop(0))

    def stop(self) -> None:
        """Ends what is under way."""
        if self._child is not None:
            stop_child(self._child, signal.SIGTERM, patience_s=STOP_PATIENCE_S)

    def _start(self, step: Step) -> None:
        self.say(f"Web app: {step.sentence}")
        self._under_way = step
        with self.log.open("ab") as log:
            self._child = start_child(
                step.command,
                account=Account(),
                death_signal=signal.SIGKILL,
                environment=self.environment,
                log=log.fileno(),
                folder=self.frontend,
            )


def web_build(
    frontend: Path, log: Path, environ: Mapping[str, str], say: Callable[[str], None], *, serve: bool = False
) -> WebBuild | None:
    """The build that a checkout needs, or None. With ``serve`` Vite's own server runs at the end, on port 3000."""
    if not (frontend / "package.json").is_file():
        return None
    own = Path(sys.executable).parent
    environment = dict(environ) | {"PATH": f"{own}:{environ.get('PATH', '')}", "NO_UPDATE_NOTIFIER": "1", "CI": "1"}
    if not environ.get("HOME"):
        environment["npm_config_cache"] = str(Path(tempfile.gettempdir()) / "fintwin-npm")
    steps: list[Step] = []
    if not has_node(environment["PATH"]):
        wanted = frontend.parent / "requirements-web.txt"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(wanted)]
        steps.append(Step("getting Node (about 60 MB, once)", command))
    if is_older(frontend / "node_modules" / ".package-lock.json", [frontend / "package-lock.json"]):
        steps.append(Step("getting its libraries (about 250 MB on disk, once)", npm("ci", "--no-audit", "--no-fund")))
    if serve:
        steps.append(Step("making the types of its client", node(*TYPES)))
        steps.append(Step("Vite serves it at http://localhost:3000", node(VITE)))
    elif is_older(frontend / "dist" / "index.html", [frontend / name for name in SOURCES]):
        steps.append(Step("making the types of its client", node(*TYPES)))
        steps.append(Step("building", node(VITE, "build"), built=True))
    return WebBuild(frontend, log, environment, say, steps) if steps else None


def npm(*words: str) -> list[str]:
    """A command of npm, found by the path of the child."""
    return ["/usr/bin/env", "npm", *words]


def node(*words: str) -> list[str]:
    """A program of the libraries, without npm in between: npm leaves its children behind when it is told to end."""
    return ["/usr/bin/env", "node", *words]


def has_node(path: str) -> bool:
    """Whether a Node that is new enough, with npm, is on a path."""
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    return version_of(told) >= NODE_MIN


def version_of(told: str) -> tuple[int, ...]:
    """The first two numbers of what `node --version` prints.

    >>> version_of("v22.12.0")
    (22, 12)
    >>> version_of("")
    ()
    """
    return tuple(int(part) for part in told.strip().removeprefix("v").split(".")[:2] if part.isdigit())


def is_older(made: Path, sources: Sequence[Path]) -> bool:
    """Whether a made file is missing or older than one of the files, or of the files in the folders, it is made from."""
    if not made.is_file():
        return True
    made_at_s = made.stat().st_mtime
    files = (path for source in sources for path in ([source] if source.is_file() else source.rglob("*")))
    return any(path.stat().st_mtime > made_at_s for path in files if path.is_file() and path.name != "schema.d.ts")


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
