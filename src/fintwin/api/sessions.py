"""`/api/auth/refresh`, `/logout`, `/sessions`: sign-ins refreshed, ended, listed; and the cookie of a browser's sign-in.

The cookie is named `__Host-ft_session` and for TLS only; on one's own machine over http it is `ft_session`. No script can read
it, and no other site's page can send it.

    POST /api/auth/refresh    -> 204 and the next cookie, or 401: sign in again
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.api.device import device
from fintwin.api.door import COOKIE_TLS
from fintwin.api.problems import CROSS_SITE, SIGNED_OUT, TLS_NEEDED, ProblemError, problem
from fintwin.identity.sessions import IDLE_MAX

UNKNOWN_SESSION: Final = problem(404, "unknown_session", "You have no such sign-in.")


class SessionBody(msgspec.Struct, frozen=True):
    """One sign-in that still counts."""

    id: UUID
    kind: Literal["token", "cookie"]
    device: str | None
    created_at: datetime
    refreshed_at: datetime
    used_at: datetime
    expires_at: datetime
    current: bool


@post("/refresh", status_code=204, security=[{"cookie": []}], summary="Go on with a browser's sign-in")
async def refresh(request: Call) -> Answer[None]:
    """The next cookie. One that has been refreshed before is a copy, and ends the sign-in."""
    held = request.door.cookie(request.scope)
    following = None if held is None else await request.services.sessions.refresh(held)
    if following is None:
        raise ProblemError(SIGNED_OUT, {} if held is None else {"Set-Cookie": cookie(request, "", life_s=0)})
    return Answer(None, status_code=204, headers={"Set-Cookie": cookie(request, following)})


@post("/logout", status_code=204, summary="Sign out: this token or cookie is refused from now on")
async def sign_out(request: Call) -> Answer[None]:
    """Within a second in every process. A cookie need not be fresh for it."""
    sessions = request.services.sessions
    held = request.door.cookie(request.scope)
    bearer = request.scope.get("user") or (None if held is None else sessions.holder(held))
    headers = {} if held is None else {"Set-Cookie": cookie(request, "", life_s=0)}
    if bearer is None:
        raise ProblemError(SIGNED_OUT, headers)
    await sessions.end(bearer)
    return Answer(None, status_code=204, headers=headers)


@get("/sessions", summary="My sign-ins that still count")
async def list_sessions(request: Call) -> Answer[list[SessionBody]]:
    """Latest first; `used_at` is told to about a minute."""
    found = await request.services.sessions.all_of(request.user_id)
    kinds: tuple[Literal["token"], Literal["cookie"]] = ("token", "cookie")
    return Answer(
        [
            SessionBody(
                one.id,
                kinds[one.kind - 1],
                one.device,
                one.created_at,
                one.refreshed_at,
                one.used_at,
                one.expires_at,
                current=one.id == request.user.session_id,
            )
            for one in found
        ]
    )


@delete("/sessions", summary="Sign out everywhere")
async def end_sessions(request: Call) -> None:
    """This sign-in ends as well."""
    await request.services.sessions.end_all(request.user_id)


@delete("/sessions/{session_id:uuid}", summary="End one of my sign-ins")
async def end_session(request: Call, session_id: FromPath[UUID]) -> None:
    """404 for what has ended already and for what is somebody else's."""
    if not await request.services.sessions.end_one(request.user_id, session_id):
        raise ProblemError(UNKNOWN_SESSION)


def cookie(request: Call, value: str, *, life_s: float = IDLE_MAX.total_seconds()) -> str:
    """The header that sets the session's cookie, or with ``life_s`` 0 takes it away."""
    name = request.door.cookie_name(request.scope)
    secure = "; Secure" if name == COOKIE_TLS else ""
    return f"{name}={value}; Path=/; Max-Age={int(life_s)}; HttpOnly; SameSite=Strict{secure}"


def may_have_cookie(request: Call) -> None:
    """Before a sign-in that asks for a cookie: a page of ours asks, over TLS or on its own machine."""
    if request.door.cookie_name(request.scope) is None:
        raise ProblemError(TLS_NEEDED)
    if not request.door.is_same_site(request.scope):
        raise ProblemError(CROSS_SITE)


def device_of(request: Call) -> str | None:
    """What the sign-in is listed as."""
    return device(request.headers.get("user-agent", ""))


by_cookie = Router("/api/auth", route_handlers=[refresh, sign_out], tags=["Auth"])
router = Router(
    "/api/auth",
    route_handlers=[list_sessions, end_sessions, end_session],
    before_request=signed_in,
    tags=["Auth"],
)
