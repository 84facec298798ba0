"""What happens to an event that a handler cannot take: it is parked, and with it all later events of the same stream.

The other streams go on. Parked events lie in the handler's own store, put there in the transaction that moves its position: Redis
may lose everything at any time. When the cause is mended, `release_parked` hands them over again, in order.

    async with Subscription(url, after=inbox.position, refill=refill, group="mailer") as subscription:
        await work(subscription, inbox)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Sequence
from typing import Final, Protocol
from uuid import UUID

import structlog

from fintwin.publisher.envelope import StoredEventBody

TRIES: Final = 3
PAUSE_SECONDS: Final = 0.2

_log = structlog.get_logger("fintwin.subscribe")

StreamName = tuple[str, UUID]
"""Kind and id of a stream: ``("account", ...)``."""


class Inbox(Protocol):
    """A handler's own store. Each method that changes something is one transaction."""

    async def position(self) -> int:
        """The last position that was handled or parked."""

    async def handle(self, event: StoredEventBody) -> None:
        """Store the event's effect and its position."""

    async def park(self, event: StoredEventBody, reason: str) -> None:
        """Store the event itself, why it was not handled, and its position."""

    async def has_parked(self, stream: StreamName) -> bool:
        """Whether an event of the stream is parked."""

    async def parked(self) -> Sequence[StoredEventBody]:
        """Everything that is parked, in order of positions."""

    async def release(self, event: StoredEventBody) -> None:
        """Store a parked event's effect and forget that it was parked; the position stays."""


def stream_of(event: StoredEventBody) -> StreamName:
    """The stream that an event belongs to: what stays in order."""
    return event.stream, event.stream_id


async def work(
    events: AsyncIterable[StoredEventBody], inbox: Inbox, *, tries: int = TRIES, pause_s: float = PAUSE_SECONDS
) -> None:
    """Hand every event to the inbox; park what fails so many times, and what follows it in its stream."""
    async for event in events:
        if await inbox.has_parked(stream_of(event)):
            await inbox.park(event, "an earlier event of its stream is parked")
            continue
        reason = await _handled(event, inbox, tries, pause_s)
        if reason is not None:
            _log.error(
                "an event is parked, and with it what follows in its stream", position=event.position, reason=reason
            )
            await inbox.park(event, reason)


async def _handled(event: StoredEventBody, inbox: Inbox, tries: int, pause_s: float) -> str | None:
    reason = None
    for number in range(tries):
        if number:
            await asyncio.sleep(pause_s * 2 ** (number - 1))
        try:
            await inbox.handle(event)
        except Exception as error:  # noqa: BLE001  whatever a handler raises must not hold up the other streams
            reason = repr(error)
        else:
            return None
    return reason


async def release_parked(inbox: Inbox) -> list[int]:
    """Hand the parked events over again, in order; a stream whose event fails again stays parked from there on.

    Gives the positions that were handled. Not while `work` runs on the same inbox: a new event could overtake a parked one.
    """
    released: list[int] = []
    stuck: set[StreamName] = set()
    for event in await inbox.parked():
        if stream_of(event) in stuck:
            continue
        try:
            await inbox.release(event)
        except Exception as error:  # noqa: BLE001  as above
            _log.warning("a parked event fails again", position=event.position, reason=repr(error))
            stuck.add(stream_of(event))
        else:
            released.append(event.position)
    return released
