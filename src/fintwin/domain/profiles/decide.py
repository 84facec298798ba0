"""The rules of a profile.

Checked in one order: the user exists (or, to register, does not), is not erased, and what is asked for is possible.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import asdict

from fintwin.domain.money import MINOR_MAX, is_currency
from fintwin.domain.profiles.events import (
    IdentityChanged,
    ProfileChanged,
    ProfileCompleted,
    ProfileEvent,
    Provider,
    UserErased,
    UserRegistered,
)
from fintwin.domain.profiles.state import ProfileAnswers, ProfileState
from fintwin.domain.refusals import Code, Refusal

Decision = list[ProfileEvent] | Refusal

UNKNOWN_USER: Final = Refusal(Code.UNKNOWN_USER, "There is no such user.")
ERASED: Final = Refusal(Code.USER_ERASED, "This user has been erased.")


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


ProfileCommand = RegisterUser | ChangeIdentity | FillInProfile | EraseUser


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
