"""The rules of holdings.

Checked in one order: the holding is there (or, to add one, there is room), figures are positive and within their digits, the
currency exists, the value fits.

>>> from datetime import UTC
>>> remove = RemoveHolding(at=datetime(2026, 1, 2, tzinfo=UTC), holding_id=UUID(int=1))
>>> decide(None, remove).code.value
'unknown_holding'
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, localcontext
from typing import Final
from uuid import UUID

import msgspec

from fintwin.domain.holdings.events import HoldingAdded, HoldingPriced, HoldingRemoved, HoldingsEvent
from fintwin.domain.holdings.state import Held, HoldingsState, value_minor
from fintwin.domain.money import MINOR_MAX, is_currency
from fintwin.domain.refusals import Code, Refusal

Decision = list[HoldingsEvent] | Refusal

HOLDINGS_MAX: Final = 1_000
DIGITS_MAX: Final = 15
DECIMALS_MAX: Final = 8
"""Decimals of prices and quantities, whatever the currency."""

UNKNOWN_HOLDING: Final = Refusal(Code.UNKNOWN_HOLDING, "There is no such holding.")
VALUE_TOO_LARGE: Final = Refusal(Code.AMOUNT_TOO_LARGE, "The value has more than 15 digits.")


class AddHolding(msgspec.Struct, frozen=True, kw_only=True):
    """Count something that the user holds. ``holding_id`` is new; ``effective_at`` is when it was bought."""

    at: datetime
    holding_id: UUID
    ticker: str
    company_name: str
    currency: str
    quantity: Decimal
    buy_price: Decimal
    current_price: Decimal
    effective_at: datetime | None = None


class PriceHolding(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a piece is worth now."""

    at: datetime
    holding_id: UUID
    current_price: Decimal


class RemoveHolding(msgspec.Struct, frozen=True, kw_only=True):
    """Count it no more."""

    at: datetime
    holding_id: UUID


HoldingsCommand = AddHolding | PriceHolding | RemoveHolding


def decide(state: HoldingsState | None, command: HoldingsCommand) -> Decision:
    """The events that a command causes, or the first rule that forbids it."""
    known = {} if state is None else state.open
    if isinstance(command, AddHolding):
        return _add(known, command)
    held = known.get(command.holding_id)
    if held is None:
        return UNKNOWN_HOLDING
    if isinstance(command, RemoveHolding):
        return [HoldingRemoved(holding_id=command.holding_id, currency=held.currency)]
    refusal = _figure_refused("price", command.current_price)
    if refusal is None and value_minor(held.quantity, command.current_price, held.currency) > MINOR_MAX:
        refusal = VALUE_TOO_LARGE
    if refusal is not None:
        return refusal
    price = _exact(command.current_price)
    return [HoldingPriced(holding_id=command.holding_id, currency=held.currency, current_price=price)]


def _add(known: dict[UUID, Held], command: AddHolding) -> Decision:
    if len(known) >= HOLDINGS_MAX:
        return Refusal(Code.TOO_MANY_HOLDINGS, f"A user keeps at most {HOLDINGS_MAX} holdings.")
    figures = (("quantity", command.quantity), ("price", command.buy_price), ("price", command.current_price))
    for name, figure in figures:
        refusal = _figure_refused(name, figure)
        if refusal is not None:
            return refusal
    if not is_currency(command.currency):
        return Refusal(Code.UNKNOWN_CURRENCY, f"{command.currency!r} is not a currency of ISO 4217.")
    if command.effective_at is not None and command.effective_at > command.at:
        return Refusal(Code.EFFECTIVE_AT_IN_FUTURE, "The day of buying lies in the future.")
    dearer = max(command.buy_price, command.current_price)
    if value_minor(command.quantity, dearer, command.currency) > MINOR_MAX:
        return VALUE_TOO_LARGE
    return [
        HoldingAdded(
            holding_id=command.holding_id,
            ticker=command.ticker,
            company_name=command.company_name,
            currency=command.currency,
            quantity=_exact(command.quantity),
            buy_price=_exact(command.buy_price),
            current_price=_exact(command.current_price),
        )
    ]


def _figure_refused(name: str, figure: Decimal) -> Refusal | None:
    if not figure.is_finite():
        return Refusal(Code.AMOUNT_NOT_FINITE, f"The {name} must be a finite number.")
    if figure <= 0:
        return Refusal(Code.AMOUNT_NOT_POSITIVE, f"The {name} must be above zero.")
    if figure.adjusted() > DIGITS_MAX:
        return Refusal(Code.AMOUNT_TOO_LARGE, f"The {name} has more than {DIGITS_MAX} digits.")
    _, digits, exponent = figure.as_tuple()
    beyond = -int(exponent) - DECIMALS_MAX
    if beyond > 0 and any(digits[-beyond:]):
        return Refusal(Code.AMOUNT_PRECISION, f"The {name} has more than {DECIMALS_MAX} decimals.")
    return None


def _exact(figure: Decimal) -> Decimal:
    """The same number without zeros beyond the decimals that are kept."""
    if int(figure.as_tuple().exponent) >= -DECIMALS_MAX:
        return figure
    with localcontext(prec=60):
        return figure.quantize(Decimal(1).scaleb(-DECIMALS_MAX))
