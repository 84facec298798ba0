"""What deciding about holdings needs: which ones there are, and how many pieces of each.

>>> value_minor(Decimal("1.5"), Decimal("0.33"), "EUR")
50
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from uuid import UUID

import msgspec

from fintwin.domain.holdings.events import HoldingAdded, HoldingRemoved, HoldingsEvent
from fintwin.domain.money import exponent


class Held(msgspec.Struct, frozen=True):
    """One open holding, as far as rules ask for it."""

    quantity: Decimal
    currency: str


class HoldingsState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The open holdings of a user, in the order of their adding; ``version`` counts the stream's events."""

    version: int
    open: dict[UUID, Held] = {}


def evolve(state: HoldingsState | None, event: HoldingsEvent) -> HoldingsState:
    """The holdings after one more event."""
    version, known = (0, {}) if state is None else (state.version, state.open)
    match event:
        case HoldingAdded():
            known = known | {event.holding_id: Held(event.quantity, event.currency)}
        case HoldingRemoved():
            known = {each: held for each, held in known.items() if each != event.holding_id}
        case _:
            pass
    return HoldingsState(version=version + 1, open=known)


def value_minor(quantity: Decimal, price: Decimal, currency: str) -> int:
    """What so many pieces are worth at this price, in minor units, rounded half up."""
    decimals = exponent(currency)
    assert decimals is not None, f"a holding in an unknown currency {currency!r} was let in"
    with localcontext(prec=60):
        return int((quantity * price).scaleb(decimals).to_integral_value(ROUND_HALF_UP))
