"""`/api/auth/me`, `/profile`: who one is.

`/me` and `/profile/complete` come from the head of the user's own stream, so they always show the last write.

    GET /api/auth/me    -> {"id": "...", "full_name": "Ada", ...}
"""

from __future__ import annotations

import msgspec
from litestar import Router, get, put
from litestar.params import JSONBody

from fintwin.api.answers import Answer
from fintwin.api.call import Call, booked, position_headers, signed_in
from fintwin.api.profile import Me, ProfileBody, answers_of, me_of, profile_of


class Complete(msgspec.Struct, frozen=True):
    """Whether the profile has been filled in."""

    is_profile_complete: bool


@get("/me", summary="Who I am")
async def get_me(request: Call) -> Answer[Me]:
    """Always as of the last write."""
    profile, key = await profile_of(request, request.user_id)
    return Answer(me_of(request.user_id, profile, key))


@put("/profile", summary="Fill in or replace the profile")
async def put_profile(request: Call, data: JSONBody[ProfileBody]) -> Answer[Me]:
    """The first time opens the main account in the currency; later ones never change an account's currency."""
    answers = answers_of(data)
    services, user_id = request.services, request.user_id
    booking = booked(await services.ledger.fill_in_profile(request.command("profile", data), answers))
    profile, key = await profile_of(request, user_id)
    shown = me_of(user_id, msgspec.structs.replace(profile, answers=booking.entries[0].event), key)
    return Answer(shown, headers=position_headers(booking, booking.position))


@get("/profile/complete", summary="Whether the profile has been filled in")
async def profile_complete(request: Call) -> Answer[Complete]:
    """Always as of the last write."""
    profile, _ = await profile_of(request, request.user_id)
    return Answer(Complete(profile.answers is not None))


router = Router(
    "/api/auth", route_handlers=[get_me, put_profile, profile_complete], before_request=signed_in, tags=["Auth"]
)
