"""What a question asks for. A few dozen patterns, most specific first; what fits none of them is said to be unknown.

>>> understood("Can I afford 1,200 by March?", date(2026, 11, 22))
Question(kind=<Kind.AFFORD: 'afford'>, topic='', amount=Decimal('1200'), on=datetime.date(2027, 3, 31))
>>> understood("how do I move money to my savings", date(2026, 11, 22)).topic
'transfer'
>>> understood("why is my risk 45?", date(2026, 11, 22)).kind.value
'risk'
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from fintwin.assistant.dates import amount_in, day_in
from fintwin.assistant.guide import HOW_TO, WHAT_IS, topic_in


class Kind(StrEnum):
    """What is asked for."""

    BALANCE = "balances"
    CHANGES = "changes"
    RISK = "risk"
    AFFORD = "afford"
    AHEAD = "ahead"
    SPENDING = "spending"
    SAVINGS = "savings"
    WORTH = "worth"
    HOW_TO = "how_to"
    WHAT_IS = "what_is"
    GREETING = "greeting"
    ADVICE = "advice"
    UNKNOWN = "unknown"


class Question(NamedTuple):
    """A question as it was understood; `topic` belongs to HOW_TO and WHAT_IS, amount and day to AFFORD."""

    kind: Kind
    topic: str = ""
    amount: Decimal | None = None
    on: date | None = None


_AFFORD: Final = re.compile(
    r"\b(afford|can i (?:buy|pay|spend|get|take)|could i (?:buy|pay|spend)|enough (?:money )?(?:for|to)"
    r"|what (?:if|happens if) i (?:buy|pay|spend))\b"
)
_ADVICE: Final = re.compile(
    r"\b(should i|do you (?:recommend|advise)|what would you|is it (?:wise|smart|a good idea)|which (?:stock|fund|share)s?|"
    r"(?:invest|put my money) in)\b"
)
_WORDS: Final = {
    Kind.CHANGES: r"what(?:'s| has| is)? changed|what is (?:new|different)|changes?|difference (?:to|from) last",
    Kind.RISK: r"(?:why|what)\b.*\brisk|risk (?:score|level)|my risk|how risky|risk\b.*\b(?:high|low|why|mean)",
    Kind.AHEAD: (
        r"lowest|run out|runway|how long|next (?:90|30|60) days|coming (?:weeks|months)|looks? ahead|forecast|overdrawn"
    ),
    Kind.SAVINGS: r"savings? rate|how much (?:do|did|am) i sav\w*|saving enough",
    Kind.WORTH: r"net worth|worth|wealth|everything i (?:own|have)|holdings?|portfolio",
    Kind.SPENDING: r"spen[dt]\w*|expenses?|where\b.*\bmy money (?:go|goes|gone|going)|what do i pay",
    Kind.BALANCE: r"balances?|how much (?:money )?(?:do i have|have i|is (?:in|on|left))|money left|my accounts?",
}
_PATTERNS: Final = tuple((kind, re.compile(rf"\b(?:{words})\b")) for kind, words in _WORDS.items())
_GREETING: Final = re.compile(
    r"^\W*(hi|hello|hey|good (?:morning|day|evening)|thanks?|thank you|who are you|what are you|help)\b"
)
_HOW_TO: Final = re.compile(
    r"\b(how (?:do|can|could|would|to)\b|where (?:do|can|is|are)\b|can i (?:export|import|delete|undo|reverse|freeze|close)\b)"
)
_WHAT_IS: Final = re.compile(r"\b(what(?:'s| is| are| does| do)|explain|meaning of|define)\b")
_OWN: Final = re.compile(r"\bmy\b|\bi\b")


def understood(text: str, today: date) -> Question:
    """The question in a text."""
    lower = " ".join(text.lower().replace("\u2019", "'").split())
    if _HOW_TO.search(lower) and (topic := topic_in(lower, HOW_TO)):
        return Question(Kind.HOW_TO, topic)
    amount = amount_in(lower)
    if _AFFORD.search(lower):
        return Question(Kind.AFFORD, amount=amount, on=day_in(lower, today))
    if _ADVICE.search(lower):
        return Question(Kind.ADVICE)
    if _WHAT_IS.search(lower) and not _OWN.search(lower) and (topic := topic_in(lower, WHAT_IS)):
        return Question(Kind.WHAT_IS, topic)
    for kind, pattern in _PATTERNS:
        if pattern.search(lower):
            return Question(kind)
    if _GREETING.search(lower):
        return Question(Kind.GREETING)
    if topic := topic_in(lower, WHAT_IS):
        return Question(Kind.WHAT_IS, topic)
    return Question(Kind.UNKNOWN)
