"""What people tell about themselves, in and out.

>>> phone("+1 (555) 010-9999")
'+15550109999'
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from fintwin.api.call import Call
from fintwin.api.money import Amount, minor, out
from fintwin.api.problems import SIGNED_OUT, ProblemError, malformed, refused
from fintwin.api.texts import RequiredName, blank_is_none
from fintwin.domain.money import is_currency
from fintwin.domain.profiles import FinancialGoal, ProfileAnswers, ProfileState, RiskAppetite
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.store.keys import UserKey

_SEPARATORS: Final = re.compile(r"[\s.\-()\[\]/]")
_PHONE: Final = re.compile(r"\+[0-9]{7,15}")


class ProfileBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The profile as a whole; the income is a month's, in `currency_preference`."""

    account_name: RequiredName
    currency_preference: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    monthly_income: Amount
    financial_goal: FinancialGoal
    risk_appetite: RiskAppetite
    phone_number: Annotated[str, Meta(max_length=40)] | None = None
    locale: Annotated[str, Meta(max_length=35, pattern="^[A-Za-z0-9-]*$")] | None = None
    time_zone: Annotated[str, Meta(max_length=64, pattern="^[A-Za-z0-9_+/-]*$")] | None = None


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The caller. Before the profile is complete its fields are null and the income is 0."""

    id: UUID
    email: str | None
    full_name: str | None
    picture: str | None
    account_name: str | None
    phone_number: str | None
    currency_preference: str | None
    monthly_income: Decimal
    financial_goal: FinancialGoal | None
    risk_appetite: RiskAppetite | None
    is_profile_complete: bool
    locale: str | None
    time_zone: str | None
    sample: bool


def phone(text: str | None) -> str | None:
    """A phone number without its separators: a plus and 7 to 15 digits. Raises a 400 for anything else."""
    if blank_is_none(text) is None:
        return None
    assert text is not None
    number = _SEPARATORS.sub("", text)
    if not _PHONE.fullmatch(number):
        raise malformed("A phone number is a plus sign and 7 to 15 digits.", "phone_number")
    return number


def answers_of(body: ProfileBody) -> ProfileAnswers:
    """The answers as the ledger takes them. Raises the problem of what is refused."""
    currency = body.currency_preference
    if not is_currency(currency):
        raise refused(Refusal(Code.UNKNOWN_CURRENCY, f"{currency!r} is not a currency of ISO 4217."))
    income_minor = minor(body.monthly_income, currency)
    if isinstance(income_minor, Refusal):
        raise refused(income_minor)
    return ProfileAnswers(
        account_name=body.account_name.strip(),
        currency_preference=currency,
        monthly_income_minor=income_minor,
        financial_goal=body.financial_goal,
        risk_appetite=body.risk_appetite,
        phone_number=phone(body.phone_number),
        locale=body.locale or None,
        time_zone=body.time_zone or None,
    )


def me_of(user_id: UUID, profile: ProfileState, key: UserKey) -> Me:
    """The caller's own view of a profile."""
    stream = StreamKey(StreamKind.PROFILE, user_id)

    def plain(field: str, sealed: str | None) -> str | None:
        return None if sealed is None else key.open(sealed, stream, field)

    # An event that filled in the profile has the same fields as the answers in the state.
    answers: Any = profile.answers
    told = answers is not None
    return Me(
        id=user_id,
        email=plain("email", profile.email),
        full_name=plain("full_name", profile.full_name),
        picture=plain("picture", profile.picture),
        account_name=plain("account_name", answers.account_name) if told else None,
        phone_number=plain("phone_number", answers.phone_number) if told else None,
        currency_preference=answers.currency_preference if told else None,
        monthly_income=out(answers.monthly_income_minor, answers.currency_preference) if told else Decimal(0),
        financial_goal=answers.financial_goal if told else None,
        risk_appetite=answers.risk_appetite if told else None,
        is_profile_complete=told,
        locale=answers.locale if told else None,
        time_zone=answers.time_zone if told else None,
        sample=profile.sample,
    )


async def profile_of(request: Call, user_id: UUID) -> tuple[ProfileState, UserKey]:
    """The profile and the key that opens it; a token whose user is gone is no good."""
    profile = await request.services.identity.profile(user_id)
    if profile is None or profile.erased:
        raise ProblemError(SIGNED_OUT)
    return profile, await request.services.ledger.user_key(user_id)
