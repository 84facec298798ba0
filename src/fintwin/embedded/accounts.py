"""Which account runs the servers, and where their data and binaries lie.

Postgres refuses to run as root. Somebody who is root (a container, a fresh machine) still gets `make run`: the servers
drop to an unprivileged account that is already there. That account must be able to walk to the data and to the server
binaries; in a clone under a private home it is not, and opening up somebody's home is not ours to do. Then both go to
`/var/lib/fintwin`, and the start says so.

    >>> Account().popen_options()
    {}
    >>> Account(uid=65534, gid=65534).popen_options()
    {'user': 65534, 'group': 65534, 'extra_groups': []}
"""

import hashlib
import os
import pwd
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fintwin.embedded.refusals import EmbeddedError

SERVICE_ACCOUNTS = ("fintwin", "nobody")
SHARED_FOLDER = Path("/var/lib/fintwin")
# Others may pass through to the folder that they own, and read nothing on the way.
PASS_THROUGH = 0o711


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs a server; without numbers it is whoever runs us."""

    uid: int | None = None
    gid: int | None = None

    def popen_options(self) -> dict[str, Any]:
        """The arguments that make `subprocess` drop to this account, supplementary groups included."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Makes this account the owner of a file or folder that we have just made."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can(self, *command: str) -> bool:
        """Whether `command` succeeds as this account: the only test that knows every kind of permission."""
        try:
            done = subprocess.run(  # noqa: S603 - our own commands, no shell input
                command, cwd="/", env={}, capture_output=True, check=False, **self.popen_options()
            )
        except OSError:
            return False
        return done.returncode == 0

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can walk to `folder`."""
        return self.uid is None or self.can("/bin/sh", "-c", 'cd "$1"', "sh", str(folder))


@dataclass(frozen=True, slots=True)
class Place:
    """The folder with everything that lasts, and the account that its servers run as."""

    folder: Path
    account: Account


def settle(wanted: Path, say: Callable[[str], None], shared: Path = SHARED_FOLDER) -> Place:
    """Decides where the data lie and who runs the servers; makes the folder."""
    wanted = wanted.resolve()
    if os.geteuid() != 0:
        _make(wanted, 0o700)
        return Place(wanted, Account())
    moved = shared / _name_for(wanted)
    for folder in (moved, wanted):
        if (folder / "postgres").is_dir():
            return _existing(folder, wanted, say)
    account = service_account()
    made = _make(wanted, PASS_THROUGH)
    if account.can_enter(wanted):
        return Place(wanted, account)
    if made:
        wanted.rmdir()
    _make(shared, 0o755)
    _make(moved, PASS_THROUGH)
    _say_moved(say, wanted, moved, account)
    return Place(moved, account)


def is_settled(wanted: Path, shared: Path = SHARED_FOLDER) -> bool:
    """Whether servers were ever started on this data folder; makes nothing."""
    wanted = wanted.resolve()
    folders = (wanted, shared / _name_for(wanted))
    try:
        return any((folder / name).exists() for folder in folders for name in ("lock", "postgres"))
    except PermissionError:
        return True  # whose it is, and that it cannot be used, is told by whoever uses it


def service_account() -> Account:
    """The unprivileged account that root drops to: `fintwin` where an administrator made one, else `nobody`."""
    for name in SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    msg = "Postgres does not run as root and there is no account named fintwin or nobody: run FinTwin as an ordinary user."
    raise EmbeddedError(msg)


def _existing(folder: Path, wanted: Path, say: Callable[[str], None]) -> Place:
    """Data that are there keep their place and their owner: moving on would look like losing them."""
    status = (folder / "postgres").stat()
    account = Account(status.st_uid, status.st_gid)
    if status.st_uid == 0:
        msg = f"{folder}/postgres belongs to root, and Postgres does not run as root: give it to another account."
        raise EmbeddedError(msg)
    if not account.can_enter(folder / "postgres"):
        msg = f"The data in {folder} belong to user id {status.st_uid}, who can no longer reach that folder."
        raise EmbeddedError(msg)
    if folder != wanted:
        _say_moved(say, wanted, folder, account)
    return Place(folder, account)


def _say_moved(say: Callable[[str], None], wanted: Path, folder: Path, account: Account) -> None:
    name = pwd.getpwuid(account.uid).pw_name if account.uid is not None else "the servers' account"
    say(
        f"{name}, who runs the servers for root, cannot reach {wanted}: data and server binaries are in {folder.parent}"
    )
    say(f"data: {folder}")


def _name_for(wanted: Path) -> str:
    """A name of its own for every checkout that had to move, readable and short."""
    owner = re.sub(r"[^A-Za-z0-9]+", "-", wanted.parent.name).strip("-")[:24] or "data"
    return f"{owner}-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:8]}"


def _make(folder: Path, mode: int) -> bool:
    """Makes `folder` with exactly `mode`, whatever the umask; says whether it was missing. Leaves others as they are."""
    try:
        if folder.is_dir():
            return False
        folder.mkdir(parents=True)
        folder.chmod(mode)
    except OSError as error:
        msg = (
            f"The data folder {folder} cannot be reached or made ({error.strerror}): choose another with FINTWIN_DATA."
        )
        raise EmbeddedError(msg) from error
    return True
