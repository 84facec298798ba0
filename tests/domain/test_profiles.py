from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from fintwin.domain import profiles
from fintwin.domain.catalogue import EVENTS
from fintwin.domain.profiles import ProfileAnswers, ProfileState
from fintwin.domain.streams import StreamKind
from tests.support.samples import full

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
ANSWERS = full(ProfileAnswers)
ANSWERS = replace(ANSWERS, currency_preference="EUR")


def after(*commands: Any) -> ProfileState:
    state: ProfileState | None = None
    for command in commands:
        events = profiles.decide(state, command)
        assert isinstance(events, list), events
        for event in events:
            state = profiles.evolve(state, event)
    assert state is not None
    return state


REGISTER = profiles.RegisterUser(at=NOW, provider="google", full_name="s1.n", email="s1.e", picture="s1.p")
FILL_IN = profiles.FillInProfile(at=NOW, answers=ANSWERS)


def test_registered() -> None:
    """Whoever registers is known by what the provider told, and has answered nothing."""
    assert after(REGISTER) == ProfileState(version=1, provider="google", full_name="s1.n", email="s1.e", picture="s1.p")


def test_completed_once_changed_later() -> None:
    """The first answers complete the profile, later ones replace it as a whole."""
    first = profiles.decide(after(REGISTER), FILL_IN)
    assert first == [profiles.ProfileCompleted(**asdict(ANSWERS))]
    fewer = replace(ANSWERS, phone_number=None, monthly_income_minor=5)
    second = profiles.decide(after(REGISTER, FILL_IN), profiles.FillInProfile(at=NOW, answers=fewer))
    assert second == [profiles.ProfileChanged(**asdict(fewer))]
    state = after(REGISTER, FILL_IN, profiles.FillInProfile(at=NOW, answers=fewer))
    assert (state.version, state.answers) == (3, fewer)


def test_identity_is_replaced() -> None:
    """What the provider tells later replaces what it told before; the answers stay."""
    state = after(REGISTER, FILL_IN, profiles.ChangeIdentity(at=NOW, full_name="s1.m"))
    assert (state.full_name, state.email, state.picture, state.answers) == ("s1.m", None, None, ANSWERS)


@pytest.mark.parametrize("command", [FILL_IN, profiles.ChangeIdentity(at=NOW), profiles.EraseUser(at=NOW)])
def test_nothing_after_erasure(command: Any) -> None:
    """Of an erased person nothing can be asked any more."""
    answer = profiles.decide(after(REGISTER, profiles.EraseUser(at=NOW)), command)
    assert answer is profiles.ERASED


def test_an_erased_profile_is_empty() -> None:
    """Nothing that was said is kept, not even sealed."""
    named = replace(REGISTER, full_name="s1.name", email="s1.mail", sample=True)
    state = after(named, FILL_IN, profiles.EraseUser(at=NOW))
    assert state == profiles.ProfileState(version=state.version, provider="google", sample=True, erased=True)


def test_every_profile_event_evolves() -> None:
    """Whatever may stand in a profile's stream has a place in its fold."""
    state = after(REGISTER)
    for kind in EVENTS[StreamKind.PROFILE]:
        if kind is not profiles.UserRegistered:
            assert profiles.evolve(state, full(kind)).version == 2


def test_registered_twice_is_our_bug() -> None:
    """A second registration in a stream, or a stream without one, cannot have happened."""
    with pytest.raises(AssertionError):
        profiles.evolve(after(REGISTER), full(profiles.UserRegistered))
    with pytest.raises(AssertionError):
        profiles.evolve(None, profiles.UserErased())
