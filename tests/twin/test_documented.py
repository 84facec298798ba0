import json
import re
from pathlib import Path

import msgspec

from fintwin.twin.checks import check
from fintwin.twin.scenario import Document, Returns, Step

PAGE = Path(__file__).parents[2] / "docs" / "twin.md"


def test_the_documents_example_is_a_document() -> None:
    """The JSON of the page decodes, field by field, and passes the checks."""
    found = re.search(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    body = json.loads(found[1])
    assert body.pop("save") is True
    document = msgspec.convert(body, Document)
    check(document)
    assert len(document.steps) == 3


def test_every_step_and_return_is_documented() -> None:
    """The page names each type that documents may hold."""
    page = PAGE.read_text("utf-8")
    for kind in (*Step.__args__, *Returns.__args__):
        assert f"`{kind.__struct_config__.tag}`" in page or f'"{kind.__struct_config__.tag}"' in page
