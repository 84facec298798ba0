"""Simulations: the runs of the twin that were kept."""

from fintwin.domain.simulations.decide import *  # noqa: F403
from fintwin.domain.simulations.decide import decide as decide
from fintwin.domain.simulations.events import *  # noqa: F403
from fintwin.domain.simulations.state import SimulationState as SimulationState
from fintwin.domain.simulations.state import evolve as evolve
