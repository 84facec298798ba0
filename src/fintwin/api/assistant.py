"""`/api/assistant`: FinBot. A question in, an answer as Server-Sent Events out.

POST /api/assistant/chat {"message": "What is my balance?"}

event: text
data: {"delta":"Your balance is €12.50."}

event: figure
data: {"label":"Checking account","value":"€12.50","source":"/api/accounts/"}

event: done
data: {}
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
import structlog
from litestar import Router, get, post, put
from litestar.params import JSONBody
from litestar.response import Stream
from msgspec import Meta

from fintwin.api.answers import Answer, encode
from fintwin.api.call import Call, signed_in
from fintwin.api.problems import ProblemError, malformed, problem
from fintwin.api.risk import locale_of
from fintwin.api.texts import CLEAN
from fintwin.assistant import builtin
from fintwin.assistant.figures import Figures
from fintwin.assistant.finbot import Standing
from fintwin.assistant.pieces import FIRST_LINE, Piece, Problem, name_of
from fintwin.store.connect import LOST, UNDONE
from fintwin.store.reading import NotReachedError

_log = structlog.get_logger(__name__)
_HEADERS: Final = {"X-Accel-Buffering": "no"}


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers. `agreed_at`: since when the person agrees that questions and figures go to Gemini."""

    provider: Literal["builtin", "gemini"]
    gemini_available: bool
    agreed_at: datetime | None
    first_line: str
    suggestions: tuple[str, ...]


class Consent(msgspec.Struct, frozen=True):
    """Whether questions and figures may go to Gemini."""

    agreed: bool


class Asked(msgspec.Struct, frozen=True):
    """One question; each is answered by itself. `conversation_id` is taken and not looked at."""

    message: Annotated[str, Meta(min_length=1, max_length=1_000, pattern=CLEAN)]
    conversation_id: UUID | None = None


@get("/", summary="Who answers questions")
async def about(request: Call) -> Answer[About]:
    """The built-in FinBot, or Gemini where there is a key and the caller has agreed."""
    return Answer(_about(await request.services.finbot.standing(request.user_id)))


@put("/consent", summary="Agree that questions and figures go to Gemini, or take it back")
async def consent(request: Call, data: JSONBody[Consent]) -> Answer[About]:
    """422 where this service has no key for Gemini."""
    finbot = request.services.finbot
    if data.agreed and not (await finbot.standing(request.user_id)).gemini_available:
        raise ProblemError(problem(422, "gemini_not_available", "This service has no key for Gemini."))
    return Answer(_about(await finbot.agree(request.user_id, agreed=data.agreed)))


@post(
    "/chat",
    status_code=200,
    media_type="text/event-stream",
    summary="Ask FinBot, answered as Server-Sent Events",
    description=(
        "Events: `text` ({delta}), `figure` ({label, value, source}), `proposal` ({name, document}; a scenario for "
        "`/api/twin/runs` that the person may open), and at the end `done` ({}) or `problem` ({code, detail}). FinBot explains "
        "figures and gives no advice; it never books anything."
    ),
)
async def chat(request: Call, data: JSONBody[Asked]) -> Stream:
    """The answer is streamed; what is said stays said."""
    message = data.message.strip()
    if not message:
        raise malformed("message: Ask something.", "message")
    figures = Figures(
        request.services.pools["api"],
        request.services.desk,
        request.user_id,
        now=datetime.now(UTC),
        locale=await locale_of(request),
    )
    return Stream(_told(request, message, figures), media_type="text/event-stream", headers=_HEADERS)


async def _told(request: Call, message: str, figures: Figures) -> AsyncIterator[bytes]:
    try:
        async for piece in request.services.finbot.answered(request.user_id, message, figures):
            yield _event(piece)
    except NotReachedError:
        yield _event(Problem("not_reached", "Your last change is not in your figures yet. Ask again in a moment."))
    except (*LOST, *UNDONE):
        yield _event(Problem("database_unavailable", "The database cannot be reached at the moment. Ask again soon."))
    except Exception as error:  # noqa: BLE001  the answer has begun: its end has to say that there is none
        _log.error(
            "finbot failed", error=type(error).__name__, request_id=request.scope.get("request_id"), exc_info=error
        )
        yield _event(Problem("internal", "That went wrong on our side. Ask again, or ask something else."))


def _event(piece: Piece) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name_of(piece).encode(), encode(piece))


def _about(standing: Standing) -> About:
    return About(
        provider=standing.provider,
        gemini_available=standing.gemini_available,
        agreed_at=standing.agreed_at,
        first_line=FIRST_LINE,
        suggestions=builtin.SUGGESTIONS,
    )


router = Router("/api/assistant", route_handlers=[about, consent, chat], before_request=signed_in, tags=["Assistant"])
