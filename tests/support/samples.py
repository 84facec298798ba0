"""One instance of every kind of event, made from its type alone, and the golden files that keep their bytes.

A golden file holds payloads as they were once written, one a line: with every field set, and with the required ones only. It
is never changed; a new kind of event or a new schema version gets a new file:

    python -m tests.support.samples     # writes the missing ones
"""

import types
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from fintwin.domain.catalogue import EVENT_TYPES, SCHEMA_VERSIONS, encode

GOLDEN = Path(__file__).parents[1] / "golden"
_VALUES: dict[Any, Any] = {
    Any: [1, "a", None],
    str: "s1.Zürich ☂",
    int: 123_456_789_012_345,
    bool: True,
    bytes: b"\x00\xff",
    Decimal: Decimal("2.50"),
    UUID: UUID("0198c0de-0000-7000-8000-00000000002a"),
    datetime: datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC),
    date: date(2026, 2, 28),
}


def value_of(kind: Any) -> Any:
    """A value of an annotated type: the first of a choice, never None or unset where there is anything else."""
    origin = get_origin(kind)
    if origin is Literal:
        return get_args(kind)[0]
    if origin in {Union, types.UnionType}:
        choices = [one for one in get_args(kind) if one not in {type(None), msgspec.UnsetType}]
        return value_of(choices[0])
    if origin in {list, tuple, frozenset, set}:
        return origin([value_of(get_args(kind)[0])])
    if origin is dict:
        key, value = get_args(kind)
        return {value_of(key): value_of(value)}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return full(kind)
    return _VALUES[kind]


def full(event: type) -> Any:
    """The event with every field set."""
    return event(**{name: value_of(kind) for name, kind in get_type_hints(event).items()})


def bare(event: type) -> Any:
    """The event with its required fields only."""
    hints = get_type_hints(event)
    fields = msgspec.structs.fields(event)
    return event(**{one.name: value_of(hints[one.name]) for one in fields if one.required})


def golden_file(event_type: str, schema_version: int) -> Path:
    """Where the payloads of an event type and schema version are kept."""
    return GOLDEN / f"{event_type}.v{schema_version}.jsonl"


def write_missing() -> list[Path]:
    """Write the golden files that are not there; those that are stay as they are."""
    written = []
    for name, event in EVENT_TYPES.items():
        path = golden_file(name, SCHEMA_VERSIONS[name])
        if not path.exists():
            payloads = dict.fromkeys((encode(full(event)), encode(bare(event))))
            path.write_bytes(b"".join(one + b"\n" for one in payloads))
            written.append(path)
    return written


if __name__ == "__main__":
    for made in write_missing():
        print(made.name)  # noqa: T201  a command that says what it wrote
