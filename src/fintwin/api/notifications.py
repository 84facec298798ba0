"""`/api/notifications`: what the caller should hear of, newest first, in the caller's locale.

The projector makes notifications from events; no route posts one. Reading and deleting them are events.

    GET /api/notifications/{account_id}?unread_only=true    -> [{"title": "Deposit received", "message": "€5.00 came in.", ...}]
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Router, delete, get, put
from litestar.params import FromPath, QueryParameter

from fintwin.api.answers import Answer
from fintwin.api.call import Call, booked, position_headers, signed_in
from fintwin.api.problems import refused
from fintwin.api.risk import MinPosition, locale_of
from fintwin.api.statement_pages import POSITION_MAX, next_link
from fintwin.domain import notifications as domain
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.domain.refusals import Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.plans import Noted
from fintwin.projections import notifications_text
from fintwin.projections.notification_rows import Notification, Type
from fintwin.store import read, reading_insights
from fintwin.store.reading_insights import Count, Wanted

PAGE_MAX: Final = 200

TypeAsked = Annotated[Type | None, QueryParameter(name="type")]
UnreadOnly = Annotated[bool, QueryParameter(description="Only what has not been read.")]
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)]
Cursor = Annotated[int | None, QueryParameter(ge=1, le=POSITION_MAX, description="Where the page before ended.")]


class NotificationBody(msgspec.Struct, frozen=True, kw_only=True):
    """One notification."""

    id: UUID
    account_id: UUID
    title: str
    message: str
    type: Type
    is_read: bool
    created_at: datetime
    position: int


class MessageAndCount(msgspec.Struct, frozen=True):
    """What was done, and with how many."""

    message: str
    count: int


class Message(msgspec.Struct, frozen=True):
    """What was done."""

    message: str


@get("/", summary="The caller's notifications over all accounts")
async def list_all(
    request: Call,
    kind: TypeAsked = None,
    unread_only: UnreadOnly = False,  # noqa: FBT002  a query parameter
    limit: Limit = PAGE_MAX,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Answer[list[NotificationBody]]:
    """Newest first."""
    wanted = Wanted(type=kind, unread_only=unread_only, before=cursor, limit=limit)
    return await _page(request, "/api/notifications/", wanted, min_position)


@get("/{account_id:uuid}", summary="The notifications of an account")
async def list_of_account(
    request: Call,
    account_id: FromPath[UUID],
    kind: TypeAsked = None,
    unread_only: UnreadOnly = False,  # noqa: FBT002  a query parameter
    limit: Limit = PAGE_MAX,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Answer[list[NotificationBody]]:
    """Newest first."""
    await _own(request, account_id)
    wanted = Wanted(account_id=account_id, type=kind, unread_only=unread_only, before=cursor, limit=limit)
    return await _page(request, f"/api/notifications/{account_id}", wanted, min_position)


@get("/count/{account_id:uuid}", summary="How many notifications an account has")
async def count_of_account(
    request: Call, account_id: FromPath[UUID], min_position: MinPosition = None
) -> Answer[Count]:
    """All, and those that are unread."""
    await _own(request, account_id)
    return Answer(await _count(request, account_id, min_position))


@put("/read/{notification_id:uuid}", summary="Mark a notification as read")
async def mark_read(request: Call, notification_id: FromPath[UUID]) -> Answer[NotificationBody]:
    """Doing so again changes nothing."""
    found = await _one(request, notification_id)
    headers = await _note(request, "read-notification", domain.ReadNotification(notification_id=notification_id), found)
    assert found is not None, "a missing notification was refused"
    body = shown(found, await locale_of(request))
    return Answer(msgspec.structs.replace(body, is_read=True), headers=headers)


@put("/read-all/{account_id:uuid}", summary="Mark all notifications of an account as read")
async def mark_all_read(request: Call, account_id: FromPath[UUID]) -> Answer[MessageAndCount]:
    """One event, whatever the number; none where nothing was unread."""
    await _own(request, account_id)
    unread = (await _count(request, account_id, None)).unread
    command = domain.ReadAllNotifications(account_id=account_id, unread=unread)
    headers = await _note(request, "read-all-notifications", command, None)
    return Answer(MessageAndCount("All notifications are marked as read.", unread), headers=headers)


@delete("/{notification_id:uuid}", status_code=200, summary="Delete a notification")
async def remove(request: Call, notification_id: FromPath[UUID]) -> Answer[Message]:
    """For good: a rebuild does not bring it back."""
    found = await _one(request, notification_id)
    headers = await _note(
        request, "delete-notification", domain.DeleteNotification(notification_id=notification_id), found
    )
    return Answer(Message("The notification is deleted."), headers=headers)


async def _page(request: Call, path: str, wanted: Wanted, min_position: int | None) -> Answer[list[NotificationBody]]:
    # One more than asked for: a withdrawal and the alert that it set off share a position and stay on one page.
    more = msgspec.structs.replace(wanted, limit=wanted.limit + 1)
    pool = request.services.pools["api"]
    rows = (await reading_insights.notifications(pool, request.user_id, more, min_position=min_position)).value
    following = len(rows) > wanted.limit
    if following and rows[-1].position != rows[-2].position:
        rows = rows[:-1]
    locale = await locale_of(request)
    parameters = list(request.query_params.multi_items())
    headers = next_link(path, parameters, wanted.limit, rows[-1].position if following else None)
    return Answer([shown(row, locale) for row in rows], headers=headers)


async def _own(request: Call, account_id: UUID) -> None:
    stream = StreamKey(StreamKind.ACCOUNT, account_id)
    if await read.one_head(request.services.pools["api"], request.user_id, stream) is None:
        raise refused(UNKNOWN_ACCOUNT)


async def _count(request: Call, account_id: UUID, min_position: int | None) -> Count:
    pool = request.services.pools["api"]
    seen = await reading_insights.notification_count(pool, request.user_id, account_id, min_position=min_position)
    return seen.value


async def _one(request: Call, notification_id: UUID) -> Notification | None:
    pool = request.services.pools["api"]
    return (await reading_insights.notification(pool, request.user_id, notification_id)).value


async def _note(
    request: Call, name: str, command: domain.NotificationCommand, found: Notification | None
) -> dict[str, str]:
    """Decide on what the read model knows, record it; gives the headers of the answer."""
    asked = request.command(name, command)
    state = None if found is None else domain.NotificationState(is_read=found.is_read)
    decided = domain.decide(state, command)
    if isinstance(decided, Refusal):
        raise refused(decided)
    if not decided:
        return {}
    plan = Noted(request.user_id, StreamKind.NOTIFICATIONS, decided)
    booking = booked(await request.services.ledger.submit(asked, plan))
    return position_headers(booking, booking.position)


def shown(row: Notification, locale: str | None) -> NotificationBody:
    """A notification in words, for somebody of this locale."""
    return NotificationBody(
        id=row.notification_id,
        account_id=row.account_id,
        title=notifications_text.title(row),
        message=notifications_text.message(row, locale),
        type=row.type,
        is_read=row.is_read,
        created_at=row.created_at,
        position=row.position,
    )


router = Router(
    "/api/notifications",
    route_handlers=[list_all, list_of_account, count_of_account, mark_read, mark_all_read, remove],
    before_request=signed_in,
    tags=["Notifications"],
)
