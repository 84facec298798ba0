"""schemathesis draws requests from the OpenAPI document, right ones and wrong ones, and holds every answer against it.

No answer is a 5xx, all of them are as the document says, what the document forbids is refused, and nothing is open to nobody that
should not be. What is left out, and why, is in `schemathesis.toml` beside this.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import Database
from tests.support.parts import Part, Parts

CONFIG = Path(__file__).with_name("schemathesis.toml")
GENERATED = re.compile(r"(\d+) generated")


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> Iterator[Parts]:
    """The service as processes."""
    with Parts(database, tmp_path, FINTWIN_LIMITS="off") as running:
        yield running


def fuzz(api: Part, folder: Path, *, seed: int, seconds: int, examples: int) -> int:
    """One run as a lived-in person; how many cases there were. Fails with what schemathesis says."""
    entered = httpx.post(f"{api.url}/api/auth/demo", json={"sample": True}, timeout=120)
    assert entered.status_code == 200, entered.text
    # One worker: two of them parse the same sources at once, which this Python's parser does not survive (SystemError).
    command = [
        Path(sys.executable).parent / "schemathesis", "--config-file", CONFIG, "run", f"{api.url}/api/schema/openapi.json",
        "--header", f"Authorization: Bearer {entered.json()['ft_token']}", "--seed", str(seed), "--max-time", str(seconds),
        "--max-examples", str(examples), "--workers", "1", "--request-timeout", "60", "--no-color", "--continue-on-failure",
        "--suppress-health-check", "all", "--generation-database", ":memory:",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout[-40_000:] + done.stderr[-2_000:]
    told = GENERATED.search(done.stdout)
    assert told, done.stdout[-2_000:]
    return int(told[1])


def no_faults(parts: Parts) -> None:
    """What the service itself has said meanwhile."""
    said = parts.said()
    assert "request failed" not in said
    assert '"status":500' not in said


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_answers_are_what_the_document_says(parts: Parts, tmp_path: Path) -> None:
    """The short form: half a minute."""
    api = parts.api()
    parts.start("projector")
    cases = fuzz(api, tmp_path, seed=1, seconds=30, examples=5)
    assert cases > 200
    no_faults(parts)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_a_hundred_thousand_answers_are_what_the_document_says(parts: Parts, tmp_path: Path) -> None:
    """The long form: 100,000 cases, one seed after the other, each as somebody new."""
    api = parts.api()
    parts.start("projector")
    cases, seed = 0, 1
    while cases < 100_000:
        seed += 1
        cases += fuzz(api, tmp_path, seed=seed, seconds=600, examples=200)
    no_faults(parts)
    print(f"{cases:,} cases, {seed - 1} seeds")  # noqa: T201
