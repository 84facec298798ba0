"""Sealing personal fields: authenticated encryption under one key per user.

Each user has a random key of 256 bits; it lies in ``vault.user_key``, wrapped by the service's master key. A sealed text is
``s1.`` and the base64url of nonce and AES-256-GCM ciphertext; stream and field are authenticated with it, so that a sealed
value cannot be moved elsewhere. Destroying the key makes all of it unreadable while the log stays as it is.

``pseudonym`` gives equal texts of one user the same keyed hash, so that the payments to one counterparty can be told to
belong together without opening anything.

>>> from fintwin.domain.streams import StreamKind
>>> key = UserKey(bytes(32))
>>> stream = StreamKey(StreamKind.ACCOUNT, UUID(int=1))
>>> key.open(key.seal("Rent", stream, "note"), stream, "note")
'Rent'
>>> key.pseudonym("ACME  Ltd") == key.pseudonym("acme ltd")
True
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64encode
from binascii import a2b_base64
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from time import monotonic
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fintwin.domain.sealed import taken_apart
from fintwin.domain.streams import StreamKey
from fintwin.store.connect import Pool

_VERSION: Final = "s1."
_NONCE_BYTES: Final = 12
_CACHE_SECONDS: Final = 1.0
"""How long a process may go on using a key that another process has destroyed."""


class KeyDestroyedError(Exception):
    """The user's key is gone: the person has been erased (or never was)."""


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose, sha256)


class UserKey:
    """Seals and opens the personal fields of one user."""

    __slots__ = ("_aead", "_pseudonyms")

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes."""
        self._aead = AESGCM(_derive(key, b"seal"))
        self._pseudonyms = _derive(key, b"pseudonym")

    def seal(self, text: str, stream: StreamKey, field: str) -> str:
        """The sealed form of a text for one field of one stream."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, text.encode(), _associated(stream, field))
        return _VERSION + urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def open(self, sealed: str, stream: StreamKey, field: str) -> str:
        """The text again. Raises `InvalidTag` where it was sealed for another place or by another key."""
        version, text = taken_apart(sealed)
        (opened,) = self.open_all([text.encode()], [place_of(stream, field, version)])
        return opened.decode()

    def open_all(self, sealed: Iterable[bytes], places: Iterable[bytes]) -> list[bytes]:
        """Opens many texts as `open` does, as UTF-8: the base64 of each as `sealed.taken_apart` gives it, and its `place_of`."""
        decrypt = self._aead.decrypt
        return [
            decrypt((raw := a2b_base64(text))[:_NONCE_BYTES], raw[_NONCE_BYTES:], place)
            for text, place in zip(sealed, places, strict=True)
        ]

    def pseudonym(self, *parts: str) -> str:
        """A keyed hash of texts without regard to case and spacing: 22 characters, equal for equal texts."""
        normalised = "\0".join(" ".join(part.split()).casefold() for part in parts)
        return urlsafe_b64encode(hmac.digest(self._pseudonyms, normalised.encode(), sha256)[:16]).decode().rstrip("=")


def place_of(stream: StreamKey, field: str, version: str) -> bytes:
    """What is authenticated with every text of one field of one stream. Raises `InvalidTag` for a version we never sealed."""
    if version != _VERSION:
        raise InvalidTag
    return _associated(stream, field)


def _associated(stream: StreamKey, field: str) -> bytes:
    return stream.kind.to_bytes(2, "big") + stream.id.bytes + field.encode()


class Vault:
    """The users' keys: makes, wraps, keeps for a moment and destroys them."""

    def __init__(self, master_key: bytes, *, cached_max: int = 20_000) -> None:
        """``master_key``: 32 bytes, the service's own secret."""
        self._wrap = AESGCM(_derive(master_key, b"wrap"))
        self._requests = _derive(master_key, b"request")
        self._cache: OrderedDict[UUID, tuple[float, UserKey]] = OrderedDict()
        self._cached_max = cached_max

    async def create(self, identity: Pool, user_id: UUID) -> None:
        """Make the user's key, unless there is one. ``identity`` is the pool of the identity role."""
        await self.create_all(identity, [user_id])

    async def create_all(self, identity: Pool, user_ids: Sequence[UUID]) -> None:
        """The same for many users in one statement."""
        wrapped = []
        for user_id in user_ids:
            nonce = os.urandom(_NONCE_BYTES)
            wrapped.append(nonce + self._wrap.encrypt(nonce, os.urandom(32), user_id.bytes))
        await identity.execute(
            "INSERT INTO vault.user_key (user_id, wrapped) SELECT * FROM unnest($1::uuid[], $2::bytea[]) "
            "ON CONFLICT DO NOTHING",
            user_ids,
            wrapped,
        )

    async def key(self, pool: Pool, user_id: UUID) -> UserKey:
        """The user's key. Raises `KeyDestroyedError`."""
        known = self._cache.get(user_id)
        if known is not None and known[0] > monotonic():
            return known[1]
        wrapped = await pool.fetchval("SELECT vault.wrapped_key($1)", user_id)
        if wrapped is None:
            self._cache.pop(user_id, None)
            raise KeyDestroyedError
        return self._keep(user_id, wrapped)

    async def load(self, pool: Pool, user_ids: Iterable[UUID]) -> None:
        """Have the keys of many users at hand for the next moment, in one round trip."""
        now = monotonic()
        missing = [one for one in user_ids if (known := self._cache.get(one)) is None or known[0] <= now]
        if len(missing) < 2:  # noqa: PLR2004 - one is asked for when it is needed
            return
        found = await pool.fetchval("SELECT vault.wrapped_keys($1)", missing)
        for user_id, wrapped in zip(missing, found, strict=True):
            if wrapped is not None:
                self._keep(user_id, wrapped)

    def _keep(self, user_id: UUID, wrapped: bytes) -> UserKey:
        plain = self._wrap.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], user_id.bytes)
        key = UserKey(plain)
        self._cache[user_id] = (monotonic() + _CACHE_SECONDS, key)
        self._cache.move_to_end(user_id)
        # What has run out goes, whether anybody asks for it again or not.
        now = monotonic()
        while len(self._cache) > self._cached_max or next(iter(self._cache.values()))[0] < now:
            self._cache.popitem(last=False)
        return key

    def forget(self, user_id: UUID) -> None:
        """Use the user's key no longer in this process."""
        self._cache.pop(user_id, None)

    def fingerprint(self, user_id: UUID, text: bytes) -> bytes:
        """A keyed hash (32 bytes) of an idempotency key or a request, telling nothing of what it says."""
        return hmac.digest(self._requests, user_id.bytes + text, sha256)
