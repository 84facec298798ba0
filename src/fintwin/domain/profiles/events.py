"""Facts about a person, as they stand in the log for good.

Names, e-mail, phone number and picture arrive sealed and are opaque here. New fields must have defaults.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Provider = Literal["google", "demo", "import"]
FinancialGoal = Literal["savings", "investment", "debt_payoff", "wealth_building"]
RiskAppetite = Literal["low", "medium", "high"]


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


ProfileEvent = UserRegistered | IdentityChanged | ProfileCompleted | ProfileChanged | UserErased
