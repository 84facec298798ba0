import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from tests.tidy import rules

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "src" / "fintwin"
CORE = ("domain", "projections", "twin")
# Made by tools or by others; nobody writes them by hand.
MADE = ("requirements.txt", "requirements-dev.txt", "LICENSE", "package-lock.json", ".secrets.baseline")
TEXT = {
    ".py",
    ".sql",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".json",
    ".ts",
    ".tsx",
    ".css",
    ".html",
    ".sh",
    ".conf",
    "",
    ".cfg",
}


def modules(*folders: str) -> list[Path]:
    """Our modules, all of them or those of some sub-packages."""
    places = [PACKAGE / folder for folder in folders] or [PACKAGE]
    return sorted(path for place in places for path in place.rglob("*.py"))


@cache
def committed() -> tuple[Path, ...]:
    """What git knows, or everything that is not generated where there is no git (an unpacked archive)."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
        return tuple(path for name in names if (path := ROOT / name).is_file())
    folders = ("src", "tests", "docs", "migrations", "projections", "docker")
    return tuple(path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())


def complaints(rule: rules.Rule, paths: Iterable[Path]) -> list[str]:
    """Every complaint as `file:line: what and remedy`."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in paths
        for line, text in rule(path.read_text("utf-8", errors="replace"))
    ]


def assert_none(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("rule", [rules.module_length, rules.function_length, rules.forbidden_marks])
def test_every_module(rule: rules.Rule) -> None:
    """Modules and functions stay short, and nothing is left open."""
    assert_none(complaints(rule, modules()))


def test_every_module_explains_itself() -> None:
    """What it is, why, and one worked example; a package's `__init__` need not."""
    assert_none(complaints(rules.module_docstring, [path for path in modules() if path.name != "__init__.py"]))


@pytest.mark.parametrize("rule", [rules.float_money, rules.impurity])
def test_the_core_is_pure_and_exact(rule: rules.Rule) -> None:
    """No float money, no waiting, no clock and no chance in the core."""
    assert_none(complaints(rule, modules(*CORE)))


def test_every_test_states_its_fact() -> None:
    """One sentence each."""
    assert_none(complaints(rules.test_docstring, sorted((ROOT / "tests").rglob("test_*.py"))))


def test_every_name_says_something() -> None:
    """No `utils`, `helpers`, `manager` or `service`: a thing is called what it is."""
    found = [
        f"{path.relative_to(ROOT)}: name it after what it does"
        for place in (PACKAGE, ROOT / "tests")
        for path in place.rglob("*")
        if rules.says_nothing(path.name) and (path.is_dir() or path.suffix == ".py")
    ]
    assert_none(found)


def test_every_read_model_is_complete() -> None:
    """A module of `projections` with `keys` and `fold` has its SQL and its test."""
    missing = []
    for path in modules("projections"):
        if not rules.defines(path.read_text("utf-8"), "keys", "fold"):
            continue
        wanted = [ROOT / "projections" / path.stem / f"{part}.sql" for part in ("table", "queries")]
        wanted.append(ROOT / "tests" / "projections" / f"test_{path.stem}.py")
        missing += [
            f"{path.relative_to(ROOT)}: write {each.relative_to(ROOT)}" for each in wanted if not each.is_file()
        ]
    assert_none(missing)


def test_nothing_committed_knows_one_machine() -> None:
    """No path and no package host of the machine it was written on."""
    paths = [path for path in committed() if path.suffix in TEXT and path.name not in MADE]
    assert paths
    assert_none(complaints(rules.of_one_machine, paths))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_exact_and_name_no_host(name: str) -> None:
    """Every package has one version and its hashes; where it comes from is the installing machine's business."""
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text, f"{name} names an address: make it anew with `make lock`"
    assert not [word for word in ("--index", "--extra-index", "--find-links") if word in text], (
        "make it anew with `make lock`"
    )
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(entries) > 30
    assert all("==" in entry for entry in entries)
    assert text.count("--hash=sha256:") >= len(entries)


def test_requirements_match_the_declared_dependencies() -> None:
    """Each dependency of pyproject.toml is in the locked set."""
    import tomllib

    import packaging.requirements

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    locked = {}
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            name, _, rest = line.partition("==")
            locked[name.lower()] = rest.split()[0]
    for text in declared:
        wanted = packaging.requirements.Requirement(text)
        assert wanted.name.lower() in locked, f"{wanted.name} is not locked: run `make lock`"
        assert wanted.specifier.contains(locked[wanted.name.lower()]), f"{text} is not what is locked: run `make lock`"
