"""Facts about a person, as they stand in the log for good.

Names, e-mail, phone number and picture arrive sealed and are opaque here. New fields must have defaults.
"""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

Provider = Literal["google", "demo", "import"]
FinancialGoal = Literal["savings", "investment", "debt_payoff", "wealth_building"]
RiskAppetite = Literal["low", "medium", "high"]
PlanKind = Literal["income", "bill", "one_off"]
PlanUnit = Literal["day", "week", "month"]
WeekendRule = Literal["none", "before", "after"]


class UserRegistered(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A person signed in for the first time. ``sample`` marks made-up data, so that it is never taken for real."""

    provider: Provider
    full_name: str | None = None
    email: str | None = None
    picture: str | None = None
    sample: bool = False


class IdentityChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The sign-in provider now tells another name, e-mail or picture."""

    full_name: str | None = None
    email: str | None = None
    picture: str | None = None


class ProfileCompleted(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person filled in the profile for the first time; the main account is opened in the same transaction."""

    account_name: str
    currency_preference: str
    monthly_income_minor: int
    financial_goal: FinancialGoal
    risk_appetite: RiskAppetite
    phone_number: str | None = None
    locale: str | None = None
    time_zone: str | None = None


class ProfileChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person changed the profile. It replaces the former one as a whole."""

    account_name: str
    currency_preference: str
    monthly_income_minor: int
    financial_goal: FinancialGoal
    risk_appetite: RiskAppetite
    phone_number: str | None = None
    locale: str | None = None
    time_zone: str | None = None


class UserErased(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person's key is destroyed: nothing personal can be read any more, and nobody signs in as this user again."""


class PlanItemAdded(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person expects a payment that the history does not show: an income, a bill, or one of its own day.

    ``amount_minor`` is positive for money in and negative for money out, in the account's currency. The dates begin with
    ``starts`` and repeat every so many units (a one-off has ``starts`` alone). ``name`` is sealed.
    """

    item_id: UUID
    kind: PlanKind
    name: str
    account_id: UUID
    amount_minor: int
    starts: date
    unit: PlanUnit = "month"
    every: int = 1
    day: int | None = None
    weekend: WeekendRule = "none"
    until: date | None = None
    essential: bool = True
    category: str | None = None


class PlanItemChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person plans it differently. It replaces the former item as a whole."""

    item_id: UUID
    kind: PlanKind
    name: str
    account_id: UUID
    amount_minor: int
    starts: date
    unit: PlanUnit = "month"
    every: int = 1
    day: int | None = None
    weekend: WeekendRule = "none"
    until: date | None = None
    essential: bool = True
    category: str | None = None


class PlanItemRemoved(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person does not expect it any more."""

    item_id: UUID


class RecurringItemAdjusted(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The person corrects a recurring flow that was found in the history: its name, that it ends, that it is none.

    ``key`` is the flow's own, which stays the same while the history grows. UNSET leaves a field, None clears it; ``name``
    is sealed. ``off`` takes the flow out of every forecast, ``ends_on`` from the day after.
    """

    key: UUID
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    off: bool | msgspec.UnsetType = msgspec.UNSET
    ends_on: date | msgspec.UnsetType | None = msgspec.UNSET
    essential: bool | msgspec.UnsetType = msgspec.UNSET


PlanEvent = PlanItemAdded | PlanItemChanged | PlanItemRemoved | RecurringItemAdjusted
ProfileEvent = UserRegistered | IdentityChanged | ProfileCompleted | ProfileChanged | UserErased | PlanEvent
