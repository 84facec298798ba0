import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built as `make wheel` builds it."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(target.glob("fintwin-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the wheel in it; the dependencies are lent from ours."""
    folder = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, str(wheel)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "lent.pth").write_text(sysconfig.get_paths()["purelib"])
    return python


def test_the_wheel_carries_the_sql_and_no_tests(wheel: Path) -> None:
    """Every SQL file of the checkout is in it, the licence too, and nothing that only developers need."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("migrations", "projections"):
        for path in (ROOT / folder).rglob("*.sql"):
            assert f"fintwin/_sql/{path.relative_to(ROOT)}" in names
    assert any(name.startswith("fintwin/_sql/migrations/") for name in names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests", "docs")) or "__pycache__" in name]


def test_the_installed_command_runs(installed: Path) -> None:
    """`fintwin --version` works without a checkout."""
    done = subprocess.run(
        [installed.with_name("fintwin"), "--version"], check=True, capture_output=True, text=True, cwd="/"
    )
    assert done.stdout.startswith("fintwin, version ")


def test_the_installed_package_finds_its_sql(installed: Path) -> None:
    """Migrations come from inside the wheel, not from a checkout that happens to be near."""
    code = "from fintwin.settings import sql_folder; print(sql_folder('migrations'))"
    done = subprocess.run([installed, "-c", code], check=True, capture_output=True, text=True, cwd="/")
    found = Path(done.stdout.strip())
    assert found.is_relative_to(installed.parent.parent)
    assert (found / "roles.sql").read_text() == (ROOT / "migrations" / "roles.sql").read_text()
