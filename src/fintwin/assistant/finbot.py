"""Chooses who answers: the built-in FinBot, or Gemini where there is a key, the person has agreed and has questions left today.

Where Gemini does not answer, the built-in one does and says so; where it breaks off in the middle, that is said.

    finbot = FinBot(pool, gemini=None)
    async for piece in finbot.answered(user_id, "What is my balance?", figures):
        ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

import msgspec
import structlog

from fintwin.assistant import builtin
from fintwin.assistant.figures import Figures
from fintwin.assistant.gemini import GeminiError
from fintwin.assistant.pieces import Piece, Problem, Text
from fintwin.store import consents
from fintwin.store.connect import Pool

if TYPE_CHECKING:
    from fintwin.assistant.gemini import Gemini

QUESTIONS_A_DAY: Final = 50
"""What one person may have Gemini write; after that the built-in FinBot answers."""
_SILENT: Final = "Gemini did not answer, so this is the built-in FinBot.\n\n"
_USED_UP: Final = "Your questions to Gemini for today are used up, so this is the built-in FinBot.\n\n"
_log = structlog.get_logger(__name__)


class Standing(msgspec.Struct, frozen=True):
    """Who answers a person's questions."""

    provider: Literal["builtin", "gemini"]
    gemini_available: bool
    agreed_at: datetime | None


class FinBot:
    """See the module. One per process."""

    def __init__(self, pool: Pool, gemini: Gemini | None = None) -> None:
        """``pool`` of the role `api`."""
        self._pool = pool
        self._gemini = gemini

    async def standing(self, user_id: UUID) -> Standing:
        """Who answers, and whether and since when the person has agreed to Gemini."""
        agreed_at = await consents.agreed_at(self._pool, user_id)
        asked = self._gemini is not None and agreed_at is not None
        return Standing("gemini" if asked else "builtin", self._gemini is not None, agreed_at)

    async def agree(self, user_id: UUID, *, agreed: bool) -> Standing:
        """Note that a person agrees, or no longer does."""
        await consents.agree(self._pool, user_id, agreed=agreed)
        return await self.standing(user_id)

    async def answered(self, user_id: UUID, message: str, figures: Figures) -> AsyncIterator[Piece]:
        """The answer, piece by piece; ends with Done, or with the Problem for which it ends early."""
        gemini = self._gemini
        if gemini is not None and (await self.standing(user_id)).provider == "gemini":
            if not await consents.take_question(self._pool, user_id, figures.today, QUESTIONS_A_DAY):
                yield Text(_USED_UP)
            else:
                written = False
                try:
                    async for piece in gemini.answered(message, figures):
                        written = True
                        yield piece
                except GeminiError as error:
                    # Only the kind: the words of such an error may hold the question.
                    _log.warning("gemini did not answer", error=str(error), written=written)
                    if written:
                        yield Problem("assistant_cut", "The answer broke off. Ask again.")
                        return
                    yield Text(_SILENT)
                else:
                    return
        async for piece in builtin.answered(message, figures):
            yield piece
