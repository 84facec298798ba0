from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from fintwin.domain import profiles
from fintwin.domain.money import MINOR_MAX
from fintwin.domain.profiles.decide import PLANS_MAX
from fintwin.domain.profiles.plans import NOTHING, Adjustment, after, plans_of
from fintwin.domain.refusals import Code, Refusal

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
ITEM = UUID(int=7)
RENT = profiles.PlanItemAdded(
    item_id=ITEM, kind="bill", name="s1.rent", account_id=UUID(int=1), amount_minor=-900_00, starts=date(2026, 6, 1)
)
CHANGED = profiles.PlanItemChanged(
    item_id=ITEM, kind="bill", name="s1.rent", account_id=UUID(int=1), amount_minor=-950_00, starts=date(2026, 6, 1)
)
NEW = profiles.ProfileState(version=1, provider="demo")
PLANNING = replace(NEW, version=2, plan_ids=(ITEM,))
FULL = replace(NEW, plan_ids=tuple(UUID(int=n) for n in range(PLANS_MAX)))


def add(**terms: Any) -> Callable[[], Any]:
    return lambda: profiles.decide(NEW, profiles.AddPlanItem(at=NOW, item=replace(RENT, **terms)))


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        (Code.UNKNOWN_USER, lambda: profiles.decide(None, profiles.AddPlanItem(at=NOW, item=RENT))),
        (Code.UNKNOWN_PLAN, lambda: profiles.decide(NEW, profiles.ChangePlanItem(at=NOW, item=CHANGED))),
        (
            Code.UNKNOWN_PLAN,
            lambda: profiles.decide(NEW, profiles.RemovePlanItem(at=NOW, item=profiles.PlanItemRemoved(item_id=ITEM))),
        ),
        (Code.TOO_MANY_PLANS, lambda: profiles.decide(FULL, profiles.AddPlanItem(at=NOW, item=RENT))),
        (Code.AMOUNT_NOT_POSITIVE, add(amount_minor=0)),
        (Code.AMOUNT_TOO_LARGE, add(amount_minor=-MINOR_MAX - 1)),
        (Code.BAD_PERIOD, add(every=0)),
        (Code.BAD_PERIOD, add(every=1001)),
        (Code.BAD_PERIOD, add(day=32)),
        (Code.BAD_PERIOD, add(unit="week", day=8)),
        (Code.BAD_PERIOD, add(unit="day", day=1)),
        (Code.BAD_PERIOD, add(until=date(2026, 5, 31))),
        (Code.BAD_PERIOD, add(starts=date(1969, 12, 31))),
        (Code.BAD_PERIOD, add(starts=date(3000, 1, 1))),
    ],
)
def test_refused_plans(code: Code, ask: Callable[[], Any]) -> None:
    """Each row is refused with its code and a readable sentence."""
    answer = ask()
    assert isinstance(answer, Refusal), answer
    assert answer.code is code
    assert answer.detail.endswith(".")


@pytest.mark.parametrize(
    "terms", [{"day": 31}, {"unit": "week", "day": 7}, {"every": 1000}, {"until": date(2026, 6, 1)}]
)
def test_plans_at_the_edge_are_taken(terms: dict[str, Any]) -> None:
    """What keeps within a rule to the last unit is accepted as it was said."""
    assert add(**terms)() == [replace(RENT, **terms)]


def test_the_state_knows_which_items_there_are() -> None:
    """Adding and removing change what may be changed; what the items say is not kept in the state."""
    state = profiles.evolve(NEW, RENT)
    assert state == PLANNING
    assert profiles.evolve(state, profiles.PlanItemRemoved(item_id=ITEM)) == replace(NEW, version=3)


def test_a_changed_item_replaces_the_former_one() -> None:
    """The fold shows each item as it was said last, and none that was removed."""
    assert plans_of([RENT, CHANGED]).items == {ITEM: CHANGED}
    assert plans_of([RENT, profiles.PlanItemRemoved(item_id=ITEM)]) == NOTHING


def test_adjustments_add_up() -> None:
    """A correction changes what it names and leaves the rest; None takes a name or an end away."""
    key = UUID(int=9)
    first = profiles.RecurringItemAdjusted(key=key, name="s1.gym", ends_on=date(2026, 9, 30))
    second = profiles.RecurringItemAdjusted(key=key, off=True, ends_on=None)
    assert plans_of([first]).adjustments[key] == Adjustment("s1.gym", ends_on=date(2026, 9, 30))
    assert after(plans_of([first]), second).adjustments[key] == Adjustment("s1.gym", off=True)
