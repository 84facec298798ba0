"""Places, the waiting room, and what is given up."""

import asyncio

import pytest

from fintwin.api import room as module
from fintwin.api.room import Room, Visit


async def stay(room: Room, leave: asyncio.Event, *, shed_last: bool = False) -> bool:
    """One request: whether it was let in."""
    visit = Visit()
    if not await room.enter(visit, shed_last=shed_last):
        return False
    try:
        await leave.wait()
    finally:
        room.leave(visit)
    return True


async def started(*tasks: asyncio.Task[bool]) -> None:
    """Let them get as far as they get."""
    for _ in range(5):
        await asyncio.sleep(0)
    del tasks


async def test_who_finds_no_place_waits_and_is_let_in_in_turn() -> None:
    """The first to wait is the first to go in."""
    room, leave, order = Room(1, waiting_max=10), asyncio.Event(), []
    inside = asyncio.create_task(stay(room, leave))
    await started()

    async def one(number: int) -> None:
        visit = Visit()
        assert await room.enter(visit)
        order.append(number)
        room.leave(visit)

    waiting = [asyncio.create_task(one(number)) for number in range(5)]
    await started()
    assert (room.taken, room.waiting, order) == (1, 5, [])
    leave.set()
    await asyncio.gather(inside, *waiting)
    assert order == [0, 1, 2, 3, 4]
    assert (room.taken, room.waiting) == (0, 0)


async def test_where_waiting_gets_long_the_latest_goes_first() -> None:
    """Somebody is served in time, instead of everybody too late."""
    room, leave, order = Room(1, in_turn_s=0.05, patience_s=1), asyncio.Event(), []
    inside = asyncio.create_task(stay(room, leave))
    await started()

    async def one(number: int) -> None:
        visit = Visit()
        assert await room.enter(visit)
        order.append(number)
        room.leave(visit)

    waiting = [asyncio.create_task(one(number)) for number in range(4)]
    await asyncio.sleep(0.1)
    leave.set()
    await asyncio.gather(inside, *waiting)
    assert order == [3, 2, 1, 0]


async def test_a_full_waiting_room_turns_away_at_once_and_waiting_ends() -> None:
    """Neither of the two ever gets in late."""
    room, leave = Room(1, waiting_max=1, patience_s=0.1), asyncio.Event()
    inside = asyncio.create_task(stay(room, leave))
    await started()
    waiting = asyncio.create_task(stay(room, leave))
    await started()
    assert await stay(room, leave) is False
    assert await asyncio.wait_for(waiting, 1) is False
    leave.set()
    assert await inside is True
    assert (room.taken, room.waiting) == (0, 0)


async def test_some_places_are_kept_for_what_is_shed_last() -> None:
    """They come on top, and whoever leaves one of them lets nobody of the others in."""
    room, leave, first = Room(2, kept_places=1, waiting_max=5), asyncio.Event(), asyncio.Event()
    inside = [asyncio.create_task(stay(room, leave)) for _ in range(2)]
    await started()
    kept = asyncio.create_task(stay(room, first, shed_last=True))
    await started()
    assert room.taken == 3
    other = asyncio.create_task(stay(room, leave))
    await started()
    first.set()
    assert await kept is True
    await started()
    assert (room.taken, room.waiting) == (2, 1)
    leave.set()
    assert await asyncio.gather(*inside, other) == [True] * 3
    assert room.taken == 0


async def test_places_survive_those_who_go_away() -> None:
    """Whoever is cancelled while waiting, or just as the turn comes, takes no place along."""
    room = Room(1, waiting_max=100)
    for _ in range(50):
        leave = asyncio.Event()
        inside = asyncio.create_task(stay(room, leave))
        await started()
        waiting = [asyncio.create_task(stay(room, leave)) for _ in range(3)]
        await started()
        leave.set()
        await asyncio.sleep(0)
        waiting[0].cancel()
        waiting[1].cancel()
        await asyncio.gather(inside, *waiting, return_exceptions=True)
        assert (room.taken, room.waiting) == (0, 0)


async def test_a_visit_whose_time_is_up_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told apart from somebody who has gone away; a body that has come gives more time."""
    monkeypatch.setattr(module, "LOOK_S", 0.02)
    room = Room(2)

    async def slow(*, body: bool) -> bool:
        visit = Visit()
        assert await room.enter(visit, time_s=0.05)
        if body:
            visit.has_body()
        try:
            await asyncio.sleep(0.3)
        except asyncio.CancelledError:
            return visit.overdue
        finally:
            room.leave(visit)
        return False

    assert await asyncio.gather(slow(body=False), slow(body=True)) == [True, False]
    assert room.taken == 0
    await asyncio.sleep(0.05)
    assert room._looking is False
