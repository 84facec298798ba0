"""Questions that go together: how many, how often at once, and each with its own answer."""

import asyncio

import pytest

from fintwin.store.together import IN_FLIGHT_MAX, Together

pytestmark = pytest.mark.asyncio


async def test_all_places_are_taken_at_once() -> None:
    """Where more ask than go together, as many questions set out as may, the rest follows, and everybody gets the own answer."""
    asked: list[int] = []
    most = 0
    under_way = 0

    async def ask(questions: list[int]) -> list[str]:
        nonlocal most, under_way
        asked.append(len(questions))
        under_way += 1
        most = max(most, under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        under_way -= 1
        return [str(one) for one in questions]

    together: Together[int, str] = Together(ask, together_max=8)
    answers = await asyncio.gather(*(together.of(number) for number in range(20)))
    assert answers == [str(number) for number in range(20)]
    assert asked == [8, 8, 4]
    assert most == IN_FLIGHT_MAX
