"""Notifications: what a person did with them. They are made by a fold of the other events, see `projections`."""

from fintwin.domain.notifications.decide import *  # noqa: F403
from fintwin.domain.notifications.decide import decide as decide
from fintwin.domain.notifications.events import *  # noqa: F403
from fintwin.domain.notifications.state import NotificationState as NotificationState
from fintwin.domain.notifications.state import evolve as evolve
