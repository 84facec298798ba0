"""`/api/portfolio`: wealth over accounts and holdings, and the holdings themselves.

Holdings belong to the user and are listed under the main account. Sums are made per currency and never across: where one figure
is asked for it is that of the main account's currency, and the answer names it.

    POST /api/portfolio/holdings {"ticker": "abc", "company_name": "ABC", "quantity": 2, "buy_price": 10, "current_price": 11}
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from fintwin.api import portfolio_figures as figures
from fintwin.api.answers import Answer
from fintwin.api.call import Call, booked, position_headers, signed_in
from fintwin.api.money import Amount
from fintwin.api.portfolio_figures import History, Holding, Overview, Summary
from fintwin.api.problems import refused
from fintwin.api.texts import RequiredName
from fintwin.api.transactions import MinPosition
from fintwin.domain import holdings
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKind
from fintwin.ledger.ledger import Booking
from fintwin.ledger.plans import OnHoldings
from fintwin.store import reading, statements

PAGE = 2000
HISTORY_DAYS_MAX = 3_660


class NewHolding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something the user holds; prices of one piece. `currency` is the main account's unless said."""

    ticker: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[^\x00\s]+$")]
    company_name: RequiredName
    quantity: Amount
    buy_price: Amount
    current_price: Amount
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None


class NewPrice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a piece is worth now."""

    current_price: Amount


class Done(msgspec.Struct, frozen=True):
    """What has been done, in words."""

    message: str


@get("/", summary="What I own and how it moves")
async def get_portfolio(request: Call, min_position: MinPosition = None) -> Answer[Overview]:
    """Net worth per currency, balances, cash flow by month, savings rate and returns."""
    seen = await reading.portfolio(request.services.pools["api"], request.user_id, min_position=min_position)
    currency = await request.currencies.of(request.user_id, request.user_id)
    return Answer(figures.overview(seen.value, currency, datetime.now(UTC).date()))


@get("/history", summary="What my accounts held, day by day")
async def get_history(
    request: Call,
    days: Annotated[int, QueryParameter(ge=1, le=HISTORY_DAYS_MAX, description="How far to look back.")] = 366,
    min_position: MinPosition = None,
) -> Answer[list[History]]:
    """One line per currency: the total of all accounts at the end of each UTC day of which something counts."""
    first = datetime.now(UTC).date() - timedelta(days=days - 1)
    seen = await reading.daily_totals(request.services.pools["api"], request.user_id, first, min_position=min_position)
    return Answer(figures.histories(seen.value, first))


@get("/holdings/{account_id:uuid}", summary="My holdings")
async def list_holdings(
    request: Call, account_id: FromPath[UUID], min_position: MinPosition = None
) -> Answer[list[Holding]]:
    """Newest first, all of them (at most 1,000)."""
    return Answer(await _holdings(request, account_id, min_position))


@get("/summary/{account_id:uuid}", summary="My holdings in a few figures")
async def get_summary(request: Call, account_id: FromPath[UUID], min_position: MinPosition = None) -> Answer[Summary]:
    """All figures 0 without holdings."""
    found = await _holdings(request, account_id, min_position)
    return Answer(figures.summary(found, await request.currencies.of(request.user_id, request.user_id)))


@post("/holdings", summary="Count something that I hold")
async def add_holding(request: Call, data: JSONBody[NewHolding]) -> Answer[Holding]:
    """201 with the holding."""
    user_id = request.user_id
    currency = data.currency or await request.currencies.of(user_id, user_id)
    if currency is None:
        raise refused(Refusal(Code.PROFILE_INCOMPLETE, "Fill in the profile first, or say the holding's currency."))
    command = holdings.AddHolding(
        at=datetime.now(UTC),
        holding_id=uuid7(),
        ticker=data.ticker.upper(),
        company_name=data.company_name.strip(),
        currency=currency,
        quantity=data.quantity,
        buy_price=data.buy_price,
        current_price=data.current_price,
    )
    answer = await request.services.ledger.submit(request.command("hold", data), OnHoldings(user_id, command))
    booking = booked(answer)
    added = booking.entries[0].event
    shown = figures.of_event(user_id, added, added.current_price, booking.recorded_at, booking.recorded_at)
    return Answer(shown, headers=position_headers(booking, booking.position))


@put("/holdings/{holding_id:uuid}", summary="Say what a piece of a holding is worth now")
async def price_holding(request: Call, holding_id: FromPath[UUID], data: JSONBody[NewPrice]) -> Answer[Holding]:
    """The holding right after the change."""
    command = holdings.PriceHolding(at=datetime.now(UTC), holding_id=holding_id, current_price=data.current_price)
    booking = booked(
        await request.services.ledger.submit(
            request.command("price", holding_id, data), OnHoldings(request.user_id, command)
        )
    )
    shown = await _at(request, holding_id, booking)
    return Answer(shown, headers=position_headers(booking, booking.position))


@delete("/holdings/{holding_id:uuid}", status_code=200, summary="Count a holding no more")
async def remove_holding(request: Call, holding_id: FromPath[UUID]) -> Answer[Done]:
    """It counts as sold at its last price."""
    command = holdings.RemoveHolding(at=datetime.now(UTC), holding_id=holding_id)
    booking = booked(
        await request.services.ledger.submit(request.command("sell", holding_id), OnHoldings(request.user_id, command))
    )
    return Answer(Done("The holding has been removed."), headers=position_headers(booking, booking.position))


async def _holdings(request: Call, account_id: UUID, min_position: int | None) -> list[Holding]:
    user_id = request.user_id
    if account_id != user_id:
        if await request.currencies.of(user_id, account_id) is None:
            raise refused(UNKNOWN_ACCOUNT)
        return []
    seen = await reading.holdings(request.services.pools["api"], user_id, min_position=min_position)
    return [figures.of_row(row) for row in seen.value]


async def _at(request: Call, holding_id: UUID, booking: Booking) -> Holding:
    """The holding as of a booking, from its own events: also when the same request comes again much later."""
    user_id, after = request.user_id, 0
    added, created_at, priced, updated_at = None, None, Decimal(0), booking.recorded_at
    while True:
        events = await statements.stream_events(
            request.services.pools["api"], user_id, StreamKind.HOLDINGS, user_id, after, PAGE
        )
        for one in events:
            if one.event.holding_id != holding_id or one.position > booking.position:
                continue
            if isinstance(one.event, holdings.HoldingAdded):
                added, created_at, priced = one.event, one.recorded_at, one.event.current_price
            elif isinstance(one.event, holdings.HoldingPriced):
                priced, updated_at = one.event.current_price, one.recorded_at
        if len(events) < PAGE or events[-1].position >= booking.position:
            break
        after = events[-1].version
    assert added is not None, "what was priced had been added"
    assert created_at is not None, "what was added has a time"
    return figures.of_event(user_id, added, priced, created_at, updated_at)


router = Router(
    "/api/portfolio",
    route_handlers=[
        get_portfolio,
        get_history,
        list_holdings,
        get_summary,
        add_holding,
        price_holding,
        remove_holding,
    ],
    before_request=signed_in,
    tags=["Portfolio"],
)
