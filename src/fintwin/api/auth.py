"""`/api/auth`: signing in and out, and who one is.

`/me` and `/profile/complete` come from the head of the user's own stream, so they always show the last write.

    POST /api/auth/demo {}    -> {"ft_token": "...", "user": {...}}
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import JSONBody

from fintwin.api.answers import Answer
from fintwin.api.call import Call, booked, position_headers, signed_in
from fintwin.api.problems import SIGNED_OUT, ProblemError, problem
from fintwin.api.profile import Me, ProfileBody, answers_of, me_of
from fintwin.api.texts import Name, blank_is_none
from fintwin.domain.profiles import ProfileState
from fintwin.store.keys import UserKey

NO_DEMO = problem(404, "not_found", "There is no demo here: sign in with your account.")


class Config(msgspec.Struct, frozen=True):
    """What a sign-in page has to know."""

    google_client_id: str | None
    demo: bool
    assistant: bool


class DemoBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wants to try it, and whether with two years of made-up history."""

    name: Name | None = None
    sample: bool = False


class SignedInUser(msgspec.Struct, frozen=True):
    """The user in the answer to a sign-in."""

    id: UUID
    email: str | None
    full_name: str | None
    picture: str | None
    is_profile_complete: bool


class SignedIn(msgspec.Struct, frozen=True):
    """A token of a day, and whose it is."""

    ft_token: str
    user: SignedInUser


class Complete(msgspec.Struct, frozen=True):
    """Whether the profile has been filled in."""

    is_profile_complete: bool


class SessionBody(msgspec.Struct, frozen=True):
    """One sign-in that still counts."""

    id: UUID
    kind: Literal["token", "cookie"]
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    current: bool


@get("/config", summary="How one can sign in")
async def auth_config(request: Call) -> Answer[Config]:
    """Public."""
    settings = request.services.settings
    return Answer(Config(google_client_id=settings.google_client_id, demo=settings.demo, assistant=False))


@post("/demo", status_code=200, summary="Sign in as a new user who is nobody")
async def sign_in_demo(request: Call, data: JSONBody[DemoBody | None] = None) -> Answer[SignedIn]:
    """Only in demo mode; each call makes a user, empty or with a lived-in past (`sample`)."""
    services = request.services
    if not services.settings.demo:
        raise ProblemError(NO_DEMO)
    body = data or DemoBody()
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
    return Answer(await _signed_in(request, user_id))


async def _signed_in(request: Call, user_id: UUID) -> SignedIn:
    services = request.services
    profile, key = await _profile(request, user_id)
    me = me_of(user_id, profile, key)
    token = await services.sessions.begin_token(user_id, name=me.full_name, email=me.email)
    user = SignedInUser(user_id, me.email, me.full_name, me.picture, me.is_profile_complete)
    return SignedIn(token, user)


@get("/me", summary="Who I am")
async def get_me(request: Call) -> Answer[Me]:
    """Always as of the last write."""
    profile, key = await _profile(request, request.user_id)
    return Answer(me_of(request.user_id, profile, key))


@put("/profile", summary="Fill in or replace the profile")
async def put_profile(request: Call, data: JSONBody[ProfileBody]) -> Answer[Me]:
    """The first time opens the main account in the currency; later ones never change an account's currency."""
    answers = answers_of(data)
    services, user_id = request.services, request.user_id
    booking = booked(await services.ledger.fill_in_profile(request.command("profile", data), answers))
    profile, key = await _profile(request, user_id)
    shown = me_of(user_id, msgspec.structs.replace(profile, answers=booking.entries[0].event), key)
    return Answer(shown, headers=position_headers(booking, booking.position))


@get("/profile/complete", summary="Whether the profile has been filled in")
async def profile_complete(request: Call) -> Answer[Complete]:
    """Always as of the last write."""
    profile, _ = await _profile(request, request.user_id)
    return Answer(Complete(profile.answers is not None))


@post("/logout", status_code=204, summary="Sign out: this token is refused from now on")
async def sign_out(request: Call) -> Answer[None]:
    """Within a second in every process."""
    await request.services.sessions.end(request.user)
    return Answer(None, status_code=204)


@get("/sessions", summary="My sign-ins that still count")
async def list_sessions(request: Call) -> Answer[list[SessionBody]]:
    """Latest first."""
    found = await request.services.sessions.all_of(request.user_id)
    kinds: tuple[Literal["token"], Literal["cookie"]] = ("token", "cookie")
    return Answer(
        [
            SessionBody(
                one.id,
                kinds[one.kind - 1],
                one.created_at,
                one.refreshed_at,
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


async def _profile(request: Call, user_id: UUID) -> tuple[ProfileState, UserKey]:
    """The profile and the key that opens it; a token whose user is gone is no good."""
    profile = await request.services.identity.profile(user_id)
    if profile is None or profile.erased:
        raise ProblemError(SIGNED_OUT)
    return profile, await request.services.ledger.user_key(user_id)


public = Router("/api/auth", route_handlers=[auth_config, sign_in_demo], tags=["Auth"], security=[])
router = Router(
    "/api/auth",
    route_handlers=[get_me, put_profile, profile_complete, sign_out, list_sessions, end_sessions],
    before_request=signed_in,
    tags=["Auth"],
)
