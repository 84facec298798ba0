"""Every read model there is, in the order in which they are shown.

A new read model is a module of this package with ``keys``, ``fold`` and a value `MODEL`, its two SQL files, its test, and a
line here:

    from fintwin.projections import balances
    READ_MODELS = (..., balances.MODEL)
"""

from __future__ import annotations

from typing import Final

from fintwin.projections import (
    accounts,
    balances,
    notifications,
    personas,
    portfolios,
    profiles,
    risk,
    simulations,
    statements,
)
from fintwin.projections.model import ReadModel

READ_MODELS: Final[tuple[ReadModel, ...]] = (
    profiles.MODEL,
    accounts.MODEL,
    balances.MODEL,
    statements.MODEL,
    portfolios.MODEL,
    risk.MODEL,
    notifications.MODEL,
    personas.MODEL,
    simulations.MODEL,
)
