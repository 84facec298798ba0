from collections.abc import AsyncIterator

import pytest_asyncio

from tests.api.people import Person, Service, service
from tests.conftest import Database
from tests.projector.projecting_tools import projector


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(module_database: Database) -> AsyncIterator[Service]:
    """One process of the service for the tests of a module."""
    async with service(module_database) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def projected(module_database: Database) -> AsyncIterator[None]:
    """A projector at work beside it, for modules that look at lists."""
    async with projector(module_database):
        yield


@pytest_asyncio.fixture(loop_scope="module")
async def ada(app: Service) -> Person:
    """Somebody new with a main account in EUR."""
    return await app.person()
