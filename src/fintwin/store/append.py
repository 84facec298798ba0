"""Appending decided commands to the log: one call, one transaction, one round trip.

`Batch` gathers the parallel arrays of the database function ``log.append``; `append` calls it. What became of each command
comes back in `Appended`; nothing is raised for one command of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.domain.catalogue import SCHEMA_VERSIONS
from fintwin.domain.streams import StreamKey
from fintwin.store.connect import Connection
from fintwin.store.rows import Head, head
from fintwin.store.shard import SHARD

_CALL: Final = f"SELECT * FROM log.append({', '.join(f'${n}' for n in range(1, 30))})"  # noqa: S608  numbers only


class Verdict(IntEnum):
    """What the append function made of a command; the numbers are those of the function."""

    APPENDED = 0
    REPLAYED = 1
    CONFLICTED = 2
    NO_RECIPIENT = 3
    RECIPIENT_CANNOT_RECEIVE = 4
    DENIED = 5
    ALREADY_REVERSED = 6
    KEY_REUSED = 7
    CONFIRMED = 8
    SIBLING_FAILED = 9


class Batch:
    """The commands of one append, in order, each with its events."""

    __slots__ = ("_streams", "_types", "commands", "events", "heads")

    def __init__(self) -> None:
        """An empty batch."""
        self.commands: tuple[list[Any], ...] = tuple([] for _ in range(7))
        self.events: tuple[list[Any], ...] = tuple([] for _ in range(11))
        self.heads: tuple[list[Any], ...] = tuple([] for _ in range(5))
        self._streams: dict[StreamKey, int] = {}
        self._types: dict[str, int] = {}

    def __len__(self) -> int:
        """Number of commands."""
        return len(self.commands[0])

    def streams(self) -> frozenset[StreamKey]:
        """The distinct streams of the batch."""
        return frozenset(self._streams)

    def add_command(
        self, user_id: UUID, transaction_id: UUID, key: bytes | None, request: bytes | None, reverses: UUID | None
    ) -> None:
        """Begin the next command; the events added after this are its own."""
        users, transactions, keys, requests, reversals, first, last = self.commands
        users.append(user_id)
        transactions.append(transaction_id)
        keys.append(key)
        requests.append(request)
        reversals.append(reverses)
        first.append(len(self.events[0]) + 1)
        last.append(len(self.events[0]))

    def add_event(
        self,
        stream: StreamKey,
        *,
        version: int | None,
        balance_minor: int | None,
        basis: UUID | None,
        event_type: str | None,
        delta_minor: int | None = None,
        currency: str | None = None,
        effective_us: int | None = None,
        payload: bytes = b"{}",
        metadata: bytes = b"{}",
    ) -> None:
        """Add an event, or with ``event_type`` None the question whether that state still stands.

        A state is named by its version, its balance and its basis: the transaction of the last change that was
        decided on the stream's state.
        """
        streams, types, columns = self._streams, self._types, self.events
        columns[0].append(len(self.commands[0]))
        columns[1].append(streams.setdefault(stream, len(streams) + 1))
        columns[2].append(None if event_type is None else types.setdefault(event_type, len(types) + 1))
        columns[3].append(version)
        columns[4].append(balance_minor)
        columns[5].append(basis)
        columns[6].append(delta_minor)
        columns[7].append(currency)
        columns[8].append(effective_us)
        columns[9].append(payload)
        columns[10].append(metadata)
        self.commands[6][-1] = len(columns[0])

    def add_head_facts(
        self, currency: str | None, status: int | None, overdraft_limit_minor: int | None, facts: str
    ) -> None:
        """New head facts that come with the event just added."""
        for column, value in zip(
            self.heads, (len(self.events[0]), currency, status, overdraft_limit_minor, facts), strict=True
        ):
            column.append(value)

    def arguments(self, *, atomic: bool) -> list[Any]:
        """The arguments of ``log.append`` in order."""
        streams, types = list(self._streams), list(self._types)
        return [
            SHARD, atomic, *map(_told, self.commands), [s.kind for s in streams], [s.id for s in streams], types,
            [SCHEMA_VERSIONS[name] for name in types], *map(_told, self.events), *self.heads,
        ]  # fmt: skip


def _told(column: list[Any]) -> list[Any]:
    """Nothing, for a column without values: the function reads NULL beyond an array's end, and each value sent costs time."""
    return [] if column and column[0] is None and all(value is None for value in column) else column


class Appended(msgspec.Struct, frozen=True):
    """What became of a batch.

    Per command: verdict, transaction, last position, balance; per event: version, balance, whether the stream is the
    acting user's own.
    """

    verdicts: Sequence[int]
    transaction_ids: Sequence[UUID]
    positions: Sequence[int | None]
    balances_minor: Sequence[int | None]
    event_versions: Sequence[int | None]
    event_balances_minor: Sequence[int | None]
    event_own: Sequence[bool | None]
    recorded_at: datetime
    heads: Sequence[Head]


async def append(connection: Connection, batch: Batch, *, atomic: bool = False) -> Appended:
    """Append a batch. With ``atomic`` either every command gets in (or had been in) or none.

    Raises the database's own errors: those of `connect.LOST` leave the outcome open, any other has undone the whole batch.
    """
    row = await connection.fetchrow(_CALL, *batch.arguments(atomic=atomic))
    assert row is not None, "the append function returns one row"
    return Appended(
        verdicts=row["status"],
        transaction_ids=row["transaction_id"],
        positions=row["position"],
        balances_minor=row["balance"],
        event_versions=row["event_version"],
        event_balances_minor=row["event_balance"],
        event_own=row["event_own"],
        recorded_at=row["recorded_at"],
        heads=[head(one) for one in row["heads"] or ()],
    )


async def load_heads(
    connection: Connection, wanted: Sequence[tuple[UUID, StreamKey]], *, lock: bool = False
) -> list[Head]:
    """The heads of own streams, asked for as (user, stream); those of anybody else are left out like missing ones.

    With ``lock``, inside a transaction, nothing is appended until that transaction ends.
    """
    rows = await connection.fetch(
        "SELECT * FROM log.load_heads($1, $2, $3, $4, $5)",
        SHARD,
        lock,
        [user_id for user_id, _ in wanted],
        [stream.kind for _, stream in wanted],
        [stream.id for _, stream in wanted],
    )
    return [head(row) for row in rows]
