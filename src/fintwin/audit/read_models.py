"""Read models against the log: the live rows of a user must be the fold of the user's events, byte for byte.

The folds are the projector's own. A model is compared as far as its live build has come, which was read, rows and checkpoint
at one moment, before the events were.

>>> sorted(Comparing.tables(["balances"])["balances"][0][0:1])
['balance_cell']
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.audit.findings import Faults
from fintwin.domain.streams import Recorded
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import Key, ReadModel
from fintwin.store.auditing import Live
from fintwin.store.projecting import stored_table

_MODELS: Final = {model.name: model for model in READ_MODELS}
_encoder: Final = msgspec.json.Encoder(decimal_format="string")


class Comparing:
    """The rows of one user after the other, folded anew, beside those that are live."""

    def __init__(self, live: Sequence[Live], names: Collection[str]) -> None:
        """``live`` with the rows of all the users to come. False where there is nothing to compare."""
        self._builds = [_Build(_MODELS[one.model], one) for one in live if one.model in names]

    def __bool__(self) -> bool:
        return bool(self._builds)

    @staticmethod
    def tables(names: Collection[str]) -> dict[str, list[tuple[str, str]]]:
        """By model, its tables and their columns as SQL, in the order of the row's fields."""
        return {
            name: [(table.name, ", ".join(f'"{column}"' for column in table.columns)) for table in _MODELS[name].tables]
            for name in names
        }

    def take(self, event: Recorded) -> None:
        """Fold an event into every model that has come as far."""
        for build in self._builds:
            build.take(event)

    def end_user(self, user: UUID, faults: Faults, *, whole: bool) -> int:
        """Compare a user's rows, and forget them; ``whole`` False: some event was at fault. Gives the number of rows."""
        return sum(build.end_user(user, faults, whole=whole) for build in self._builds)

    def end(self, faults: Faults) -> int:
        """What is left are rows of users without any event."""
        for build in self._builds:
            for user in list(build.rows):
                build.end_user(user, faults, whole=True)
        return 0


class _Build:
    """One live build."""

    def __init__(self, model: ReadModel, live: Live) -> None:
        self._model = model
        self._position = live.position
        self._types = frozenset(event.__name__ for event in model.events)
        self._tables = {table.name: table for table in model.tables}
        self._stored = {table.name: stored_table(table, live.version) for table in model.tables}
        self._folded: dict[Key, Any] = {}
        self._fault: tuple[int, str] | None = None
        self.rows: dict[UUID, dict[Key, Sequence[Any]]] = {}
        for table in model.tables:
            width = table.key_fields
            for row in live.rows[table.name]:
                self.rows.setdefault(row[0], {})[table.name, *tuple(row)[1:width]] = row

    def take(self, event: Recorded) -> None:
        if event.position > self._position or event.type not in self._types or self._fault:
            return
        try:
            changes = self._model.fold(self._folded, (event,))
        except Exception as error:  # noqa: BLE001  whatever a fold raises, the projector stops there as well
            self._fault = (event.position, f"the fold fails: {error!r}")
            return
        for key, row in changes.items():
            if row is None:
                self._folded.pop(key, None)
            else:
                self._folded[key] = row

    def end_user(self, user: UUID, faults: Faults, *, whole: bool) -> int:
        expected, self._folded = self._folded, {}
        found = self.rows.pop(user, {})
        rows = len(found)
        fault, self._fault = self._fault, None
        if fault:
            faults.add("read model", fault[1], position=fault[0], where=self._where(user))
        elif whole:
            self._compare(user, expected, found, faults)
        return rows

    def _compare(
        self, user: UUID, expected: Mapping[Key, Any], found: dict[Key, Sequence[Any]], faults: Faults
    ) -> None:
        for key, row in expected.items():
            there = found.pop(key, None)
            what = "the row is missing" if there is None else self._difference(key[0], row, there)
            if what:
                faults.add("read model", what, position=self._position, where=self._where(user, key))
        for key in found:
            what = "there is a row that no event makes"
            faults.add("read model", what, position=self._position, where=self._where(user, key))

    def _difference(self, table: str, row: Any, found: Sequence[Any]) -> str | None:
        (expected,) = self._stored[table].records([row])
        if _encoder.encode(list(expected)) == _encoder.encode(list(found)):
            return None
        names = self._tables[table].columns
        for name, wanted, there in zip(names, expected, found, strict=True):
            if _encoder.encode(wanted) != _encoder.encode(there):
                return f"{name} is {there}, the replay gives {wanted}"
        return None

    def _where(self, user: UUID, key: Key | None = None) -> str:
        table = "" if key is None else f"{key[0]} "
        rest = "" if key is None else "".join(f", {part}" for part in key[1:])
        return f"{self._model.name} {table}of user {user}{rest}"
