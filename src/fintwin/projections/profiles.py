"""Profiles: who each user is, one row a person. Names, e-mail, phone number and picture are sealed and opaque here.

>>> from fintwin.domain.profiles import UserErased
>>> UserErased in MODEL.events
True
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, get_args
from uuid import UUID

from fintwin.domain.profiles.events import ProfileEvent
from fintwin.domain.profiles.state import ProfileState, evolve
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows

PROFILE: Final = "profile"
_KEY: Final = (PROFILE,)


class Profile(Row, frozen=True):
    """One person, as the domain has it; ``state.answers`` is None until the profile is complete."""

    user_id: UUID
    state: ProfileState
    registered_at: datetime
    position: int


def keys(_event: Recorded) -> list[Key]:
    """The user's one row."""
    return [_KEY]


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """The profile after more events of its stream."""
    profile: Profile | None = rows.get(_KEY)
    for event in events:
        state = evolve(None if profile is None else profile.state, event.event)
        registered_at = event.recorded_at if profile is None else profile.registered_at
        profile = Profile(event.user_id, state, registered_at, event.position)
    return {_KEY: profile}


MODEL: Final = ReadModel(
    name="profiles",
    version=1,
    tables=(Table(PROFILE, Profile, key_fields=1),),
    events=get_args(ProfileEvent),
    keys=keys,
    fold=fold,
)
