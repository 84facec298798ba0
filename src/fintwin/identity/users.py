"""From whoever signs in to the user of the ledger.

A person is found by a keyed hash of the provider's own id for them, never by e-mail. The first sign-in makes the user's key and
records `UserRegistered`; if the process dies between these steps, the next sign-in finishes them.

    user_id = await users.enter("google", "110169484474386276334", full_name="Ada", email="ada@example.com")
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from uuid_utils.compat import uuid7

from fintwin.domain.profiles import ChangeIdentity, ProfileState, Provider, RegisterUser
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.ledger import Ledger, Request
from fintwin.ledger.plans import OnProfile
from fintwin.store import read, sign_in
from fintwin.store.connect import Pool
from fintwin.store.keys import UserKey, Vault

_FIELDS = ("full_name", "email", "picture")


class SignInClosedError(Exception):
    """This user has been erased: nobody signs in as them again."""


class Users:
    """See the module."""

    def __init__(self, *, identity: Pool, api: Pool, vault: Vault, ledger: Ledger, master_key: bytes) -> None:
        """``identity`` and ``api`` are pools of those roles; the master key keys the hashes of subjects."""
        self._identity = identity
        self._api = api
        self._vault = vault
        self._ledger = ledger
        self._subjects = hmac.digest(master_key, b"subject", sha256)

    async def users_of(self, provider: Provider, subjects: Sequence[str]) -> list[UUID]:
        """The users of a provider's subjects, in their order, made where there are none: with keys, not yet registered."""
        hashes = [self._hash(provider, subject) for subject in subjects]
        found = await sign_in.claim_subjects(self._identity, provider, hashes, [uuid7() for _ in subjects])
        await self._vault.create_all(self._identity, found)
        return found

    async def enter(
        self,
        provider: Provider,
        subject: str | None,
        *,
        full_name: str | None = None,
        email: str | None = None,
        picture: str | None = None,
        sample: bool = False,
    ) -> UUID:
        """The registered user of a subject, with what the provider now tells; without a subject always a new one.

        Raises `SignInClosedError` for an erased user.
        """
        user_id: UUID = uuid7()
        if subject is not None:
            user_id = await sign_in.claim_subject(self._identity, provider, self._hash(provider, subject), user_id)
        told = {"full_name": full_name, "email": email, "picture": picture}
        profile = None if subject is None else await self.profile(user_id)
        if profile is None:
            await self._vault.create(self._identity, user_id)
            command = RegisterUser(at=datetime.now(UTC), provider=provider, sample=sample, **told)
            answer = await self._ledger.register(Request(user_id=user_id), command)
            # Somebody who signs in for the first time twice at once is registered once.
            assert not isinstance(answer, Refusal) or answer.code is Code.USER_EXISTS
        elif profile.erased:
            raise SignInClosedError
        else:
            await self._take_over(user_id, profile, told)
        return user_id

    async def profile(self, user_id: UUID) -> ProfileState | None:
        """The user's profile as it is now, texts sealed; None where nobody is registered."""
        head = await read.one_head(self._api, user_id, StreamKey(StreamKind.PROFILE, user_id))
        if head is None:
            return None
        assert isinstance(head.state, ProfileState)
        return head.state

    async def _take_over(self, user_id: UUID, profile: ProfileState, told: dict[str, str | None]) -> None:
        """Record that the provider tells something else than before."""
        key = await self._ledger.user_key(user_id)
        stream = StreamKey(StreamKind.PROFILE, user_id)
        if all(opened(key, stream, field, getattr(profile, field)) == text for field, text in told.items()):
            return
        sealed = {field: None if text is None else key.seal(text, stream, field) for field, text in told.items()}
        command = ChangeIdentity(at=datetime.now(UTC), **sealed)
        await self._ledger.submit(Request(user_id=user_id), OnProfile(user_id, command))

    def _hash(self, provider: str, subject: str) -> bytes:
        return hmac.digest(self._subjects, f"{provider}\0{subject}".encode(), sha256)


def opened(key: UserKey, stream: StreamKey, field: str, sealed: str | None) -> str | None:
    """The plain text of a sealed field that may be empty."""
    return None if sealed is None else key.open(sealed, stream, field)
