"""Idempotency and reversal rows against the events that they stand for.

What a key stands for must be a transaction of its user, end where the row says, and have left the balance that the row says;
what a reversal row says must be said by an event, and the other way round. Whether a key was there at all no event tells: a
deleted key is not found.

    claims = Claims(keys, reversals, until=position)
    claims.event(transaction_id, position, balance_minor, event, reverses=None)
    claims.end_user(user_id, faults, whole=True)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from fintwin.audit.findings import Faults
from fintwin.domain.accounts.events import TransferSent
from fintwin.store import auditing
from fintwin.store.auditing import Row
from fintwin.store.connect import Connection


def _by_user(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row["user_id"], []).append(row)
    return found


class Claims:
    """The rows of some users, and what is known of the transactions of the user at hand."""

    def __init__(self, keys: Sequence[Row], reversals: Sequence[Row], until: int) -> None:
        """``until``: the position up to which there will be events."""
        self._keys = _by_user(keys)
        self._reversals = _by_user(reversals)
        self._until = until
        self._later: list[tuple[str, Row, UUID]] = []
        self._begin()

    def _begin(self) -> None:
        # By transaction: the balance after its first own event, and where the transaction ends.
        self._balances_minor: dict[bytes, int | None] = {}
        self._ends: dict[bytes, int] = {}
        self._reversed: dict[UUID, bytes] = {}

    def event(
        self, transaction_id: bytes, position: int, balance_minor: int | None, event: Any, reverses: UUID | None
    ) -> None:
        """The user's next own event, and the balance after it where it moved money."""
        self._balances_minor.setdefault(transaction_id, balance_minor)
        # The other half of a transfer follows at once, whosever it is.
        self._ends[transaction_id] = position + 1 if type(event) is TransferSent else position
        if reverses is not None:
            self._reversed[reverses] = transaction_id

    def end_user(self, user: UUID, faults: Faults, *, whole: bool) -> None:
        """Hold the user's rows against the events; ``whole`` False: some event was at fault, so they are left alone."""
        keys, reversals = self._keys.pop(user, ()), self._reversals.pop(user, ())
        if whole:
            for row in keys:
                self._check_key(row, faults)
            self._check_reversals(user, reversals, faults)
        self._begin()

    def _check_key(self, row: Row, faults: Faults) -> None:
        transaction = row["transaction_id"].bytes
        ends = self._ends.get(transaction)
        if ends is None:
            self._unknown("key", row, row["transaction_id"], faults)
        elif ends != row["position"]:
            what = f"its position is {row['position']}, the transaction ends at {ends}"
            faults.add("key", what, position=ends, where=_where(row))
        elif row["balance_minor"] != self._balances_minor[transaction]:
            what = f"balance_minor is {row['balance_minor']}, the replay gives {self._balances_minor[transaction]}"
            faults.add("key", what, position=ends, where=_where(row))

    def _check_reversals(self, user: UUID, rows: Sequence[Row], faults: Faults) -> None:
        said = set()
        for row in rows:
            by = row["reversed_by"].bytes
            said.add((row["transaction_id"], by))
            if self._reversed.get(row["transaction_id"]) != by:
                self._unknown("reversal", row, row["reversed_by"], faults)
            elif row["position"] != self._ends[by]:
                what = f"its position is {row['position']}, the reversal ends at {self._ends[by]}"
                faults.add("reversal", what, position=self._ends[by], where=_where(row))
        for reversed_one, by in self._reversed.items():
            if (reversed_one, by) not in said:
                where = f"user {user}, transaction {reversed_one}"
                what = f"there is no row that {UUID(bytes=by)} reversed it"
                faults.add("reversal", what, position=self._ends[by], where=where)

    def _unknown(self, kind: str, row: Row, transaction: UUID, faults: Faults) -> None:
        if row["position"] > self._until:
            self._later.append((kind, row, transaction))
        else:
            faults.add(kind, "no transaction of its user stands behind it", position=row["position"], where=_where(row))

    def end(self, faults: Faults) -> None:
        """Rows that are left are of users without an event."""
        for kind, rows_by_user in (("key", self._keys), ("reversal", self._reversals)):
            for rows in rows_by_user.values():
                for row in rows:
                    self._unknown(kind, row, row["transaction_id" if kind == "key" else "reversed_by"], faults)

    async def look_up(self, connection: Connection, faults: Faults) -> None:
        """Rows of later positions are right if a transaction has been appended there meanwhile."""
        for kind, row, transaction in self._later:
            if not await auditing.stands_at(connection, row["position"], transaction):
                faults.add(kind, "there is no such transaction", position=row["position"], where=_where(row))


def _where(row: Row) -> str:
    return f"user {row['user_id']}, transaction {row['transaction_id']}"
