"""Facts about what a user holds, as they stand in the log for good. Prices are of one piece, in units of ``currency``.

New fields must have defaults, and a field never changes its meaning or type.

>>> msgspec.json.encode(HoldingRemoved(holding_id=UUID(int=1), currency="EUR"))
b'{"holding_id":"00000000-0000-0000-0000-000000000001","currency":"EUR"}'
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec


class HoldingAdded(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The user holds this many pieces, bought at this price when the event is effective."""

    holding_id: UUID
    ticker: str
    company_name: str
    currency: str
    quantity: Decimal
    buy_price: Decimal
    current_price: Decimal


class HoldingPriced(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A piece is worth this much from now on; the currency is the holding's."""

    holding_id: UUID
    currency: str
    current_price: Decimal


class HoldingRemoved(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The user does not hold it any more: it counts as sold at its last price."""

    holding_id: UUID
    currency: str


HoldingsEvent = HoldingAdded | HoldingPriced | HoldingRemoved
