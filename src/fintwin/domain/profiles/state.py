"""What is known of a person at one moment: the fold of the profile stream.

>>> state = evolve(None, UserRegistered(provider="demo"))
>>> state.version, state.answers is None
(1, True)
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec.structs import replace

from fintwin.domain.profiles.events import (
    FinancialGoal,
    IdentityChanged,
    PlanItemAdded,
    PlanItemChanged,
    PlanItemRemoved,
    ProfileChanged,
    ProfileCompleted,
    ProfileEvent,
    Provider,
    RecurringItemAdjusted,
    RiskAppetite,
    UserErased,
    UserRegistered,
)


class ProfileAnswers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the person told about themselves; the income is a month's, in minor units of ``currency_preference``."""

    account_name: str
    currency_preference: str
    monthly_income_minor: int
    financial_goal: FinancialGoal
    risk_appetite: RiskAppetite
    phone_number: str | None = None
    locale: str | None = None
    time_zone: str | None = None


class ProfileState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person. ``answers`` is None until the profile is complete; ``version`` counts the stream's events.

    Of the planned items only which ones there are is kept here: what they say is for those who read the stream (`plans`).
    """

    version: int
    provider: Provider
    full_name: str | None = None
    email: str | None = None
    picture: str | None = None
    sample: bool = False
    answers: ProfileAnswers | None = None
    erased: bool = False
    plan_ids: tuple[UUID, ...] = ()


def evolve(state: ProfileState | None, event: ProfileEvent) -> ProfileState:
    """The profile after one more event."""
    if state is None:
        assert isinstance(event, UserRegistered), f"a profile stream begins with {type(event).__name__}"
        return ProfileState(
            version=1,
            provider=event.provider,
            full_name=event.full_name,
            email=event.email,
            picture=event.picture,
            sample=event.sample,
        )
    version = state.version + 1
    match event:
        case IdentityChanged():
            return replace(state, version=version, full_name=event.full_name, email=event.email, picture=event.picture)
        case ProfileCompleted() | ProfileChanged():
            answers = ProfileAnswers(
                account_name=event.account_name,
                currency_preference=event.currency_preference,
                monthly_income_minor=event.monthly_income_minor,
                financial_goal=event.financial_goal,
                risk_appetite=event.risk_appetite,
                phone_number=event.phone_number,
                locale=event.locale,
                time_zone=event.time_zone,
            )
            return replace(state, version=version, answers=answers)
        case UserErased():
            # Sealed texts without a key are nothing that anybody needs; plans go with them.
            return ProfileState(version=version, provider=state.provider, sample=state.sample, erased=True)
        case PlanItemAdded():
            return replace(state, version=version, plan_ids=(*state.plan_ids, event.item_id))
        case PlanItemRemoved():
            left = tuple(one for one in state.plan_ids if one != event.item_id)
            return replace(state, version=version, plan_ids=left)
        case PlanItemChanged() | RecurringItemAdjusted():
            return replace(state, version=version)
        case UserRegistered():
            msg = "a profile stream registers its user once"
            raise AssertionError(msg)
