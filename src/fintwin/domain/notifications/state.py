"""What a notification is at one moment, as far as its owner can change it.

There is one state a notification, taken from the read model: None where there is none (it never was, or is deleted).

    evolve(NotificationState(is_read=False), NotificationRead(...)) == NotificationState(is_read=True)
"""

from __future__ import annotations

import msgspec

from fintwin.domain.notifications.events import NotificationDeleted, NotificationEvent


class NotificationState(msgspec.Struct, frozen=True, kw_only=True):
    """One notification."""

    is_read: bool = False


def evolve(state: NotificationState | None, event: NotificationEvent) -> NotificationState | None:
    """The notification after one more event that concerns it; one that is gone stays gone."""
    if state is None or isinstance(event, NotificationDeleted):
        return None
    return NotificationState(is_read=True)
