"""What is wrong with a scenario, said so that its author can mend it.

raise ScenarioError("horizon", "horizon_months", "A run looks 1 to 600 months ahead.")
"""

from __future__ import annotations


class ScenarioError(ValueError):
    """A document that cannot be run: a stable code, the field at fault, one readable sentence."""

    def __init__(self, code: str, field: str, detail: str) -> None:
        """``field`` is a path like ``steps[2].amount``."""
        super().__init__(code, field, detail)
        self.code = code
        self.field = field
        self.detail = detail
