"""Accounts: what can be asked of them, what happened to them, what they are."""

from fintwin.domain.accounts.commands import *  # noqa: F403
from fintwin.domain.accounts.commands import as_command as as_command
from fintwin.domain.accounts.decide import PAST_UNKNOWN as PAST_UNKNOWN
from fintwin.domain.accounts.decide import decide as decide
from fintwin.domain.accounts.decide import received_leg as received_leg
from fintwin.domain.accounts.events import *  # noqa: F403
from fintwin.domain.accounts.past import Past as Past
from fintwin.domain.accounts.state import AccountState as AccountState
from fintwin.domain.accounts.state import Status as Status
from fintwin.domain.accounts.state import delta_minor as delta_minor
from fintwin.domain.accounts.state import evolve as evolve
from fintwin.domain.accounts.state import remembering as remembering
