"""`/api/twin/recurring`: the recurring flows that were found in the caller's history, and what the caller says about them.

GET /api/twin/recurring                                  -> salary, rent, subscriptions..., each with its payments
PATCH /api/twin/recurring/<key> {"name": "Gym", "off": true}
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Router, get, patch
from litestar.params import FromPath, JSONBody
from uuid_utils.compat import uuid7

from fintwin.api.answers import Answer
from fintwin.api.call import Call, booked, position_headers, signed_in
from fintwin.api.money import out
from fintwin.api.problems import ProblemError, problem
from fintwin.api.texts import RequiredName
from fintwin.api.twin_runs import asked
from fintwin.domain import profiles
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.plans import OnPlans
from fintwin.simulations.working import FlowTold


class RecurringFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A recurring flow that was found; amounts are positive, ``direction`` says which way, ``off``: not forecast."""

    key: UUID
    name: str | None
    named_by: str | None
    account_id: UUID
    to_account: UUID | None
    currency: str
    direction: str
    amount: Decimal
    low: Decimal
    high: Decimal
    unit: str
    every: int
    day: int | None
    weekend: str
    confidence: float
    category: str | None
    essential: bool
    off: bool
    ends_on: date | None
    first_on: date
    last_on: date
    next_on: date | None
    transaction_ids: tuple[UUID, ...]


class FlowChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said about a found flow; null takes a name or an end away, what is left out stays."""

    name: RequiredName | msgspec.UnsetType | None = msgspec.UNSET
    off: bool | msgspec.UnsetType = msgspec.UNSET
    ends_on: date | msgspec.UnsetType | None = msgspec.UNSET
    essential: bool | msgspec.UnsetType = msgspec.UNSET


class FlowChanged(msgspec.Struct, frozen=True):
    """What was said is taken down."""

    key: UUID
    position: int


@get("/", summary="The recurring flows found in my history")
async def list_recurring(request: Call) -> Answer[list[RecurringFlow]]:
    """With what I said about them; names are mine, or the counterparty's as last recorded."""
    done = await asked(request.services.desk.recurring(request.user_id, datetime.now(UTC), run_id=uuid7()))
    found = msgspec.json.decode(done.body, type=list[FlowTold])
    key = await request.services.ledger.user_key(request.user_id) if any(one.sealed for one in found) else None
    listed = []
    for one in found:
        name = None
        if one.sealed is not None and one.sealed_in is not None and key is not None:
            kind, field = (
                (StreamKind.PROFILE, "recurring.name")
                if one.named_by == "owner"
                else (StreamKind.ACCOUNT, "counterparty.name")
            )
            name = key.open(one.sealed, StreamKey(kind, one.sealed_in), field)
        figures: dict[str, Any] = {
            field: out(abs(getattr(one, f"{field}_minor")), one.currency) for field in ("amount", "low", "high")
        }
        same = set(RecurringFlow.__struct_fields__) & set(one.__struct_fields__)
        listed.append(RecurringFlow(name=name, **figures, **{field: getattr(one, field) for field in same}))
    return Answer(listed)


@patch("/{key:uuid}", summary="Rename, end or switch off a found flow")
async def change_recurring(request: Call, key: FromPath[UUID], data: JSONBody[FlowChange]) -> Answer[FlowChanged]:
    """The flow's key stays the same while the history grows; 404 where none of that key is found."""
    done = await asked(request.services.desk.recurring(request.user_id, datetime.now(UTC), run_id=uuid7()))
    if all(one.key != key for one in msgspec.json.decode(done.body, type=list[FlowTold])):
        text = "No recurring flow of this key is found in your history."
        raise ProblemError(problem(404, "unknown_recurring_flow", text))
    fields: dict[str, Any] = {name: getattr(data, name) for name in ("off", "ends_on", "essential")}
    name: Any = data.name
    if isinstance(name, str):
        user_key = await request.services.ledger.user_key(request.user_id)
        name = user_key.seal(name.strip(), StreamKey(StreamKind.PROFILE, request.user_id), "recurring.name")
    item = profiles.RecurringItemAdjusted(key=key, name=name, **fields)
    plan = OnPlans(request.user_id, profiles.AdjustRecurringItem(at=datetime.now(UTC), item=item))
    booking = booked(await request.services.ledger.submit(request.command("recurring", key, data), plan))
    return Answer(FlowChanged(key, booking.position), headers=position_headers(booking, booking.position))


router = Router(
    "/api/twin/recurring", route_handlers=[list_recurring, change_recurring], before_request=signed_in, tags=["Twin"]
)
