"""Facts about kept simulations, as they stand in the log for good.

A run of the twin writes nothing; keeping it is one `SimulationSaved`. It carries the document that was run, the past it was
run on (position and hash of the log there) and a summary of the result, so that the run can be repeated exactly, and be
told apart from one on a past that has since been corrected. Full series are not kept: they can be computed again.

The name that a person gave a run arrives sealed (field ``name``); documents carry no personal text.

    SimulationSaved(simulation_id=..., source="quick", scenario="withdrawal", ...)    in the user's stream of kind SIMULATIONS
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec

Level = Literal["low", "medium", "high"]
Source = Literal["quick", "full"]


class SimulationSaved(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A run was kept.

    ``scenario`` is the quick route's scenario, or the kind of a full run's first step. ``amount_minor`` is None where the
    scenario's figure is no money; ``figure`` then holds it as text (percentage points, ...). ``before_minor`` and
    ``after_minor`` are the balances that the run compares. ``recommendation`` is the code of a sentence, ``summary`` the
    figures it and the comparison need: whole numbers, texts and lists of them.
    """

    simulation_id: UUID
    source: Source
    scenario: str
    document: dict[str, Any]
    base_position: int
    base_hash: str
    before_minor: int
    after_minor: int
    currency: str
    risk_score: int
    level: Level
    account_id: UUID | None = None
    amount_minor: int | None = None
    figure: str | None = None
    recommendation: str | None = None
    summary: dict[str, Any] = {}
    name: str | None = None


class SimulationDeleted(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A kept run is not wanted any more."""

    simulation_id: UUID


class SimulationsCleared(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All kept runs of an account are not wanted any more; None: all of the user."""

    account_id: UUID | None = None


SimulationEvent = SimulationSaved | SimulationDeleted | SimulationsCleared
