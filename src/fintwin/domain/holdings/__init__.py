"""Holdings: shares, funds and the like that a user keeps elsewhere and wants counted."""

from fintwin.domain.holdings.decide import *  # noqa: F403
from fintwin.domain.holdings.decide import decide as decide
from fintwin.domain.holdings.events import *  # noqa: F403
from fintwin.domain.holdings.state import HoldingsState as HoldingsState
from fintwin.domain.holdings.state import evolve as evolve
from fintwin.domain.holdings.state import value_minor as value_minor
