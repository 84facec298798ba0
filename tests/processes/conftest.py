from collections.abc import Iterator

import pytest

from tests.conftest import Database
from tests.identity.issuer import Issuer
from tests.processes.composed import House, composed


@pytest.fixture(scope="module")
def house(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two processes of the service, projector and publisher, each with no more than its container is given."""
    with Issuer() as issuer, composed(module_database, tmp_path_factory.mktemp("said"), issuer) as running:
        yield running
