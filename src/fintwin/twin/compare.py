"""Runs beside each other: what was asked differently, before what came out differently.

>>> rows = changed_inputs([{"horizon_months": 12}, {"horizon_months": 24}])
>>> rows[0].field, rows[0].values
('horizon_months', ('12', '24'))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec


class ChangedInput(msgspec.Struct, frozen=True):
    """A field of the documents that is not the same in all; None where a document does not have it."""

    field: str
    values: tuple[str | None, ...]


def changed_inputs(documents: Sequence[dict[str, Any]]) -> list[ChangedInput]:
    """The fields in which documents differ, in the order of their names."""
    flat = [dict(_fields(one, "")) for one in documents]
    names = sorted({name for one in flat for name in one})
    rows = [ChangedInput(name, tuple(one.get(name) for one in flat)) for name in names]
    return [row for row in rows if len(set(row.values)) > 1]


def _fields(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _fields(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            yield from _fields(one, f"{path}[{place}]")
    elif value is not None:
        yield path, str(value)
