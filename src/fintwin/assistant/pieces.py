"""What an answer consists of, piece by piece, as it is streamed.

>>> name_of(Text("Your balance is 12.50 EUR."))
'text'
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

FIRST_LINE: Final = "I explain your figures. I do not give financial advice."
"""Begins every chat."""


class Text(msgspec.Struct, frozen=True):
    """More of the text."""

    delta: str


class Figure(msgspec.Struct, frozen=True):
    """A figure as it is shown, and the path of the interface that it comes from."""

    label: str
    value: str
    source: str


class Proposal(msgspec.Struct, frozen=True):
    """A scenario that the person may open in the twin; ``document`` is what `/api/twin/runs` takes."""

    name: str
    document: dict[str, Any]


class Done(msgspec.Struct, frozen=True):
    """The answer is whole."""


class Problem(msgspec.Struct, frozen=True):
    """The answer ends here, and why."""

    code: str
    detail: str


Piece = Text | Figure | Proposal | Done | Problem

_NAMES: Final = {Text: "text", Figure: "figure", Proposal: "proposal", Done: "done", Problem: "problem"}


def name_of(piece: Piece) -> str:
    """The name of the piece's event."""
    return _NAMES[type(piece)]
