from uuid import UUID

import pytest

from fintwin.domain import notifications
from fintwin.domain.notifications import NotificationState
from fintwin.domain.refusals import Refusal

NOTE, ACCOUNT = UUID(int=1), UUID(int=2)
READ = notifications.ReadNotification(notification_id=NOTE)
DELETE = notifications.DeleteNotification(notification_id=NOTE)


@pytest.mark.parametrize("command", [READ, DELETE])
def test_what_is_not_there_is_refused(command: notifications.NotificationCommand) -> None:
    """A notification that never was or is deleted can be neither read nor deleted: unknown_notification."""
    refused = notifications.decide(None, command)
    assert isinstance(refused, Refusal)
    assert refused.code.value == "unknown_notification"


def test_reading_twice_is_one_event() -> None:
    """The first reading is an event, the second finds nothing to change."""
    unread = NotificationState()
    (event,) = notifications.decide(unread, READ)
    assert event == notifications.NotificationRead(notification_id=NOTE)
    read = notifications.evolve(unread, event)
    assert read == NotificationState(is_read=True)
    assert notifications.decide(read, READ) == []


def test_read_all_needs_something_unread() -> None:
    """Reading all is one event for the account, and none where nothing is unread."""
    command = notifications.ReadAllNotifications(account_id=ACCOUNT, unread=3)
    assert notifications.decide(None, command) == [notifications.AllNotificationsRead(account_id=ACCOUNT)]
    nothing = notifications.ReadAllNotifications(account_id=ACCOUNT, unread=0)
    assert notifications.decide(None, nothing) == []


def test_deleted_is_gone_for_good() -> None:
    """No later event brings a deleted notification back."""
    (event,) = notifications.decide(NotificationState(is_read=True), DELETE)
    gone = notifications.evolve(NotificationState(is_read=True), event)
    assert gone is None
    assert notifications.evolve(gone, notifications.NotificationRead(notification_id=NOTE)) is None
