"""Prints the OpenAPI document of the handlers, as `frontend/openapi.json` keeps it: `python -m tests.browser.document`."""

import json
import sys
from pathlib import Path
from unittest.mock import MagicMock

from fintwin.api.app import create_app

KEPT = Path(__file__).parents[2] / "frontend" / "openapi.json"


def document() -> str:
    """The document needs the handlers only; no part of the service is touched."""
    return json.dumps(create_app(MagicMock()).document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
