"""Keeps the sum of what moved on every account in a SQLite file, each event counted once whatever happens to whom.

    REDIS_URL=... FINTWIN_URL=http://127.0.0.1:8000 FINTWIN_SERVICE_TOKEN=... python balances.py balances.db
    python balances.py balances.db --release     # hand parked events over again

`handle` stores the effect and the position in one transaction, so neither is ever there without the other. An event that it
cannot take is parked in the same file, and so is what follows it on that account; the other accounts go on.
"""

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence

import msgspec

from fintwin.subscribe import Event, Subscription, over_http, release_parked, work

SIGNS = {"Deposited": 1, "TransferReceived": 1, "Withdrawn": -1, "TransferSent": -1}
TABLES = """
    CREATE TABLE IF NOT EXISTS progress (position INTEGER NOT NULL);
    INSERT INTO progress SELECT 0 WHERE NOT EXISTS (SELECT * FROM progress);
    CREATE TABLE IF NOT EXISTS moved (account TEXT PRIMARY KEY, minor INTEGER NOT NULL, events INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS parked (
        position INTEGER PRIMARY KEY, stream TEXT NOT NULL, event BLOB NOT NULL, reason TEXT NOT NULL
    );
"""


class Balances:
    """The handler and its store: what `fintwin.subscribe.Inbox` asks for."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(TABLES)

    @contextlib.contextmanager
    def moving_to(self, position: int) -> Iterator[bool]:
        """One transaction that moves the position, and whether that is still to be done: another consumer may have."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            moved = self.db.execute("UPDATE progress SET position = ? WHERE position < ?", (position, position))
            yield moved.rowcount == 1
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def add(self, event: Event) -> None:
        """The effect."""
        sign = SIGNS.get(event.type)
        if sign is None:
            return
        minor = sign * json.loads(event.payload)["amount_minor"]
        self.db.execute(
            "INSERT INTO moved VALUES (?, ?, 1) "
            "ON CONFLICT (account) DO UPDATE SET minor = minor + excluded.minor, events = events + 1",
            (str(event.stream_id), minor),
        )

    async def position(self) -> int:
        return self.db.execute("SELECT position FROM progress").fetchone()[0]

    async def handle(self, event: Event) -> None:
        with self.moving_to(event.position) as to_do:
            if to_do:
                self.add(event)

    async def park(self, event: Event, reason: str) -> None:
        with self.moving_to(event.position) as to_do:
            if to_do:
                row = (event.position, f"{event.stream} {event.stream_id}", msgspec.json.encode(event), reason)
                self.db.execute("INSERT INTO parked VALUES (?, ?, ?, ?)", row)

    async def has_parked(self, stream: tuple[str, object]) -> bool:
        asked = ("{} {}".format(*stream),)
        return self.db.execute("SELECT EXISTS (SELECT * FROM parked WHERE stream = ?)", asked).fetchone()[0] == 1

    async def parked(self) -> Sequence[Event]:
        rows = self.db.execute("SELECT event FROM parked ORDER BY position")
        return [msgspec.json.decode(event, type=Event) for (event,) in rows.fetchall()]

    async def release(self, event: Event) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            self.add(event)
            self.db.execute("DELETE FROM parked WHERE position = ?", (event.position,))
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")


async def main(path: str, *, release: bool) -> None:
    inbox = Balances(path)
    if release:
        print("handled:", *await release_parked(inbox))
        return
    refill = over_http(os.environ["FINTWIN_URL"], os.environ["FINTWIN_SERVICE_TOKEN"])
    async with Subscription(os.environ["REDIS_URL"], after=inbox.position, refill=refill, group="balances") as events:
        await work(events, inbox)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1], release="--release" in sys.argv))
