import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os
from fintwin.simulations.priority import AUTOGROUP, stand_back
stand_back(12)
print(os.getsid(0) == os.getpid(), os.nice(0), AUTOGROUP.read_text() if AUTOGROUP.exists() else "")
"""


def told() -> list[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split()


def test_a_worker_leaves_for_a_session_of_its_own() -> None:
    """It leads one, and is nicer than whoever started it."""
    assert told()[:2] == ["True", str(min(19, os.nice(0) + 12))]


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel does not group by session")
def test_its_whole_session_is_nice() -> None:
    """What counts against other sessions is the niceness of the group."""
    assert told()[-2:] == ["nice", "12"]
