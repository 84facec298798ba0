"""`POST /api/auth/erase`: the end of a person here.

POST /api/auth/erase {"confirmation": "erase me"}    -> 204; every sign-in has ended
"""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Router, post
from litestar.params import JSONBody

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.api.problems import ProblemError, problem
from fintwin.api.sessions import cookie
from fintwin.identity.erasure import ErasureUnavailableError

CONFIRMATION: Final = "erase me"
NOT_CONFIRMED: Final = problem(
    422, "not_confirmed", f'This cannot be undone: send "{CONFIRMATION}" as the confirmation if you mean it.'
)
UNAVAILABLE: Final = problem(
    503, "erasure_unavailable", "This service is not set up to erase: ask its operator. Nothing was erased."
)


class EraseBody(msgspec.Struct, frozen=True):
    """The word for word confirmation: ``erase me``."""

    confirmation: str


@post("/erase", status_code=204, summary="Make everything personal of mine unreadable, for good")
async def erase(request: Call, data: JSONBody[EraseBody]) -> Answer[None]:
    """Names, notes and contacts cannot be read by anybody any more; amounts, days and ids stay. All sign-ins end."""
    if data.confirmation.strip() != CONFIRMATION:
        raise ProblemError(NOT_CONFIRMED)
    try:
        await request.services.erasure.erase(request.user_id)
    except ErasureUnavailableError:
        raise ProblemError(UNAVAILABLE) from None
    held = request.door.cookie(request.scope)
    return Answer(None, status_code=204, headers={} if held is None else {"Set-Cookie": cookie(request, "", life_s=0)})


router = Router("/api/auth", route_handlers=[erase], before_request=signed_in, tags=["Auth"])
