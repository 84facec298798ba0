"""The rules of notifications.

Checked in one order: the notification exists, and there is something to change. What is done already causes no event and
is no refusal, so two browsers that read the same notification at once both succeed.

>>> from uuid import UUID
>>> decide(NotificationState(is_read=True), ReadNotification(notification_id=UUID(int=1)))
[]
>>> decide(None, ReadNotification(notification_id=UUID(int=1))).code.value
'unknown_notification'
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from fintwin.domain.notifications.events import (
    AllNotificationsRead,
    NotificationDeleted,
    NotificationEvent,
    NotificationRead,
)
from fintwin.domain.notifications.state import NotificationState
from fintwin.domain.refusals import Code, Refusal

Decision = list[NotificationEvent] | Refusal

UNKNOWN_NOTIFICATION: Final = Refusal(Code.UNKNOWN_NOTIFICATION, "There is no such notification.")


class ReadNotification(msgspec.Struct, frozen=True, kw_only=True):
    """Mark one notification as read."""

    notification_id: UUID


class ReadAllNotifications(msgspec.Struct, frozen=True, kw_only=True):
    """Mark all notifications of an own account as read; ``unread`` is how many there are."""

    account_id: UUID
    unread: int


class DeleteNotification(msgspec.Struct, frozen=True, kw_only=True):
    """Take one notification away for good."""

    notification_id: UUID


NotificationCommand = ReadNotification | ReadAllNotifications | DeleteNotification


def decide(state: NotificationState | None, command: NotificationCommand) -> Decision:
    """The events that a command causes, or the first rule that forbids it. The state is that of the one notification."""
    if isinstance(command, ReadAllNotifications):
        return [AllNotificationsRead(account_id=command.account_id)] if command.unread else []
    if state is None:
        return UNKNOWN_NOTIFICATION
    match command:
        case ReadNotification():
            return [] if state.is_read else [NotificationRead(notification_id=command.notification_id)]
        case DeleteNotification():
            return [NotificationDeleted(notification_id=command.notification_id)]
