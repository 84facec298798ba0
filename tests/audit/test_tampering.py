import random

import pytest

from tests.audit.books import lived_in, tampering, verified
from tests.audit.tamperings import TAMPERINGS
from tests.conftest import Database


async def locate(database: Database, number: int, seed: int) -> None:
    """Each of so many random tamperings is found, with its kind and place."""
    async with lived_in(database):
        pass
    missed = []
    for index in range(number):
        draw = random.Random(f"{seed}:{index}")
        tamper = TAMPERINGS[index % len(TAMPERINGS)]
        async with tampering(database) as connection:
            done = await tamper(connection, draw)
            report = await verified(connection)
            if report.sound or not done.told_by(report):
                missed.append((index, done.what, [fault.sentence() for fault in report.faults[:3]]))
    assert missed == []
    async with tampering(database) as connection:
        assert (await verified(connection)).sound


async def test_some_random_tamperings_are_located(database: Database) -> None:
    """Some of them, for every run of the tests."""
    await locate(database, 48, seed=3)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_random_tamperings_are_located(database: Database) -> None:
    """500 random tamperings with rows of any kind: 500 are located."""
    await locate(database, 500, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_many_random_tamperings_are_located(database: Database) -> None:
    """10,000 of them."""
    await locate(database, 10_000, seed=2)
