"""Puts the SQL folders, and the built web app where there is one, into the wheel.

In a checkout the code reads `migrations/`, `projections/` and `frontend/dist/` beside `src/`. A wheel has no such
neighbours, so they travel inside the package as `fintwin/_sql/...` and `fintwin/_web`. An editable install must not get
copies: they would go stale with the first edit.

    >>> {"migrations": "fintwin/_sql/migrations"}["migrations"]
    'fintwin/_sql/migrations'
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACES = {
    "migrations": "fintwin/_sql/migrations",
    "projections": "fintwin/_sql/projections",
    "frontend/dist": "fintwin/_web",
}


class ShipData(BuildHookInterface):  # type: ignore[misc,type-arg]
    """Adds each folder of `PLACES` that exists to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fills `force_include` of a real wheel; leaves an editable one alone."""
        if version == "editable":
            return
        for folder, place in PLACES.items():
            source = Path(self.root) / folder
            if source.is_dir():
                build_data["force_include"][str(source)] = place
