"""One build of a read model while it is folded: its position, and the rows that are known without asking the database.

The projector is the only writer of its builds, so rows once read or written are kept in memory, up to a number. A build that
began empty knows all rows there are until the first is dropped from memory: it never asks.

    folding = Folding(MODEL, version=1, position=0)
    needed = folding.needs(events)          # load those, then:
    folding.learn(rows, needed.users)
    written = folding.fold(events)          # write those
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from fintwin.domain.streams import Recorded
from fintwin.projections.model import Everything, Key, ReadModel, Row, Table
from fintwin.store.projecting import Written

KEPT_ROWS_MAX: Final = 40_000
"""How many rows of one build stay in memory after a batch."""


class Needed(NamedTuple):
    """Rows to load before a batch can be folded: by table, and users of whom every row is needed."""

    named: dict[Table, list[tuple[UUID, Key]]]
    users: list[UUID]


class Folding:
    """See the module. ``types`` are the names of the events that concern the model."""

    def __init__(self, model: ReadModel, *, version: int, position: int, building: bool = False) -> None:
        """``building``: not yet what readers see."""
        self.model = model
        self.version = version
        self.position = position
        self.building = building
        self.types = frozenset(event.__name__ for event in model.events)
        self._tables = {table.name: table for table in model.tables}
        self._rows: dict[UUID, dict[Key, Any]] = {}
        self._whole: set[UUID] = set()
        self._count = 0
        self._all_known = position == 0

    def needs(self, events: Iterable[Recorded]) -> Needed:
        """What is not in memory of what these events look at."""
        named: dict[Table, list[tuple[UUID, Key]]] = {}
        users: dict[UUID, None] = {}
        if self._all_known:
            return Needed(named, [])
        seen: set[tuple[UUID, Key]] = set()
        for event in events:
            user = event.user_id
            if user in self._whole or user in users:
                continue
            keys = self.model.keys(event)
            if isinstance(keys, Everything):
                users[user] = None
                continue
            known = self._rows.get(user, {})
            for key in keys:
                if key not in known and (user, key) not in seen:
                    seen.add((user, key))
                    named.setdefault(self._tables[key[0]], []).append((user, key))
        return Needed(named, list(users))

    def learn(self, table: Table, rows: Iterable[Row]) -> None:
        """Take in rows that were loaded."""
        name, width = table.name, table.key_fields
        fields = table.row.__struct_fields__[1:width]
        for row in rows:
            key = (name, *(getattr(row, field) for field in fields))
            of_user = self._rows.setdefault(row.user_id, {})  # type: ignore[attr-defined]
            if key not in of_user:
                self._count += 1
            of_user[key] = row

    def whole(self, users: Iterable[UUID]) -> None:
        """From now on every row of these users is in memory."""
        self._whole.update(users)

    def fold(self, events: Sequence[Recorded]) -> list[Written]:
        """Fold events; gives what to write. An exception of the fold leaves the memory in doubt: `forget`."""
        fold = self.model.fold
        users = self._rows
        touched: dict[UUID, dict[Key, bool]] = {}
        for event in events:
            user = event.user_id
            rows = users.get(user)
            if rows is None:
                rows = users[user] = {}
            changes = fold(rows, event)
            marks = touched.get(user)
            if marks is None:
                marks = touched[user] = {}
            for key, row in changes.items():
                if key not in marks:
                    marks[key] = key in rows
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row
        return self._written(touched)

    def _written(self, touched: dict[UUID, dict[Key, bool]]) -> list[Written]:
        written = {name: Written(table) for name, table in self._tables.items()}
        for user, marks in touched.items():
            rows = self._rows[user]
            for key, was_there in marks.items():
                row = rows.get(key)
                change = written[key[0]]
                if row is not None:
                    (change.updated if was_there else change.inserted).append(row)
                elif was_there:
                    change.deleted.append((user, *key[1:]))
        for change in written.values():
            self._count += len(change.inserted) - len(change.deleted)
        return [change for change in written.values() if change.inserted or change.updated or change.deleted]

    def trim(self) -> None:
        """Keep the number of rows in memory bounded; the users that came first go first."""
        if self._count <= KEPT_ROWS_MAX:
            return
        self._all_known = False
        for user in list(self._rows):
            if self._count <= KEPT_ROWS_MAX // 2:
                return
            self._count -= len(self._rows.pop(user))
            self._whole.discard(user)

    def forget(self, position: int | None = None) -> None:
        """Nothing in memory is certain any more; with ``position`` the build is known to be there."""
        self._rows.clear()
        self._whole.clear()
        self._count = 0
        if position is not None:
            self.position = position
        self._all_known = self.position == 0
