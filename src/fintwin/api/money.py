"""Money between JSON and the ledger: exact decimals outside, minor units inside.

>>> str(out(125050, "EUR"))
'1250.50'
>>> minor(Decimal("0.001"), "BHD")
1
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from fintwin.api.problems import malformed
from fintwin.domain.money import parse_minor as minor
from fintwin.domain.money import to_decimal as out

__all__ = ["Amount", "Percent", "minor", "out", "percent"]

Amount = Annotated[Decimal, Meta(description="An exact decimal number; a numeric string is taken too.")]
Percent = Annotated[Decimal, Meta(description="Percent a year, at most 8 decimals.")]

_PERCENT_MAX = 1000
_PERCENT_DECIMALS_MAX = 8


def percent(value: Decimal, field: str) -> Decimal:
    """A rate within reason: between -1000 and 1000 percent, at most 8 decimals."""
    if not value.is_finite() or abs(value) > _PERCENT_MAX:
        raise malformed("A rate lies between -1000 and 1000 percent.", field)
    if not value:
        return Decimal(0)
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent > _PERCENT_DECIMALS_MAX:
        raise malformed("A rate has at most 8 decimals.", field)
    return value
