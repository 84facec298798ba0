"""What FinTwin is made of: a bill of materials that is complete, and floors that can be had."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def names(requirements: str) -> dict[str, str]:
    """Package to version, of a locked file of requirements."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", requirements, re.MULTILINE))


def test_the_bill_of_materials_names_everything_that_runs(tmp_path: Path) -> None:
    """Every package of requirements.txt with its version and hashes, in CycloneDX."""
    file = tmp_path / "sbom.json"
    command = [
        Path(sys.executable).parent / "cyclonedx-py", "requirements", "requirements.txt", "--pyproject", "pyproject.toml",
        "--output-reproducible", "--of", "JSON", "--output-file", file,
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    told = json.loads(file.read_bytes())
    assert told["bomFormat"] == "CycloneDX"
    found = {one["name"].lower(): one for one in told["components"]}
    wanted = names((ROOT / "requirements.txt").read_text())
    assert {name: found[name]["version"] for name in wanted} == wanted
    hashed = [one for one in found.values() if any("hashes" in each for each in one.get("externalReferences", []))]
    assert len(hashed) == len(found)


def test_every_dependency_has_a_floor_at_or_below_what_is_locked() -> None:
    """`make floors` runs the tests with the oldest versions that are promised; each promise has to name one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = names((ROOT / "requirements.txt").read_text())
    for dependency in project["dependencies"]:
        match = re.match(r"([a-z0-9-]+)(?:\[[a-z,]+\])?>=([0-9.]+)", dependency)
        assert match, f"{dependency}: say the oldest version that works"
        floor = [int(part) for part in match[2].split(".")]
        assert [int(part) for part in re.findall(r"\d+", locked[match[1]])[: len(floor)]] >= floor, dependency


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-failover.txt"])
def test_every_requirement_is_pinned_by_hash(file: str) -> None:
    """What is installed is what was looked at."""
    text = (ROOT / file).read_text()
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9._-]+==\S+", block), block[:80]
        assert "--hash=sha256:" in block, block[:80]
