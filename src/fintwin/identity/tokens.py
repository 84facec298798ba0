"""The `ft_token`: a signed JSON web token of a day that names its user.

HS256 and nothing else; issuer, audience and every claim are required; times have 30 seconds of leeway. The header's `kid` says
which of two keys has signed: the present one signs, the one before a rotation is still believed. A `kid` is made from the key
one-way, so that every process agrees on it without any list.

>>> from datetime import UTC, datetime
>>> keys = Tokens(b"0123456789abcdef0123456789abcdef")
>>> now = datetime.now(UTC)
>>> token = keys.issue(Bearer(user_id=UUID(int=1), session_id=UUID(int=2)), now=now, name="Ada", email=None)
>>> keys.read(token).user_id
UUID('00000000-0000-0000-0000-000000000001')
>>> keys.read(token[:-3] + "abc") is None
True
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import jwt
import msgspec

ALGORITHM: Final = "HS256"
NAME: Final = "fintwin"
"""Issuer and audience: this service, for this service."""

LIFE: Final = timedelta(hours=24)
LEEWAY_S: Final = 30
TOKEN_LENGTH_MAX: Final = 4096
_REQUIRED: Final = ["sub", "iat", "exp", "iss", "aud", "jti"]


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """What a valid token says: whose it is, of which sign-in, and (POSIX seconds) from when till when."""

    user_id: UUID
    session_id: UUID
    issued_at: float = 0.0
    expires_at: float = 0.0


class Tokens:
    """Issues and reads tokens. Holds the keys and no other state."""

    def __init__(self, key: bytes, previous: bytes | None = None) -> None:
        """``key`` signs; ``previous`` is believed as well, until its tokens have run out."""
        self._kid = _kid(key)
        self._key = key
        self._keys = {_kid(each): each for each in (previous, key) if each is not None}

    def issue(
        self, bearer: Bearer, *, now: datetime, name: str | None, email: str | None, life: timedelta = LIFE
    ) -> str:
        """A token for a sign-in; the times of ``bearer`` are not looked at."""
        issued_at = int(now.timestamp())
        claims = {
            "sub": str(bearer.user_id),
            "name": name,
            "email": email,
            "iat": issued_at,
            "exp": issued_at + int(life.total_seconds()),
            "iss": NAME,
            "aud": NAME,
            "jti": str(bearer.session_id),
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._kid})

    def read(self, token: str, *, late: bool = False) -> Bearer | None:
        """What a token says, or None where it is not one of ours or has run out; ``late`` takes one that has."""
        if len(token) > TOKEN_LENGTH_MAX:
            return None
        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=NAME,
                issuer=NAME,
                leeway=LEEWAY_S,
                options={"require": _REQUIRED, "strict_aud": True, "verify_exp": not late},
            )
            return _bearer(claims)
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            return None


def _bearer(claims: dict[str, Any]) -> Bearer:
    issued_at, expires_at = claims["iat"], claims["exp"]
    if isinstance(issued_at, bool) or isinstance(expires_at, bool):
        raise TypeError
    datetime.fromtimestamp(expires_at, UTC)
    return Bearer(
        user_id=UUID(claims["sub"]),
        session_id=UUID(claims["jti"]),
        issued_at=float(issued_at),
        expires_at=float(expires_at),
    )


def _kid(key: bytes) -> str:
    return hmac.digest(key, b"fintwin key id", sha256).hex()[:16]
