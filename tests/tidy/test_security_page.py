import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_security_page_names_tests_that_exist(path: str, name: str) -> None:
    """A threat whose test was renamed or went would be a claim without proof."""
    source = (ROOT / path).read_text("utf-8")
    assert f"def {name}(" in source, f"{path} has no {name}: correct docs/security.md"


def test_every_threat_has_a_test() -> None:
    """Each row of the tables ends with at least one."""
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith("| threat |")]
    assert len(rows) > 30
    for row in rows:
        assert re.search(r"`tests/[\w/]+\.py::\w+`", row.rstrip(" |").rsplit("|", 1)[-1]), row
