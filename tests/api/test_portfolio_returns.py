"""Published returns through the public route: holdings of past years, as the log has them, and what the overview says of them.

No route adds a holding of another year, so its events are put at the log's end; everything behind them is the service itself.
"""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from fintwin.domain.holdings import HoldingAdded, HoldingPriced, HoldingRemoved
from fintwin.domain.streams import Recorded, StreamKind
from tests.api.people import Person, Service
from tests.conftest import Database
from tests.projections.histories import put_into_log

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]


async def held(database: Database, person: Person, happened: list[tuple[dt.date, Any]]) -> Any:
    """The overview of somebody to whom all this has happened."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        end = await connection.fetchval("SELECT position FROM log.log_head")
    finally:
        await connection.close()
    events = [
        Recorded(
            shard=0, position=end + version, stream_kind=StreamKind.HOLDINGS, stream_id=UUID(person.id), version=version,
            user_id=UUID(person.id), type=type(event).__name__, schema_version=1, transaction_id=UUID(int=end + version),
            effective_at=dt.datetime(on.year, on.month, on.day, tzinfo=dt.UTC), recorded_at=dt.datetime.now(dt.UTC),
            event=event, metadata={},
        )
        for version, (on, event) in enumerate(happened, start=1)
    ]  # fmt: skip
    await put_into_log(database.superuser_url, events, begin=end)
    answer = await person.get(f"/api/portfolio/?min_position={end + len(events)}")
    assert answer.status == 200, answer.text
    return answer.json


def bought(number: int, price: int) -> HoldingAdded:
    """One piece at this price."""
    return HoldingAdded(
        holding_id=UUID(int=number), ticker="A", company_name="A", currency="EUR", quantity=Decimal(1),
        buy_price=Decimal(price), current_price=Decimal(price),
    )  # fmt: skip


def priced(number: int, price: int) -> HoldingPriced:
    """Worth so much from now on."""
    return HoldingPriced(holding_id=UUID(int=number), currency="EUR", current_price=Decimal(price))


async def test_the_published_irregular_return(app: Service, module_database: Database) -> None:
    """10,000 paid in on 2008-01-01 and four sums taken out until April 2009: 37.33625 % a year."""
    taken_out = [("2008-03-01", 2_750), ("2008-10-30", 4_250), ("2009-02-15", 3_250), ("2009-04-01", 2_750)]
    happened: list[tuple[dt.date, Any]] = [(dt.date(2008, 1, 1), bought(number, 2_500)) for number in range(1, 5)]
    for number, (day, price) in enumerate(taken_out, start=1):
        sold = HoldingRemoved(holding_id=UUID(int=number), currency="EUR")
        happened += [(dt.date.fromisoformat(day), priced(number, price)), (dt.date.fromisoformat(day), sold)]
    told = await held(module_database, await app.person(), happened)
    assert float(told["xirr"]) == pytest.approx(0.3733625, abs=1e-7)


async def test_time_weighted_against_money_weighted(app: Service, module_database: Database) -> None:
    """1,000 and a half more, 1,500 on top, then a third less, a year each: 0 % time-weighted, -14.92 % money-weighted."""
    today = dt.datetime.now(dt.UTC).date()
    first, second = today - dt.timedelta(days=730), today - dt.timedelta(days=365)
    happened = [
        (first, bought(1, 1_000)), (second, priced(1, 1_500)), (second, bought(2, 1_500)), (today, priced(1, 1_000)),
        (today, priced(2, 1_000)),
    ]  # fmt: skip
    told = await held(module_database, await app.person(), happened)
    assert float(told["twr"]) == pytest.approx(0, abs=1e-12)
    assert float(told["xirr"]) == pytest.approx(-0.1492, abs=5e-5)
    assert told["net_worth"] == [{"currency": "EUR", "amount": 2_000}]
