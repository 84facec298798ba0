"""The built-in FinBot: fixed rules, the person's own figures, nothing leaves the server.

It answers the questions that people ask most, and says plainly when it does not understand one.

    async for piece in answered("What is my balance?", figures):
        ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from fintwin.assistant.figures import Figures, Told
from fintwin.assistant.guide import HOW_TO, WHAT_IS
from fintwin.assistant.pieces import Done, Piece, Text
from fintwin.assistant.questions import Kind, Question, understood

SUGGESTIONS: Final = (
    "What is my balance?",
    "What changed this month?",
    "Why is my risk what it is?",
    "Can I afford 500 by next month?",
    "What is my lowest balance in the next 90 days?",
    "How do I import my bank's CSV?",
)
_GREETING: Final = (
    "I am FinBot, the built-in one: I follow fixed rules, read your own figures on this server and send nothing anywhere. "
    "Ask me for your balance, what changed, where your money went, your risk and its reasons, or whether a payment would "
    "be covered by some day."
)
_ADVICE: Final = (
    "I explain figures and give no advice. What I can do: show what your own history would look like with and without "
    "something. Name an amount and a day, as in: can I afford 500 by next month?"
)
_UNKNOWN: Final = "I did not understand that. I answer questions like these:"
_AMOUNT: Final = "Name the amount as well, as in: can I afford 500 by next month?"


async def answered(message: str, figures: Figures) -> AsyncIterator[Piece]:
    """The answer, piece by piece."""
    told = await told_of(understood(message, figures.today), figures)
    yield Text(told.text)
    for figure in told.figures:
        yield figure
    if told.proposal is not None:
        yield told.proposal
    yield Done()


async def told_of(question: Question, figures: Figures) -> Told:
    """The answer to a question that was understood."""
    match question.kind:
        case Kind.HOW_TO:
            return Told(HOW_TO[question.topic].text)
        case Kind.WHAT_IS:
            return Told(WHAT_IS[question.topic].text)
        case Kind.AFFORD:
            return Told(_AMOUNT) if question.amount is None else await figures.afford(question.amount, question.on)
        case Kind.GREETING:
            return Told(_GREETING)
        case Kind.ADVICE:
            return Told(_ADVICE)
        case Kind.UNKNOWN:
            return Told("\n\n".join((_UNKNOWN, *SUGGESTIONS)))
        case kind:
            told: Told = await getattr(figures, kind.value)()
            return told
