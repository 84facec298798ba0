"""`/api/plans`: what the caller expects and the history does not show: incomes, bills, payments of one day.

POST /api/plans {"kind": "bill", "name": "Rent", "amount": 900, "period": "monthly", "from": "2027-01-01"}    -> 201 Plan
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from uuid_utils.compat import uuid7

from fintwin.api.answers import Answer
from fintwin.api.call import Call, booked, position_headers, signed_in
from fintwin.api.money import Amount, minor, out
from fintwin.api.problems import malformed, refused
from fintwin.api.texts import Category, RequiredName, blank_is_none
from fintwin.domain import profiles
from fintwin.domain.accounts import AccountState
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.domain.profiles.decide import UNKNOWN_PLAN
from fintwin.domain.profiles.plans import PlanItem, Plans, plans_of
from fintwin.domain.refusals import Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.plans import OnPlans
from fintwin.store import read, statements
from fintwin.store.keys import UserKey

PeriodName = Literal["weekly", "monthly", "quarterly", "yearly"]
_PERIODS: dict[str, tuple[profiles.PlanUnit, int]] = {
    "weekly": ("week", 1),
    "monthly": ("month", 1),
    "quarterly": ("month", 3),
    "yearly": ("month", 12),
}


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Every so many days, weeks or months, on a day of the month (31: the last) or week (1: Monday)."""

    unit: profiles.PlanUnit = "month"
    every: int = 1
    day: int | None = None
    weekend: profiles.WeekendRule = "none"


class NewPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A planned item. An income comes in, a bill goes out; a one-off goes out unless ``incoming`` says otherwise."""

    kind: profiles.PlanKind
    name: RequiredName
    amount: Amount
    account_id: UUID | None = None
    period: PeriodName | Period = "monthly"
    from_: date | None = msgspec.field(default=None, name="from")
    until: date | None = None
    incoming: bool = False
    essential: bool = True
    category: Category | None = None


class PlanChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes different; what is left out stays."""

    name: RequiredName | msgspec.UnsetType = msgspec.UNSET
    amount: Amount | msgspec.UnsetType = msgspec.UNSET
    period: PeriodName | Period | msgspec.UnsetType = msgspec.UNSET
    from_: date | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="from")
    until: date | msgspec.UnsetType | None = msgspec.UNSET
    essential: bool | msgspec.UnsetType = msgspec.UNSET
    category: Category | msgspec.UnsetType | None = msgspec.UNSET


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A planned item as its owner sees it; `amount` is positive, `incoming` says which way it goes."""

    id: UUID
    kind: profiles.PlanKind
    name: str
    amount: Decimal
    currency: str
    incoming: bool
    account_id: UUID
    period: Period
    from_: date = msgspec.field(name="from")
    until: date | None
    essential: bool
    category: str | None
    position: int | None = None


class Removed(msgspec.Struct, frozen=True):
    """What a deletion says."""

    message: Annotated[str, Meta(description="A sentence.")]


@get("/", summary="My planned items")
async def list_plans(request: Call) -> Answer[list[Plan]]:
    """In the order of their adding."""
    plans = await plans_at(request)
    if not plans.items:
        return Answer([])
    key = await request.services.ledger.user_key(request.user_id)
    currencies = await _currencies(request)
    return Answer([_shown(one, key, request.user_id, currencies[one.account_id]) for one in plans.items.values()])


@post("/", summary="Plan an income, a bill or a payment of one day")
async def add_plan(request: Call, data: JSONBody[NewPlan]) -> Answer[Plan]:
    """201 with the item."""
    key = await request.services.ledger.user_key(request.user_id)
    account_id = data.account_id or request.user_id
    currency = (await _currencies(request)).get(account_id)
    if currency is None:
        raise refused(UNKNOWN_ACCOUNT)
    amount_minor = _minor(data.amount, currency)
    incoming = data.kind == "income" or (data.kind == "one_off" and data.incoming)
    item = profiles.PlanItemAdded(
        item_id=uuid7(),
        kind=data.kind,
        name=_sealed(key, request.user_id, data.name),
        account_id=account_id,
        amount_minor=amount_minor if incoming else -amount_minor,
        starts=data.from_ or _now().date(),
        until=data.until,
        essential=data.essential,
        category=blank_is_none(data.category),
        **_period(data.period),
    )
    plan = OnPlans(request.user_id, profiles.AddPlanItem(at=_now(), item=item))
    booking = booked(await request.services.ledger.submit(request.command("plan", data), plan))
    added = booking.entries[0].event
    shown = _shown(added, key, request.user_id, currency, booking.position)
    return Answer(shown, headers=position_headers(booking, booking.position))


@patch("/{item_id:uuid}", summary="Change a planned item")
async def change_plan(request: Call, item_id: FromPath[UUID], data: JSONBody[PlanChange]) -> Answer[Plan]:
    """Only what is named changes."""
    before = (await plans_at(request)).items.get(item_id)
    if before is None:
        raise refused(UNKNOWN_PLAN)
    key = await request.services.ledger.user_key(request.user_id)
    currency = (await _currencies(request))[before.account_id]
    fields: dict[str, Any] = {name: getattr(before, name) for name in before.__struct_fields__}
    if data.name is not msgspec.UNSET:
        fields["name"] = _sealed(key, request.user_id, data.name)
    if data.amount is not msgspec.UNSET:
        amount_minor = _minor(data.amount, currency)
        fields["amount_minor"] = amount_minor if before.amount_minor > 0 else -amount_minor
    if data.period is not msgspec.UNSET:
        fields |= {"day": None, "weekend": "none"} | _period(data.period)
    if data.from_ is not msgspec.UNSET:
        fields["starts"] = data.from_
    if data.category is not msgspec.UNSET:
        fields["category"] = blank_is_none(data.category)
    for name in ("until", "essential"):
        if getattr(data, name) is not msgspec.UNSET:
            fields[name] = getattr(data, name)
    plan = OnPlans(request.user_id, profiles.ChangePlanItem(at=_now(), item=profiles.PlanItemChanged(**fields)))
    booking = booked(await request.services.ledger.submit(request.command("replan", item_id, data), plan))
    shown = _shown(booking.entries[0].event, key, request.user_id, currency, booking.position)
    return Answer(shown, headers=position_headers(booking, booking.position))


@delete("/{item_id:uuid}", status_code=200, summary="Plan it no more")
async def remove_plan(request: Call, item_id: FromPath[UUID]) -> Answer[Removed]:
    """The item is in no forecast any more."""
    item = profiles.PlanItemRemoved(item_id=item_id)
    plan = OnPlans(request.user_id, profiles.RemovePlanItem(at=_now(), item=item))
    booking = booked(await request.services.ledger.submit(request.command("unplan", item_id), plan))
    return Answer(Removed("The planned item is removed."), headers=position_headers(booking, booking.position))


async def plans_at(request: Call) -> Plans:
    """The caller's plans, from the profile stream itself: the own last write is always in it."""
    pool, user_id = request.services.pools["api"], request.user_id
    events = await statements.stream_events(pool, user_id, StreamKind.PROFILE, user_id)
    found = list(events)
    while len(events) == STREAM_PAGE:
        after = events[-1].version
        events = await statements.stream_events(pool, user_id, StreamKind.PROFILE, user_id, after)
        found += events
    return plans_of(one.event for one in found)


