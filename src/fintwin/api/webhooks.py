"""`/api/webhooks`: where the caller's own events are sent to, and what could not be delivered.

A hook is told of what happens from its making on. Its secret, which signs each delivery, is told once. docs/webhooks.md says what
is sent and how it is verified.

    POST /api/webhooks {"url": "https://example.org/hook"}    -> 201 {"id": "...", "secret": ..., ...}
"""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.api.problems import ProblemError, malformed, problem
from fintwin.api.statement_pages import POSITION_MAX, next_link
from fintwin.domain.catalogue import EVENT_TYPES
from fintwin.store.webhooks import Letter
from fintwin.webhooks.hooks import HOOKS_MAX, Hook, Hooks, NewHook
from fintwin.webhooks.messages import MONEY_TYPES
from fintwin.webhooks.targets import URL_LENGTH_MAX, TargetRefusedError

LETTERS_DEFAULT: Final = 100
LETTERS_MAX: Final = 1000
_UNKNOWN: Final = problem(404, "unknown_webhook", "There is no such webhook.")
_UNKNOWN_LETTER: Final = problem(404, "unknown_letter", "Nothing of that position was given up.")
_REFUSED: Final = {
    "address_malformed": "This is no address that can be called.",
    "https_needed": "The address begins with https://.",
    "address_not_allowed": "Only addresses of the public internet are called.",
}

Url = Annotated[str, msgspec.Meta(max_length=URL_LENGTH_MAX)]
Types = Annotated[list[str], msgspec.Meta(min_length=1, max_length=len(EVENT_TYPES))]
Position = Annotated[int, msgspec.Meta(ge=0, le=POSITION_MAX)]


class WebhookBody(msgspec.Struct, frozen=True):
    """A new hook; without `types` it is told of movements of money."""

    url: Url
    types: Types | None = None


class WebhookChange(msgspec.Struct, frozen=True):
    """What is to change. A hook that was stopped goes on where it stopped when it is made active."""

    url: Url | None = None
    types: Types | None = None
    state: Literal["active", "paused"] | None = None


class ReplayBody(msgspec.Struct, frozen=True):
    """Every event after this position is told again."""

    after: Position


class Asked(msgspec.Struct, frozen=True):
    """How many letters are tried again."""

    count: int


@get("/", summary="My webhooks")
async def list_hooks(request: Call) -> Answer[list[Hook]]:
    """In the order of their making; secrets are not told again."""
    return Answer(await _hooks(request).all_of(request.user_id))


@post("/", summary="Have my events sent to an address")
async def add_hook(request: Call, data: JSONBody[WebhookBody]) -> Answer[NewHook]:
    """201 with the secret, this once. Whether anybody answers there shows at the first delivery."""
    types = MONEY_TYPES if data.types is None else _known(data.types)
    try:
        made = await _hooks(request).add(request.user_id, data.url, types)
    except TargetRefusedError as error:
        raise _target(error) from None
    if made is None:
        raise ProblemError(problem(422, "too_many_webhooks", f"There are {HOOKS_MAX} webhooks already."))
    return Answer(made)


@get("/{webhook_id:uuid}", summary="One of my webhooks")
async def get_hook(request: Call, webhook_id: FromPath[UUID]) -> Answer[Hook]:
    """How far it is, and what became of the last try."""
    return _found(await _hooks(request).one(request.user_id, webhook_id))


@patch("/{webhook_id:uuid}", summary="Change, pause or go on with a webhook")
async def change_hook(request: Call, webhook_id: FromPath[UUID], data: JSONBody[WebhookChange]) -> Answer[Hook]:
    """What waits for its next try is tried at once."""
    types = None if data.types is None else _known(data.types)
    try:
        found = await _hooks(request).change(request.user_id, webhook_id, url=data.url, types=types, state=data.state)
    except TargetRefusedError as error:
        raise _target(error) from None
    return _found(found)


@delete("/{webhook_id:uuid}", status_code=204, summary="Take a webhook away")
async def remove_hook(request: Call, webhook_id: FromPath[UUID]) -> Answer[None]:
    """What could not be delivered is forgotten with it."""
    if not await _hooks(request).remove(request.user_id, webhook_id):
        raise ProblemError(_UNKNOWN)
    return Answer(None, status_code=204)


@post("/{webhook_id:uuid}/replay", status_code=200, summary="Send everything after a position again")
async def replay(request: Call, webhook_id: FromPath[UUID], data: JSONBody[ReplayBody]) -> Answer[Hook]:
    """In order, with the same ids as before."""
    return _found(await _hooks(request).change(request.user_id, webhook_id, position=data.after))


@get("/{webhook_id:uuid}/letters", summary="What could not be delivered")
async def list_letters(
    request: Call,
    webhook_id: FromPath[UUID],
    limit: Annotated[int, QueryParameter(ge=1, le=LETTERS_MAX)] = LETTERS_DEFAULT,
    cursor: Annotated[int, QueryParameter(ge=0, le=POSITION_MAX, description="Where the page before ended.")] = 0,
) -> Answer[list[Letter]]:
    """Oldest first: the positions of the events, which `/api/events` shows."""
    hooks = _hooks(request)
    _found(await hooks.one(request.user_id, webhook_id))
    rows = await hooks.letters(request.user_id, webhook_id, after=cursor, limit=limit)
    last = rows[-1].position if len(rows) == limit else None
    return Answer(rows, headers=next_link(f"/api/webhooks/{webhook_id}/letters", [], limit, last))


@post("/{webhook_id:uuid}/letters/replay", status_code=200, summary="Try all undelivered events again")
async def replay_letters(request: Call, webhook_id: FromPath[UUID]) -> Answer[Asked]:
    """One try each; what fails again stays."""
    hooks = _hooks(request)
    _found(await hooks.one(request.user_id, webhook_id))
    return Answer(Asked(await hooks.ask_again(request.user_id, webhook_id, None)))


@post("/{webhook_id:uuid}/letters/{position:int}/replay", status_code=200, summary="Try one undelivered event again")
async def replay_letter(request: Call, webhook_id: FromPath[UUID], position: FromPath[int]) -> Answer[Asked]:
    """One try; if it fails again the letter stays."""
    hooks = _hooks(request)
    _found(await hooks.one(request.user_id, webhook_id))
    if not 0 <= position <= POSITION_MAX or not await hooks.ask_again(request.user_id, webhook_id, position):
        raise ProblemError(_UNKNOWN_LETTER)
    return Answer(Asked(1))


def _hooks(request: Call) -> Hooks:
    return request.services.hooks


def _found(hook: Hook | None) -> Answer[Hook]:
    if hook is None:
        raise ProblemError(_UNKNOWN)
    return Answer(hook)


def _known(types: list[str]) -> list[str]:
    strange = [one for one in types if one not in EVENT_TYPES]
    if strange:
        raise malformed("types names kinds of events that there are, like Deposited or TransferReceived.", "types")
    return sorted(set(types))


def _target(error: TargetRefusedError) -> ProblemError:
    code = str(error)
    return ProblemError(problem(422, code, _REFUSED[code]))


router = Router(
    "/api/webhooks",
    route_handlers=[
        list_hooks,
        add_hook,
        get_hook,
        change_hook,
        remove_hook,
        replay,
        list_letters,
        replay_letters,
        replay_letter,
    ],
    before_request=signed_in,
    tags=["Webhooks"],
)
