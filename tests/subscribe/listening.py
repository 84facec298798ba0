"""Subscribers under test, and where they get what they missed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import msgspec

from fintwin.publisher.envelope import StoredEventBody, as_json
from fintwin.store import publishing
from fintwin.subscribe import Event, Refill, Subscription
from tests.conftest import Database

PATIENCE_S = 30.0


def from_log(database: Database) -> Refill:
    """The internal route's answer without the route."""

    async def refill(after: int, limit: int) -> Sequence[StoredEventBody]:
        connection = await asyncpg.connect(database.role_urls["publisher"])
        try:
            rows = await publishing.page_after(connection, after, limit)
        finally:
            await connection.close()
        return [msgspec.json.decode(as_json(row), type=StoredEventBody) for row in rows]

    return refill


@dataclass
class Listener:
    """Everything that came, and the position that a handler would have stored with it."""

    received: list[bytes] = field(default_factory=list)
    position: int = 0

    async def stored(self) -> int:
        """Where to begin."""
        return self.position

    def take(self, event: Event) -> None:
        """Handle an event."""
        self.received.append(msgspec.json.encode(event))
        self.position = event.position

    async def listen(self, subscription: Subscription, until: int) -> None:
        """Take events until a position is handled; what is handed over meanwhile is acknowledged."""
        async with asyncio.timeout(PATIENCE_S), subscription:
            if self.position >= until:
                return
            async for event in subscription:
                if self.position >= until:
                    return
                self.take(event)
                if event.position >= until:
                    return

    async def until(self, position: int) -> None:
        """Wait until a position has come."""
        async with asyncio.timeout(PATIENCE_S):
            while self.position < position:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
