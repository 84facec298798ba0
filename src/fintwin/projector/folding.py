"""One build of a read model while it is folded: its position, and the rows that are known without asking the database.

The projector is the only writer of its builds, so rows once read or written are kept in memory, up to a number. A build that
began empty knows all rows there are until the first is dropped from memory: it never asks.

    folding = Folding(MODEL, version=1, position=0)
    needed = folding.needs(batch.runs)      # load those, then:
    folding.learn(table, rows)
    folding.whole(needed.users)
    for run in batch.runs:
        folding.take(run)
    written = folding.taken()               # write those
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

from fintwin.projections.model import Everything, Key, ReadModel, Row, Table
from fintwin.projector.batch import Run
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
        self._written = {name: Written(table) for name, table in self._tables.items()}

    def needs(self, runs: Iterable[Run]) -> Needed:
        """What is not in memory of what these runs look at."""
        named: dict[Table, list[tuple[UUID, Key]]] = {}
        users: list[UUID] = []
        if self._all_known:
            return Needed(named, users)
        for run in runs:
            user = run.user_id
            if user in self._whole:
                continue
            known = self._rows.get(user, {})
            missing: set[Key] = set()
            for event in run.of(self.types):
                keys = self.model.keys(event)
                if isinstance(keys, Everything):
                    users.append(user)
                    break
                missing.update([key for key in keys if key not in known])
            else:
                for key in missing:
                    named.setdefault(self._tables[key[0]], []).append((user, key))
        return Needed(named, users)

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

    def take(self, run: Run) -> None:
        """Fold one user's events of a batch. An exception of the fold leaves the memory in doubt: `forget`."""
        events = run.of(self.types)
        if not events:
            return
        user, written = run.user_id, self._written
        rows = self._rows.get(user)
        if rows is None:
            rows = self._rows[user] = {}
        known = len(rows)
        for key, row in self.model.fold(rows, events).items():
            change = written[key[0]]
            if row is None:
                if rows.pop(key, None) is not None:
                    change.deleted.append((user, *key[1:]))
                    known -= 1
                continue
            rows[key] = row
            if len(rows) > known:
                known += 1
                change.inserted.append(row)
            else:
                change.updated.append(row)

    def taken(self) -> list[Written]:
        """What is to be written of all that was taken since this was asked last."""
        written = [one for one in self._written.values() if one.inserted or one.updated or one.deleted]
        self._written = {name: Written(table) for name, table in self._tables.items()}
        for change in written:
            self._count += len(change.inserted) - len(change.deleted)
        return written

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
        self.taken()
        self._count = 0
        if position is not None:
            self.position = position
        self._all_known = self.position == 0
