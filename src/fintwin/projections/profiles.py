"""Profiles: who each user is, one row a person. Names, e-mail, phone number and picture are sealed and opaque here.

>>> from fintwin.domain.profiles import UserErased
>>> UserErased in MODEL.events
True
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, get_args
from uuid import UUID

from fintwin.domain.profiles.events import ProfileEvent, Provider
from fintwin.domain.profiles.state import ProfileAnswers, ProfileState, evolve
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows

PROFILE: Final = "profile"
_KEY: Final = (PROFILE,)


class Profile(Row, frozen=True):
    """One person; ``answers`` is None until the profile is complete."""

    user_id: UUID
    provider: Provider
    full_name: str | None
    email: str | None
    picture: str | None
    sample: bool
    answers: ProfileAnswers | None
    erased: bool
    registered_at: datetime
    version: int
    position: int

    def state(self) -> ProfileState:
        """What is known of the person, as the domain has it."""
        return ProfileState(
            version=self.version,
            provider=self.provider,
            full_name=self.full_name,
            email=self.email,
            picture=self.picture,
            sample=self.sample,
            answers=self.answers,
            erased=self.erased,
        )


def keys(_event: Recorded) -> list[Key]:
    """The user's one row."""
    return [_KEY]


def fold(rows: UserRows, event: Recorded) -> Changes:
    """The profile after one more event of its stream."""
    before: Profile | None = rows.get(_KEY)
    state = evolve(None if before is None else before.state(), event.event)
    return {
        _KEY: Profile(
            user_id=event.user_id,
            provider=state.provider,
            full_name=state.full_name,
            email=state.email,
            picture=state.picture,
            sample=state.sample,
            answers=state.answers,
            erased=state.erased,
            registered_at=event.recorded_at if before is None else before.registered_at,
            version=state.version,
            position=event.position,
        )
    }


MODEL: Final = ReadModel(
    name="profiles",
    version=1,
    tables=(Table(PROFILE, Profile, key_fields=1),),
    events=get_args(ProfileEvent),
    keys=keys,
    fold=fold,
)
