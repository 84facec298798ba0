"""What a person plans: the fold of the planned items and corrections in the profile stream.

The state that rules are decided on keeps only which items there are; this is for those who project and list them.

>>> from datetime import date
>>> added = PlanItemAdded(
...     item_id=UUID(int=1),
...     kind="bill",
...     name="s1.x",
...     account_id=UUID(int=2),
...     amount_minor=-900,
...     starts=date(2026, 1, 5),
... )
>>> plans = after(after(NOTHING, added), PlanItemRemoved(item_id=UUID(int=1)))
>>> plans == NOTHING
True
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from fintwin.domain.profiles.events import (
    PlanItemAdded,
    PlanItemChanged,
    PlanItemRemoved,
    RecurringItemAdjusted,
)

PlanItem = PlanItemAdded | PlanItemChanged


class Adjustment(msgspec.Struct, frozen=True):
    """What the person said about a found flow; ``name`` is sealed, ``essential`` None: not said."""

    name: str | None = None
    off: bool = False
    ends_on: date | None = None
    essential: bool | None = None


class Plans(msgspec.Struct, frozen=True):
    """Planned items by id, in the order of their adding, and adjustments by the key of the found flow."""

    items: dict[UUID, PlanItem] = {}
    adjustments: dict[UUID, Adjustment] = {}


NOTHING: Final = Plans()


def after(plans: Plans, event: Any) -> Plans:
    """The plans after one more event of the profile stream."""
    match event:
        case PlanItemAdded() | PlanItemChanged():
            return replace(plans, items=plans.items | {event.item_id: event})
        case PlanItemRemoved():
            return replace(plans, items={key: one for key, one in plans.items.items() if key != event.item_id})
        case RecurringItemAdjusted():
            before = plans.adjustments.get(event.key, Adjustment())
            said = {
                name: value
                for name in ("name", "off", "ends_on", "essential")
                if (value := getattr(event, name)) is not msgspec.UNSET
            }
            return replace(plans, adjustments=plans.adjustments | {event.key: replace(before, **said)})
        case _:
            return plans


def plans_of(events: Iterable[Any]) -> Plans:
    """The plans after all events of a profile stream."""
    plans = NOTHING
    for event in events:
        plans = after(plans, event)
    return plans
