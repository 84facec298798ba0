"""The rules of a profile.

Checked in one order: the user exists (or, to register, does not), is not erased, and what is asked for is possible.
Whether the account of a planned item is there is for whoever has its state at hand: see `plan_refusal`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import asdict

from fintwin.domain.accounts.decide import CLOSED, UNKNOWN_ACCOUNT
from fintwin.domain.accounts.state import AccountState, Status
from fintwin.domain.money import MINOR_MAX, is_currency
from fintwin.domain.profiles.events import (
    IdentityChanged,
    PlanItemAdded,
    PlanItemChanged,
    PlanItemRemoved,
    ProfileChanged,
    ProfileCompleted,
    ProfileEvent,
    Provider,
    RecurringItemAdjusted,
    UserErased,
    UserRegistered,
)
from fintwin.domain.profiles.state import ProfileAnswers, ProfileState
from fintwin.domain.refusals import Code, Refusal

Decision = list[ProfileEvent] | Refusal

PLANS_MAX: Final = 100
EVERY_MAX: Final = 1_000
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2999
_DAYS: Final = {"day": 0, "week": 7, "month": 31}

UNKNOWN_USER: Final = Refusal(Code.UNKNOWN_USER, "There is no such user.")
ERASED: Final = Refusal(Code.USER_ERASED, "This user has been erased.")
UNKNOWN_PLAN: Final = Refusal(Code.UNKNOWN_PLAN, "There is no such planned item.")


class RegisterUser(msgspec.Struct, frozen=True, kw_only=True):
    """A person signs in for the first time."""

    at: datetime
    provider: Provider
    full_name: str | None = None
    email: str | None = None
    picture: str | None = None
    sample: bool = False


class ChangeIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Take over what the sign-in provider now tells."""

    at: datetime
    full_name: str | None = None
    email: str | None = None
    picture: str | None = None


class FillInProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Complete the profile, or replace it."""

    at: datetime
    answers: ProfileAnswers


class EraseUser(msgspec.Struct, frozen=True, kw_only=True):
    """Record that the person's key is destroyed."""

    at: datetime


class AddPlanItem(msgspec.Struct, frozen=True, kw_only=True):
    """Expect a payment; the item is described by the event that it will become."""

    at: datetime
    item: PlanItemAdded


class ChangePlanItem(msgspec.Struct, frozen=True, kw_only=True):
    """Expect it differently."""

    at: datetime
    item: PlanItemChanged


class RemovePlanItem(msgspec.Struct, frozen=True, kw_only=True):
    """Expect it no more."""

    at: datetime
    item: PlanItemRemoved


class AdjustRecurringItem(msgspec.Struct, frozen=True, kw_only=True):
    """Correct a recurring flow that was found."""

    at: datetime
    item: RecurringItemAdjusted


PlanCommand = AddPlanItem | ChangePlanItem | RemovePlanItem | AdjustRecurringItem
ProfileCommand = RegisterUser | ChangeIdentity | FillInProfile | EraseUser | PlanCommand


def _fill_in(state: ProfileState, answers: ProfileAnswers) -> Decision:
    if not is_currency(answers.currency_preference):
        return Refusal(Code.UNKNOWN_CURRENCY, f"{answers.currency_preference!r} is not a currency of ISO 4217.")
    if answers.monthly_income_minor < 0:
        return Refusal(Code.AMOUNT_NOT_POSITIVE, "The monthly income must not be negative.")
    if answers.monthly_income_minor > MINOR_MAX:
        return Refusal(Code.AMOUNT_TOO_LARGE, "The monthly income has more than 15 digits.")
    if state.answers is None:
        return [ProfileCompleted(**asdict(answers))]
    return [ProfileChanged(**asdict(answers))]


def _terms_refusal(item: PlanItemAdded | PlanItemChanged) -> Refusal | None:
    if item.amount_minor == 0:
        return Refusal(Code.AMOUNT_NOT_POSITIVE, "The amount must be greater than zero.")
    if abs(item.amount_minor) > MINOR_MAX:
        return Refusal(Code.AMOUNT_TOO_LARGE, "The amount has more than 15 digits.")
    if not 1 <= item.every <= EVERY_MAX:
        return Refusal(Code.BAD_PERIOD, f"A planned item repeats every 1 to {EVERY_MAX} days, weeks or months.")
    if item.day is not None and not 1 <= item.day <= _DAYS[item.unit]:
        return Refusal(Code.BAD_PERIOD, "The day is one of the week (1 to 7) or of the month (1 to 31).")
    if not FIRST_YEAR <= item.starts.year <= LAST_YEAR:
        return Refusal(Code.BAD_PERIOD, f"A planned item begins in the years {FIRST_YEAR} to {LAST_YEAR}.")
    if item.until is not None and item.until < item.starts:
        return Refusal(Code.BAD_PERIOD, "The last day lies before the first.")
    return None


def plan_refusal(account: AccountState | None) -> Refusal | None:
    """Why nothing can be planned on an account, or None."""
    if account is None:
        return UNKNOWN_ACCOUNT
    return CLOSED if account.status is Status.CLOSED else None


def _plan(state: ProfileState, command: PlanCommand) -> Decision:
    item = command.item
    if isinstance(item, RecurringItemAdjusted):
        return [item]
    if isinstance(item, PlanItemAdded):
        if len(state.plan_ids) >= PLANS_MAX:
            return Refusal(Code.TOO_MANY_PLANS, f"A user keeps at most {PLANS_MAX} planned items.")
    elif item.item_id not in state.plan_ids:
        return UNKNOWN_PLAN
    if not isinstance(item, PlanItemRemoved):
        refusal = _terms_refusal(item)
        if refusal is not None:
            return refusal
    return [item]


def decide(state: ProfileState | None, command: ProfileCommand) -> Decision:
    """The events that a command causes on a profile, or the first rule that forbids it."""
    if isinstance(command, RegisterUser):
        if state is not None:
            return Refusal(Code.USER_EXISTS, "The user is registered already.")
        return [
            UserRegistered(
                provider=command.provider,
                full_name=command.full_name,
                email=command.email,
                picture=command.picture,
                sample=command.sample,
            )
        ]
    if state is None:
        return UNKNOWN_USER
    if state.erased:
        return ERASED
    match command:
        case ChangeIdentity():
            return [IdentityChanged(full_name=command.full_name, email=command.email, picture=command.picture)]
        case FillInProfile():
            return _fill_in(state, command.answers)
        case EraseUser():
            return [UserErased()]
        case _:
            return _plan(state, command)
