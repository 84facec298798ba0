import os
import sys
import time
from pathlib import Path

import pytest

from fintwin.cli.web_build import Step, WebBuild, has_node, is_older, web_build


def ended(build: WebBuild) -> None:
    """Polls until nothing is under way."""
    until = time.monotonic() + 20
    while build.steps or build._child is not None:
        build.poll()
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def said() -> list[str]:
    """What is told to the person who watches."""
    return []


def test_steps_run_one_after_the_other(tmp_path: Path, said: list[str]) -> None:
    """Each is said when it starts; the one that builds says the size of what it built."""
    (tmp_path / "dist").mkdir()
    write = "import pathlib; pathlib.Path('dist/index.html').write_bytes(b'x' * 2_000_000)"
    steps = [Step("first", [sys.executable, "-c", ""]), Step("building", [sys.executable, "-c", write], built=True)]
    ended(WebBuild(tmp_path, tmp_path / "log", os.environ, said.append, steps))
    assert said == ["Web app: first", "Web app: building", "Web app: built, 2.0 MB"]


def test_a_failed_step_ends_the_build_and_says_where_to_look(tmp_path: Path, said: list[str]) -> None:
    """The service goes on; the later steps are left out; the reason is in the log."""
    steps = [Step("first", [sys.executable, "-c", "raise SystemExit('no disk')"]), Step("second", [sys.executable])]
    ended(WebBuild(tmp_path, tmp_path / "log", os.environ, said.append, steps))
    assert len(said) == 2
    assert str(tmp_path / "log") in said[1]
    assert "no disk" in (tmp_path / "log").read_text()


def test_stopping_ends_what_is_under_way(tmp_path: Path, said: list[str]) -> None:
    """Ctrl-C leaves no build behind."""
    build = WebBuild(tmp_path, tmp_path / "log", os.environ, said.append, [Step("long", ["sleep", "60"])])
    build.poll()
    child = build._child
    assert child is not None
    build.stop()
    assert child.poll() is not None


def test_what_is_built_already_is_not_built_again(tmp_path: Path, said: list[str]) -> None:
    """A second start has nothing to do; a changed source has."""
    frontend = tmp_path / "frontend"
    for name in (
        "package.json",
        "package-lock.json",
        "src/main.tsx",
        "node_modules/.package-lock.json",
        "dist/index.html",
    ):
        path = frontend / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (1000, 1000))
    if not has_node(os.environ["PATH"]):
        pytest.skip("no Node on this machine: its installation would be a step as well")
    assert web_build(frontend, tmp_path / "log", os.environ, said.append) is None
    os.utime(frontend / "src" / "main.tsx", (2000, 2000))
    build = web_build(frontend, tmp_path / "log", os.environ, said.append)
    assert build is not None
    assert [step.sentence for step in build.steps] == ["making the types of its client", "building"]


def test_a_wheel_has_nothing_to_build(tmp_path: Path, said: list[str]) -> None:
    """Without a package.json there is no checkout."""
    assert web_build(tmp_path, tmp_path / "log", os.environ, said.append) is None


def test_what_is_not_there_is_older_than_everything(tmp_path: Path) -> None:
    """A missing build has to be made."""
    assert is_older(tmp_path / "gone", [])
