"""`/api/auth/config`, `/google`, `/demo`: how one can sign in, and signing in.

Programs get a bearer token of a day. The web app asks for a `cookie` instead, and then no token is told: what no script holds, no
script can lose.

    POST /api/auth/demo {}    -> {"ft_token": "...", "user": {...}}
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import JSONBody
from msgspec import Meta

from fintwin.api.answers import Answer
from fintwin.api.call import Call
from fintwin.api.problems import ProblemError, problem
from fintwin.api.profile import me_of, profile_of
from fintwin.api.sessions import cookie, device_of, may_have_cookie
from fintwin.api.texts import Name, blank_is_none
from fintwin.identity.users import SignInClosedError

NO_DEMO: Final = problem(404, "not_found", "There is no demo here: sign in with your account.")
NO_GOOGLE: Final = problem(401, "unauthenticated", "Sign-in with Google is not set up here.")
BAD_CREDENTIAL: Final = problem(401, "unauthenticated", "Google does not vouch for this sign-in: try it again.")
ERASED: Final = problem(401, "unauthenticated", "This account has just been erased.")
GOOGLE_AWAY: Final = problem(503, "google_unavailable", "Google cannot be asked at the moment: try again shortly.")


class Config(msgspec.Struct, frozen=True):
    """What a sign-in page has to know."""

    google_client_id: str | None
    demo: bool
    assistant: bool


class GoogleBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """Google's ID token, and what its sign-in was begun with."""

    credential: str
    nonce: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    cookie: bool = False


class DemoBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wants to try it, and whether with two years of made-up history."""

    name: Name | None = None
    sample: bool = False
    cookie: bool = False


class SignedInUser(msgspec.Struct, frozen=True):
    """The user in the answer to a sign-in."""

    id: UUID
    email: str | None
    full_name: str | None
    picture: str | None
    is_profile_complete: bool


class SignedIn(msgspec.Struct, frozen=True):
    """A token of a day, null for a sign-in by cookie, and whose it is."""

    ft_token: str | None
    user: SignedInUser


@get("/config", summary="How one can sign in")
async def auth_config(request: Call) -> Answer[Config]:
    """Public."""
    settings = request.services.settings
    return Answer(Config(google_client_id=settings.google_client_id, demo=settings.demo, assistant=True))


@post("/google", status_code=200, summary="Sign in with Google")
async def sign_in_google(request: Call, data: JSONBody[GoogleBody]) -> Answer[SignedIn]:
    """`credential` is Google's ID token. 401 where it is no good, 503 where Google's keys cannot be had."""
    from fintwin.identity.google import GoogleUnreachableError

    services = request.services
    request.limit_sign_ins()
    if data.cookie:
        may_have_cookie(request)
    if services.google is None:
        raise ProblemError(NO_GOOGLE)
    try:
        person = await services.google.person(data.credential, nonce=data.nonce)
    except GoogleUnreachableError:
        raise ProblemError(GOOGLE_AWAY) from None
    if person is None:
        raise ProblemError(BAD_CREDENTIAL)
    try:
        user_id = await services.identity.enter(
            "google", person.subject, full_name=person.full_name, email=person.email, picture=person.picture
        )
    except SignInClosedError:
        raise ProblemError(ERASED) from None
    return await _signed_in(request, user_id, by_cookie=data.cookie)


@post("/demo", status_code=200, summary="Sign in as a new user who is nobody")
async def sign_in_demo(request: Call, data: JSONBody[DemoBody | None] = None) -> Answer[SignedIn]:
    """Only in demo mode; each call makes a user, empty or with a lived-in past (`sample`)."""
    services = request.services
    if not services.settings.demo:
        raise ProblemError(NO_DEMO)
    body = data or DemoBody()
    if body.cookie:
        may_have_cookie(request)
    user_id = await services.identity.enter(
        "demo",
        None,
        full_name=blank_is_none(body.name) or "Demo user",
        email=f"{secrets.token_hex(6)}@demo.invalid",
        sample=body.sample,
    )
    if body.sample:
        from fintwin.ledger.sample import lived_in

        await lived_in(services.ledger, user_id, seed=secrets.randbelow(2**31), today=datetime.now(UTC).date())
    return await _signed_in(request, user_id, by_cookie=body.cookie)


async def _signed_in(request: Call, user_id: UUID, *, by_cookie: bool) -> Answer[SignedIn]:
    sessions = request.services.sessions
    profile, key = await profile_of(request, user_id)
    me = me_of(user_id, profile, key)
    user = SignedInUser(user_id, me.email, me.full_name, me.picture, me.is_profile_complete)
    if by_cookie:
        held = await sessions.begin_cookie(user_id, device=device_of(request))
        return Answer(SignedIn(None, user), headers={"Set-Cookie": cookie(request, held)})
    token = await sessions.begin_token(user_id, name=me.full_name, email=me.email, device=device_of(request))
    return Answer(SignedIn(token, user))


router = Router("/api/auth", route_handlers=[auth_config, sign_in_google, sign_in_demo], tags=["Auth"], security=[])
