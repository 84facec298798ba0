"""Following a run of the twin until something is to be seen."""

import asyncio

from tests.api.people import Answer, Person

TRIES = 1_200
PAUSE_SECONDS = 0.05


async def ended(person: Person, address: str) -> Answer:
    """The answer at the end of a run."""
    for _ in range(TRIES):
        answer = await person.get(address)
        if answer.status != 202:
            return answer
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError(f"{address} goes on and on")


async def begun_to_tell(person: Person, address: str) -> Answer:
    """The first answer that tells of months done."""
    for _ in range(TRIES):
        answer = await person.get(address)
        if answer.status != 202 or answer.json["done"]:
            return answer
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError(f"{address} does not begin")
