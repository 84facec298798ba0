import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gateway import nginx

ROOT = Path(__file__).parents[2]
SUITE = ("transactions", "money", "idempotency", "problems", "tenants", "refusals", "portfolio")
# nginx answers these itself, and otherwise: it refuses a NUL in an address, resolves `..` before it looks, and hides what is for
# operators; tests/gateway/test_nginx.py says how.
OTHERWISE = ("test_health_needs_no_token", "test_what_is_not_there")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_tests_of_the_api_pass_through_the_gateway() -> None:
    """What holds for the service itself holds for whoever comes through nginx."""
    nginx()
    files = [f"tests/api/test_{name}.py" for name in SUITE]
    left_out = " and ".join(f"not {name}" for name in OTHERWISE)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            "not slow and not soak",
            "-k",
            left_out,
            *files,
        ],
        cwd=ROOT,
        env=os.environ | {"FINTWIN_TESTS_THROUGH": "gateway"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:]
    assert " passed" in done.stdout
