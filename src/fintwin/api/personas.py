"""`/api/auth/persona-score`: what kind of saver the caller is, from what was told and what the ledger shows.

GET /api/auth/persona-score    -> {"label": "Balanced Builder", "score": 86, "reasons": [{"code": "savings_rate", ...}], ...}
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec
from litestar import Router, get

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.api.problems import ProblemError, problem
from fintwin.api.risk import MinPosition
from fintwin.domain.refusals import Code
from fintwin.projections.personas_text import Tip, habit_text, tips
from fintwin.store import reading_insights

INCOMPLETE: Final = problem(
    400, Code.PROFILE_INCOMPLETE.value, "Fill in the profile first: the persona begins with goal and risk appetite."
)


class PersonaReason(msgspec.Struct, frozen=True):
    """A measured habit and its points."""

    code: str
    points: int
    text: str


class PersonaBody(msgspec.Struct, frozen=True, kw_only=True):
    """The persona; `base` and the points of the reasons sum to the score."""

    label: str
    emoji: str
    score: int
    base: int
    tips: tuple[Tip, Tip, Tip]
    reasons: tuple[PersonaReason, ...]


@get("/persona-score", summary="What kind of saver I am")
async def persona_score(request: Call, min_position: MinPosition = None) -> Answer[PersonaBody]:
    """With no history the score is the base; 400 before the profile is complete."""
    pool = request.services.pools["api"]
    seen = await reading_insights.persona(pool, request.user_id, now=datetime.now(UTC), min_position=min_position)
    if seen.value is None:
        raise ProblemError(INCOMPLETE)
    told, found = seen.value
    body = PersonaBody(
        label=found.label,
        emoji=found.emoji,
        score=found.score,
        base=found.base,
        tips=tips(told.goal, found),
        reasons=tuple(PersonaReason(one.code, one.points, habit_text(one)) for one in found.habits),
    )
    return Answer(body)


router = Router("/api/auth", route_handlers=[persona_score], before_request=signed_in, tags=["Auth"])
