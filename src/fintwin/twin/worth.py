"""What the holdings of a fork are worth, and what a shock makes of them.

worth = Worth(fork)
worth.shocked(Decimal(-20), frozenset())     # the new price of every holding
worth.by_currency()                          # {"EUR": 800000}
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from fintwin.domain.holdings import value_minor
from fintwin.projections import portfolios
from fintwin.twin.fork import Fork
from fintwin.twin.interest import EXACT, PER_CENT

SMALLEST_PRICE = Decimal(1).scaleb(-8)


class Worth:
    """Holdings and their prices as a run goes on."""

    def __init__(self, fork: Fork) -> None:
        """Starts with the prices of the fork, or of the one that it is a branch of."""
        rows = fork.origin.rows[portfolios.MODEL.name]
        self._held: dict[UUID, portfolios.Holding] = {
            row.holding_id: row for key, row in rows.items() if key[0] == portfolios.HOLDING
        }
        self._prices = {each: row.current_price for each, row in self._held.items()}

    def shocked(self, percent: Decimal, tickers: frozenset[str]) -> list[tuple[portfolios.Holding, Decimal]]:
        """Change the prices of all holdings, or of some tickers; returns the new ones. A price stays above zero."""
        changed = []
        for each, row in self._held.items():
            if tickers and row.ticker not in tickers:
                continue
            price = EXACT.multiply(self._prices[each], 1 + EXACT.divide(percent, Decimal(PER_CENT)))
            price = max(EXACT.quantize(price, SMALLEST_PRICE), SMALLEST_PRICE)
            self._prices[each] = price
            changed.append((row, price))
        return changed

    def by_currency(self) -> dict[str, int]:
        """What everything is worth, in minor units by currency."""
        sums: dict[str, int] = defaultdict(int)
        for each, row in self._held.items():
            sums[row.currency] += value_minor(row.quantity, self._prices[each], row.currency)
        return dict(sums)

    def tickers(self) -> set[str]:
        """What is held."""
        return {row.ticker for row in self._held.values()}