STREAM_PAGE = 5_000


async def _currencies(request: Call) -> dict[UUID, str]:
    heads = await read.heads(request.services.pools["api"], request.user_id)
    return {one.stream.id: one.state.currency for one in heads if isinstance(one.state, AccountState)}


def _period(period: str | Period) -> dict[str, Any]:
    if isinstance(period, str):
        unit, every = _PERIODS[period]
        return {"unit": unit, "every": every}
    return {"unit": period.unit, "every": period.every, "day": period.day, "weekend": period.weekend}


def _minor(amount: Decimal, currency: str) -> int:
    found = minor(amount, currency)
    if isinstance(found, Refusal):
        raise refused(found)
    if found < 0:
        raise malformed("The amount of a planned item is positive; its kind says which way it goes.", "amount")
    return found


def _sealed(key: UserKey, user_id: UUID, name: str) -> str:
    return key.seal(name.strip(), StreamKey(StreamKind.PROFILE, user_id), "plan.name")


def _shown(one: PlanItem, key: UserKey, user_id: UUID, currency: str, position: int | None = None) -> Plan:
    return Plan(
        id=one.item_id,
        kind=one.kind,
        name=key.open(one.name, StreamKey(StreamKind.PROFILE, user_id), "plan.name"),
        amount=out(abs(one.amount_minor), currency),
        currency=currency,
        incoming=one.amount_minor > 0,
        account_id=one.account_id,
        period=Period(unit=one.unit, every=one.every, day=one.day, weekend=one.weekend),
        from_=one.starts,
        until=one.until,
        essential=one.essential,
        category=one.category,
        position=position,
    )


def _now() -> datetime:
    return datetime.now(UTC)


router = Router(
    "/api/plans",
    route_handlers=[list_plans, add_plan, change_plan, remove_plan],
    before_request=signed_in,
    tags=["Plans"],
)
