"""The texts that people may send, with their lengths in characters.

NUL is refused everywhere; that there are no lone surrogates is the JSON decoder's business.

>>> msgspec.convert("a" * 501, Note)
Traceback (most recent call last):
msgspec.ValidationError: Expected `str` of length <= 500
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

__all__ = ["CLEAN", "Category", "Name", "Note", "RequiredName", "blank_is_none", "msgspec"]

CLEAN: Final = r"^[^\x00]*$"
"""What a text may hold."""

Note = Annotated[str, Meta(max_length=500, pattern=CLEAN)]
Name = Annotated[str, Meta(max_length=100, pattern=CLEAN)]
RequiredName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
Category = Annotated[str, Meta(max_length=100, pattern=CLEAN)]


def blank_is_none(text: str | None) -> str | None:
    """A text without its outer spaces; None where nothing is left."""
    return (text.strip() or None) if text else None
