"""Facts about what a person did with notifications, as they stand in the log for good.

Notifications themselves are no events: a fold makes them from what happened to the accounts. Reading and deleting are
events, so that a rebuild brings back neither a deleted notification nor an unread one.

    NotificationRead(notification_id=...)      lies in the user's own stream of kind NOTIFICATIONS
"""

from __future__ import annotations

from uuid import UUID

import msgspec


class NotificationRead(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person has read one notification."""

    notification_id: UUID


class AllNotificationsRead(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person has read every notification of an account that was made before this event."""

    account_id: UUID


class NotificationDeleted(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person does not want to see the notification again."""

    notification_id: UUID


NotificationEvent = NotificationRead | AllNotificationsRead | NotificationDeleted
