"""Child processes that never outlive their parent, and the finding of those that somehow did.

A server left behind by a killed service holds the data folder and its ports, so the next start fails in a confusing way.
On Linux every child therefore asks the kernel for a signal when its parent dies (`PR_SET_PDEATHSIG`); elsewhere, and for
whatever slips through, `reap` finds processes by name and working directory and ends them before a start.

Two traps: the signal fires when the *thread* that forked ends, so children are started from the main thread; and changing
the user id clears it, so it is set after that, in `preexec_fn`, which runs last before `exec`.

    child = start_child([str(postgres), "-D", str(data)], account=account, log=log, death_signal=signal.SIGINT)
    ...
    stop_child(child, signal.SIGINT, patience_s=10)
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from fintwin.embedded.accounts import Account

PR_SET_PDEATHSIG = 1


def start_child(
    command: Sequence[str],
    *,
    account: Account,
    death_signal: signal.Signals,
    environment: Mapping[str, str],
    log: IO[bytes] | int | None = None,
    stdin: int = subprocess.DEVNULL,
    folder: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    """Starts `command` in a session of its own, so that Ctrl-C in the terminal reaches the parent alone."""
    assert threading.current_thread() is threading.main_thread(), "children belong to the main thread"
    return subprocess.Popen(  # noqa: S603 - our own binaries, no shell
        list(command),
        stdin=stdin,
        stdout=log,
        stderr=subprocess.STDOUT if log is not None else None,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
        preexec_fn=_die_with_parent(death_signal),  # noqa: PLW1509 - the one way to set it after the user id
        **account.popen_options(),
    )


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """The last thing a child does before `exec`; everything it needs is looked up before the fork."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()
    number = int(death_signal)

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died between the fork and the call
            os._exit(1)

    return arrange


def stop_child(child: subprocess.Popen[bytes], first_signal: signal.Signals, *, patience_s: float) -> None:
    """Asks politely, waits, then kills."""
    if child.poll() is not None:
        return
    child.send_signal(first_signal)
    try:
        child.wait(patience_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def left_behind(name: str, folder: Path) -> list[psutil.Process]:
    """Processes called `name` whose working directory is `folder`: those of an earlier start."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != name or process.pid == os.getpid():
            continue
        try:
            if Path(process.cwd()) == folder.resolve():
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def reap(name: str, folder: Path, signals: Sequence[signal.Signals], *, patience_s: float) -> int:
    """Ends what an earlier start left behind, gently first; returns how many processes there were."""
    alive = left_behind(name, folder)
    count = len(alive)
    for number in signals:
        if not alive:
            break
        for process in alive:
            try:
                process.send_signal(number)
            except psutil.Error:
                continue
        _, alive = psutil.wait_procs(alive, timeout=patience_s)
    return count
