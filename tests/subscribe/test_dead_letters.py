from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from fintwin.subscribe import Event, release_parked, work

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def event(position: int, account: int) -> Event:
    """An event of an account."""
    return Event(
        shard=0, position=position, stream="account", stream_kind=1, stream_id=UUID(int=account), version=1,
        user_id=UUID(int=account), type="Deposited", schema_version=1, transaction_id=UUID(int=position), effective_at=MOMENT,
        recorded_at=MOMENT, payload="{}", metadata="{}", digest="", stream_hash="", hash="",
    )  # fmt: skip


class Memory:
    """An inbox that remembers what it was asked, and fails on some positions."""

    def __init__(self, bad: set[int]) -> None:
        self.bad = bad
        self.tried: list[int] = []
        self.handled: list[int] = []
        self.waiting: list[tuple[Event, str]] = []

    async def position(self) -> int:
        """The highest of both."""
        return max([*self.handled, *(one.position for one, _ in self.waiting)], default=0)

    async def handle(self, one: Event) -> None:
        """Takes it or not."""
        self.tried.append(one.position)
        if one.position in self.bad:
            raise ValueError(one.position)
        self.handled.append(one.position)

    async def park(self, one: Event, reason: str) -> None:
        """Keeps it."""
        self.waiting.append((one, reason))

    async def has_parked(self, stream: tuple[str, UUID]) -> bool:
        """By account."""
        return any((one.stream, one.stream_id) == stream for one, _ in self.waiting)

    async def parked(self) -> Sequence[Event]:
        """In order."""
        return [one for one, _ in self.waiting]

    async def release(self, one: Event) -> None:
        """The same again."""
        await self.handle(one)
        self.waiting = [(other, reason) for other, reason in self.waiting if other is not one]


async def coming(*events: Event) -> AsyncIterator[Event]:
    """A subscription that ends."""
    for one in events:
        yield one


async def test_what_fails_is_parked_with_what_follows_on_its_account() -> None:
    """After three tries; other accounts go on; released, all is handled in order, and what fails again stays with the rest."""
    inbox = Memory(bad={2, 7})
    events = [event(1, 1), event(2, 1), event(3, 2), event(4, 1), event(5, 3), event(6, 1), event(7, 3), event(8, 3)]
    await work(coming(*events), inbox, pause_s=0)
    assert inbox.handled == [1, 3, 5]
    assert inbox.tried == [1, 2, 2, 2, 3, 5, 7, 7, 7]
    waits = "an earlier event of its stream is parked"
    assert [(one.position, reason) for one, reason in inbox.waiting] == [
        (2, "ValueError(2)"), (4, waits), (6, waits), (7, "ValueError(7)"), (8, waits),
    ]  # fmt: skip
    inbox.bad = {6}
    assert await release_parked(inbox) == [2, 4, 7, 8]
    assert inbox.handled == [1, 3, 5, 2, 4, 7, 8]
    assert [one.position for one, _ in inbox.waiting] == [6]
    await work(coming(event(9, 1), event(10, 3)), inbox, pause_s=0)
    assert [one.position for one, _ in inbox.waiting] == [6, 9]
    inbox.bad = set()
    assert await release_parked(inbox) == [6, 9]
    assert inbox.handled == [1, 3, 5, 2, 4, 7, 8, 10, 6, 9]


async def test_a_store_that_cannot_park_ends_the_work() -> None:
    """Then nothing is handled any more, and nothing is lost: the position has not moved."""

    class Broken(Memory):
        async def park(self, one: Event, reason: str) -> None:
            raise OSError(one.position, reason)

    inbox = Broken(bad={2})
    with pytest.raises(OSError, match="ValueError"):
        await work(coming(event(1, 1), event(2, 1), event(3, 2)), inbox, pause_s=0)
    assert (inbox.handled, await inbox.position()) == ([1], 1)
