from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from uuid_utils.compat import uuid7

from fintwin.domain import holdings
from fintwin.domain.refusals import Code
from fintwin.ledger.ledger import Request
from fintwin.ledger.plans import OnHoldings
from fintwin.projections.portfolios import holdings_money_weighted
from fintwin.store import reading
from tests.conftest import Database
from tests.projector.projecting_tools import projector
from tests.support.ledgers import booked, open_ledger, refused


async def test_holdings_from_command_to_portfolio(database: Database) -> None:
    """A holding that is added, priced and removed through the ledger shows in the portfolio, and somebody else's is unknown."""
    async with open_ledger(database) as bank, projector(database):
        anna, ben = await bank.person("EUR", 100_00), await bank.person("EUR", 0)
        now = datetime.now(UTC)
        share = uuid7()
        command: dict[str, Any] = {
            "at": now, "holding_id": share, "ticker": "ABC", "company_name": "Abc", "currency": "EUR",
            "quantity": Decimal("1.5"), "buy_price": Decimal("0.33"), "current_price": Decimal("0.33"),
        }  # fmt: skip
        add = holdings.AddHolding(**command, effective_at=now - timedelta(days=365))
        booked(await bank.ledger.submit(Request(user_id=anna), OnHoldings(anna, add)))
        price = holdings.PriceHolding(at=now, holding_id=share, current_price=Decimal("0.66"))
        booked(await bank.ledger.submit(Request(user_id=anna), OnHoldings(anna, price)))
        (holding,) = (await reading.holdings(bank.pool, anna)).value
        assert (holding.invested_minor, holding.value_minor, holding.current_price) == (50, 99, Decimal("0.66"))
        seen = (await reading.portfolio(bank.pool, anna)).value
        assert [account.balance_minor for account in seen.accounts] == [100_00]
        assert [(month.income_minor, month.expense_minor) for month in seen.months] == [(100_00, 0)]
        (growth,) = seen.growth
        rate = holdings_money_weighted(seen.flows, growth.value_minor, now.date())
        assert rate is not None
        assert abs(rate - 0.98) < 0.01
        assert refused(await bank.ledger.submit(Request(user_id=ben), OnHoldings(ben, price))) is Code.UNKNOWN_HOLDING
        remove = holdings.RemoveHolding(at=now, holding_id=share)
        booked(await bank.ledger.submit(Request(user_id=anna), OnHoldings(anna, remove)))
        assert (await reading.holdings(bank.pool, anna)).value == []
