import signal
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from fintwin.simulations.lifeline import hold_on_to_parent

def busy(seconds):
    print(os.getpid(), flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ProcessPoolExecutor(1, mp_context=context, initializer=hold_on_to_parent).submit(busy, 60).result()
"""
PATIENCE_SECONDS = 20


def test_a_worker_ends_with_a_killed_parent(tmp_path: Path) -> None:
    """In the middle of its work, seconds after the parent was killed without a word."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_there(worker):
        assert time.monotonic() < deadline, "the worker goes on without its parent"
        time.sleep(0.05)


def is_there(pid: int) -> bool:
    """Whether a process is running; one that has ended and is not waited for yet does not count."""
    stat = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(stat) and not stat.startswith("Z")
