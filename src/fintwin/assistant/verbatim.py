"""Holds a writer to the figures: what it writes passes sentence by sentence, and none with a number that no tool returned.

>>> keeper = Keeper(["Your balance is €1,250.50 on 2026-11-30."])
>>> keeper.take("You have 1250.50. That is 42 % more")
'You have 1250.50.'
>>> keeper.take(" than before. Well done!") + keeper.rest()
' Well done!'
>>> keeper.left_out
1
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

_NUMBER: Final = re.compile(r"\d[\d.,'\u2019\u00a0\u202f]*")
_END: Final = re.compile(r"(?<=[.!?])(?=\s)|(?<=\n)")
_HARMLESS: Final = frozenset({Decimal(0), Decimal(1), Decimal(2), Decimal(3)})
"""Numbers that count words of the answer itself, as in "two reasons"."""


class Keeper:
    """Lets pass what may be said; see the module."""

    def __init__(self, sources: Iterable[str]) -> None:
        """``sources``: texts whose numbers may be repeated: the question, and what the tools returned."""
        self._allowed: set[Decimal] = set(_HARMLESS)
        self._waiting = ""
        self.left_out = 0
        self.allow(*sources)

    def allow(self, *sources: str) -> None:
        """Further texts whose numbers may be repeated."""
        for source in sources:
            self._allowed.update(_numbers(source))

    def take(self, text: str) -> str:
        """Of all that has come so far, the whole sentences that may be said now."""
        *whole, self._waiting = _END.split(self._waiting + text)
        return "".join(filter(self._may_be_said, whole))

    def rest(self) -> str:
        """The last sentence, when nothing more comes."""
        last, self._waiting = self._waiting, ""
        return last if self._may_be_said(last) else ""

    def excuse(self, text: str) -> str:
        """``text`` as a paragraph of its own, where anything was left out."""
        return f"\n\n{text}" if self.left_out else ""

    def _may_be_said(self, sentence: str) -> bool:
        if all(number in self._allowed for number in _numbers(sentence)):
            return True
        self.left_out += 1
        return False


def _numbers(text: str) -> Iterable[Decimal]:
    """The numbers of a text, however their thousands are grouped, each also as its absolute value."""
    for match in _NUMBER.finditer(text):
        plain = re.sub(r"['\u2019\u00a0\u202f]", "", match.group()).rstrip(".,")
        last = max(plain.rfind("."), plain.rfind(","))
        grouped = last >= 0 and len(plain) - last - 1 == 3  # noqa: PLR2004  a group of thousands
        whole = plain if last < 0 or grouped else plain[:last]
        decimals = "" if last < 0 or grouped else plain[last + 1 :]
        digits = re.sub(r"[.,]", "", whole)
        yield Decimal(f"{digits or 0}.{decimals or 0}").normalize() + 0
