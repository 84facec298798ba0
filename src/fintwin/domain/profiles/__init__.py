"""Profiles: who a user is, as told by the sign-in provider and by the person."""

from fintwin.domain.profiles.decide import *  # noqa: F403
from fintwin.domain.profiles.decide import decide as decide
from fintwin.domain.profiles.events import *  # noqa: F403
from fintwin.domain.profiles.state import ProfileAnswers as ProfileAnswers
from fintwin.domain.profiles.state import ProfileState as ProfileState
from fintwin.domain.profiles.state import evolve as evolve
