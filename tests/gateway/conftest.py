from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Database, reachable_folder
from tests.support.gateway import gateway
from tests.support.parts import Part, Parts


@dataclass
class Site:
    """Two processes of the service and a projector behind nginx."""

    url: str
    parts: Parts
    apis: list[Part]
    folder: Path


@pytest.fixture(scope="module")
def site(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The processes of compose.yaml that answer people, for the tests of a module."""
    said = tmp_path_factory.mktemp("parts")
    with (
        reachable_folder() as folder,
        Parts(module_database, said, FINTWIN_LIMITS="off", FINTWIN_TRUSTED_PROXIES="127.0.0.1") as parts,
    ):
        parts.start("projector")
        apis = parts.apis(2)
        with gateway(folder / "site", [one.url for one in apis]) as url:
            yield Site(url, parts, apis, folder / "site")
