r"""What a read model is: two pure functions over rows, the same for the live projector, a rebuild, the tests and the twin.

``keys(event)``
    the rows of the event's user that the fold must see: exact keys, or `ALL_OF_USER`. A row that the event brings into
    being for the first time need not be named;
``fold(rows, events)``
    the rows that a run of events changes, by key; None deletes one. A run is one user's events in their order; it is folded
    as one event after the other would be, only that what is copied and written is so once a run. The fold may look at the rows
    that ``keys`` names for its events and at no other (there may or may not be more in ``rows``), and it changes nothing that
    it was given.

Rows are frozen structs with ``user_id`` first and the other key fields after it; a field is a column of the same name in
``projections/<model>/table.sql``. An event concerns the rows of its own user only, so keys leave the user out: a key is
the table's name and the key fields after ``user_id``. A model that needs another's value calls that one's functions and
keeps the state in its own rows. Ids of rows come from `row_id` and times from the event, so that every run over the same
events gives the same bytes (`encode_rows`).

>>> from datetime import UTC, datetime
>>> from fintwin.domain.accounts import Deposited
>>> from fintwin.domain.streams import StreamKind
>>> class Count(Row, frozen=True):
...     user_id: UUID
...     type: str
...     seen: int
>>> def keys(event):
...     return [("count", event.type)]
>>> def fold(rows, events):
...     changes = {}
...     for event in events:
...         (key,) = keys(event)
...         known = current(rows, changes, key)
...         changes[key] = Count(event.user_id, event.type, 1 if known is None else known.seen + 1)
...     return changes
>>> counts = ReadModel(
...     name="counts",
...     version=1,
...     tables=(Table("count", Count, key_fields=2),),
...     events=(Deposited,),
...     keys=keys,
...     fold=fold,
... )
>>> at, user = datetime(2026, 1, 2, tzinfo=UTC), UUID(int=1)
>>> deposit = Recorded(
...     shard=0, position=1, stream_kind=StreamKind.ACCOUNT, stream_id=user, version=2, user_id=user, type="Deposited",
...     schema_version=1, transaction_id=UUID(int=2), effective_at=at, recorded_at=at,
...     event=Deposited(amount_minor=500, currency="EUR"), metadata={},
... )  # fmt: skip
>>> rows = fold_all(counts, [deposit, deposit])
>>> rows[user]["count", "Deposited"].seen
2
>>> encode_rows(counts, rows)
b'count ["00000000-0000-0000-0000-000000000001","Deposited",2]\n'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from hashlib import sha1
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.domain.streams import Recorded

ROW_IDS: Final = UUID("8f7c5a52-63ab-5b0e-9b4d-5f3b6c9a1f07")
"""Namespace of the ids of rows."""


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of all rows: frozen, written as an array of its fields in order.

    Field types: UUID, int, str, bool, datetime (aware, UTC), date, Decimal, float, each also ``| None``; anything else that
    msgspec can encode and decode again (a struct, a list, a dict) lies in a column of type ``json``. Key fields come
    first, are never None, and the very first is ``user_id``.
    """


class Everything(Enum):
    """The type of `ALL_OF_USER`, told by ``isinstance``."""

    ALL_OF_USER = "all of user"


ALL_OF_USER: Final = Everything.ALL_OF_USER
"""What ``keys`` gives where the fold must see every row of the event's user."""

Key = tuple[Any, ...]
"""Names a row of a user: the table's name, then the key fields after ``user_id``."""
UserRows = Mapping[Key, Any]
"""Rows of one user by key."""
Changes = Mapping[Key, Any]
"""Rows that a run of events changed, by key; None for a row that it deleted."""
Rows = dict[UUID, dict[Key, Any]]
"""All rows of a read model, by user and key."""
Fold = Callable[[UserRows, Sequence[Recorded]], Changes]
"""See the module."""


class Table(msgspec.Struct, frozen=True):
    """One table of a read model: ``name`` is that of ``table.sql`` without the version."""

    name: str
    row: type[Row]
    key_fields: int
    """How many leading fields make up the primary key, ``user_id`` included."""
    made: tuple[str, Callable[[Any], str]] | None = None
    """A last column of the database's, name and what it holds of a row: made for readers whenever a row is written, and no
    part of the row that folds see."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table, in their order."""
        return (*self.row.__struct_fields__, *(() if self.made is None else self.made[:1]))

    def key_of(self, row: Row) -> Key:
        """The key of a row."""
        return (self.name, *(getattr(row, name) for name in self.row.__struct_fields__[1 : self.key_fields]))


class ReadModel(msgspec.Struct, frozen=True, kw_only=True):
    """A read model. ``events`` are the classes of events that concern it: it is asked about no others.

    ``version`` rises whenever the fold or a table changes; what was built by another version is rebuilt.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    events: tuple[type, ...]
    keys: Callable[[Recorded], Sequence[Key] | Everything]
    fold: Fold
    sources: tuple[str, ...] = ()
    """Names of further modules that the fold lives on; a change in one of them is a change of the fold."""


_NAMESPACE: Final = sha1(ROW_IDS.bytes, usedforsecurity=False)


def row_id(event: Recorded, kind: str) -> UUID:
    """The id of the row of this kind that an event made: the same in every run.

    It is ``uuid5(ROW_IDS, "shard:position:kind")``, without the detours of the library's function.
    """
    digest = _NAMESPACE.copy()
    digest.update(f"{event.shard}:{event.position}:{kind}".encode())
    found = bytearray(digest.digest()[:16])
    found[6] = found[6] & 0x0F | 0x50
    found[8] = found[8] & 0x3F | 0x80
    return msgspec.convert(bytes(found), UUID)


def current(rows: UserRows, changes: Changes, key: Key) -> Any:
    """A row as the events before this one of the run have left it; None where there is none."""
    return changes[key] if key in changes else rows.get(key)


def fold_all(model: ReadModel, events: Iterable[Recorded], rows: Rows | None = None) -> Rows:
    """Fold events in their order into ``rows`` (changed in place; new and empty by default).

    Each event is a run of its own, and the fold is shown the rows that ``keys`` names and nothing else: one that looks further
    fails here at once.
    """
    found: Rows = {} if rows is None else rows
    concerned = frozenset(model.events)
    for event in events:
        if type(event.event) not in concerned:
            continue
        of_user = found.setdefault(event.user_id, {})
        named = model.keys(event)
        if isinstance(named, Everything):
            changes = model.fold(dict(of_user), (event,))
        else:
            changes = model.fold({key: of_user[key] for key in named if key in of_user}, (event,))
            unseen = [key for key in changes if key not in named and key in of_user]
            assert not unseen, f"{model.name}: {event.type} changes rows that keys() does not name: {unseen}"
        for key, row in changes.items():
            if row is None:
                of_user.pop(key, None)
            else:
                of_user[key] = row
    return found


_encoder: Final = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical")


def encode_rows(model: ReadModel, rows: Rows) -> bytes:
    """All rows of a model as bytes: one line a row, in one order whatever the history of the rows."""
    names = {table.name for table in model.tables}
    lines = []
    for of_user in rows.values():
        for key, row in of_user.items():
            assert key[0] in names, f"{model.name} has no table {key[0]}"
            lines.append(b"%b %b\n" % (key[0].encode(), _encoder.encode(row)))
    lines.sort()
    return b"".join(lines)
