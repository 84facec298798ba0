"""Keeps the parts of the service running, as child processes, until somebody says stop.

A small parent that does nothing else holds the servers and the parts: a part that crashes is started again, a killed parent takes
all of them along (see `embedded.children`), and Ctrl-C stops the parts first and the servers last. Parts are ordinary commands
(`fintwin api`, ...) that read their settings from the environment, so the same parts run in containers without this parent.

    code = supervise([Part("api", [sys.executable, "-m", "fintwin", "api"])], os.environ, ready=..., say=print)
"""

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fintwin.embedded.accounts import Account
from fintwin.embedded.children import start_child, stop_child

STOP_PATIENCE_S = 15.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_AROUND_S = 1.0
STARTING_LOOK_S = 0.02
RESTART_PAUSE_S = 0.5
SHORT_LIVES_MAX = 3
SHORT_LIFE_S = 5.0
REFUSED = 2  # the exit code of a command that says why it does not start


@dataclass(slots=True)
class Part:
    """A command that has to run all the time."""

    name: str
    command: Sequence[str]
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    short_lives: int = 0


@dataclass(slots=True)
class _Signals:
    """Wakes the loop on signals; remembers whether one of them says stop."""

    ours: socket.socket = field(init=False)
    theirs: socket.socket = field(init=False)
    stop: bool = False
    before: dict[signal.Signals, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(0)
        self.theirs.settimeout(0)
        signal.set_wakeup_fd(self.theirs.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            self.before[number] = signal.signal(number, self._stop)
        self.before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)

    def _stop(self, *_: object) -> None:
        self.stop = True

    def wait(self, timeout_s: float) -> None:
        """Returns on the next signal, or after the time."""
        if not self.stop and select.select([self.ours], [], [], timeout_s)[0]:
            self.ours.recv(4096)

    def close(self) -> None:
        """Gives the signals back."""
        signal.set_wakeup_fd(-1)
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.ours.close()
        self.theirs.close()


def supervise(
    parts: Sequence[Part],
    environment: Mapping[str, str],
    *,
    is_ready: Callable[[], bool],
    on_ready: Callable[[], None],
    look_after: Callable[[], None],
    say: Callable[[str], None],
) -> int:
    """Runs the parts until a signal; returns the exit code: 0 after a stop that was asked for.

    `on_ready` is called once, when `is_ready` first holds. `look_after` is called each time a child may have ended: the servers
    are checked there.
    """
    signals = _Signals()
    told = False
    code = 0
    try:
        while not signals.stop:
            look_after()
            given_up = _start_missing(parts, environment, say)
            if given_up is not None:
                code = given_up
                break
            if not told and is_ready():
                told = True
                on_ready()
            signals.wait(LOOK_AROUND_S if told else STARTING_LOOK_S)
    finally:
        stop_parts(parts)
        signals.close()
    return code


def _start_missing(parts: Sequence[Part], environment: Mapping[str, str], say: Callable[[str], None]) -> int | None:
    """Starts what does not run; returns an exit code when there is no point in going on."""
    for part in parts:
        if part.child is not None:
            ended = part.child.poll()
            if ended is None:
                continue
            if ended == REFUSED:  # it has said why
                return REFUSED
            part.short_lives = part.short_lives + 1 if time.monotonic() - part.started_at < SHORT_LIFE_S else 0
            if part.short_lives >= SHORT_LIVES_MAX:
                say(f"{part.name} keeps ending (exit code {ended}); FinTwin stops.")
                return 1
            say(f"{part.name} ended by itself (exit code {ended}) and is started again")
            time.sleep(RESTART_PAUSE_S)
        part.started_at = time.monotonic()
        part.child = start_child(
            part.command,
            account=Account(),
            death_signal=signal.SIGKILL,  # whoever kills the parent outright wants the port free at once
            environment=environment,
            folder=Path(os.getcwd()),  # noqa: PTH109 - the folder we were started in
        )
    return None


def stop_parts(parts: Sequence[Part]) -> None:
    """Asks all at once, then waits for each: they finish their requests side by side. Supervised parts start again."""
    running = [part.child for part in parts if part.child is not None and part.child.poll() is None]
    for child in running:
        child.send_signal(signal.SIGTERM)
    for child in running:
        stop_child(child, signal.SIGTERM, patience_s=STOP_PATIENCE_S)
    for part in parts:
        part.child = None
