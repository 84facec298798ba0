"""Sign-in with Google: is this ID token good, and whom does it name?

`google-auth` checks the signature and the times. Google's certificates are fetched within three seconds, off the event loop, and
kept for as long as their answer says. A token signed with a key that is not among them makes us look once more, at most every ten
seconds, so that a rotated key is believed at once and a flood of made-up keys costs nothing. When Google cannot be reached and
nothing valid is kept, nobody is told that their token is bad: it is simply not known.

    google = GoogleSignIn("123.apps.googleusercontent.com")
    person = await google.person(credential, nonce=None)    # GooglePerson, or None; raises GoogleUnreachableError
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from time import monotonic
from typing import Any, Final

import httpx
import msgspec
import structlog
from google.auth import jwt as _untyped_jwt
from google.auth.exceptions import GoogleAuthError

from fintwin.door_settings import CERTIFICATES_URL

ISSUERS: Final = frozenset({"accounts.google.com", "https://accounts.google.com"})
SKEW_S: Final = 30
PATIENCE_S: Final = 3.0
CREDENTIAL_LENGTH_MAX: Final = 8192
LOOK_AGAIN_S: Final = 10.0
KEPT_S_MAX: Final = 24 * 3600
CERTIFICATES_BYTES_MAX: Final = 256 * 1024
_SUBJECT_LENGTH_MAX: Final = 255
_TEXT_LENGTH_MAX: Final = 100
_ADDRESS_LENGTH_MAX: Final = 320
_PICTURE_LENGTH_MAX: Final = 500
_MAX_AGE: Final = re.compile(r"\bmax-age=(\d{1,9})\b")
_UNCLEAN: Final = re.compile("[\0-\x1f\x7f\ud800-\udfff]")
jwt: Any = _untyped_jwt  # it ships no types for its functions
_log = structlog.get_logger(__name__)


class GoogleUnreachableError(Exception):
    """Google's certificates cannot be had: whether a token is good is not known."""


class GooglePerson(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a good token names; the texts are Google's, cut to what we keep."""

    subject: str
    full_name: str | None
    email: str
    picture: str | None


class GoogleSignIn:
    """See the module. One per process."""

    def __init__(
        self, client_id: str, *, certificates_url: str = CERTIFICATES_URL, patience_s: float = PATIENCE_S
    ) -> None:
        """``client_id`` is the audience that tokens must be for."""
        self._client_id = client_id
        self._url = certificates_url
        self._patience_s = patience_s
        self._client = httpx.AsyncClient(timeout=patience_s, follow_redirects=False)
        self._certificates: dict[str, str] = {}
        self._good_until = 0.0
        self._looked_at = float("-inf")
        self._failed_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def close(self) -> None:
        """Close connections to Google."""
        await self._client.aclose()

    async def person(self, credential: str, *, nonce: str | None = None) -> GooglePerson | None:
        """Whom an ID token names; None where it is no good for us. With ``nonce`` it must carry that one."""
        key_id = _key_id(credential)
        if key_id is None:
            return None
        certificates = await self._certificates_with(key_id)
        if key_id not in certificates:
            return None
        try:
            claims = jwt.decode(credential, certs=certificates, audience=self._client_id, clock_skew_in_seconds=SKEW_S)
            return _person(claims, nonce)
        except (GoogleAuthError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None

    async def _certificates_with(self, key_id: str) -> dict[str, str]:
        asked_at = now = monotonic()
        if key_id in self._certificates and now < self._good_until:
            return self._certificates
        async with self._fetching:
            if self._failed_at > asked_at:
                raise GoogleUnreachableError
            now = monotonic()
            fresh = now < self._good_until
            # Somebody else may have looked meanwhile; and made-up keys must not send us to Google each time.
            if fresh and (key_id in self._certificates or now < self._looked_at + LOOK_AGAIN_S):
                return self._certificates
            try:
                await self._fetch()
            except (httpx.HTTPError, TimeoutError, ValueError, msgspec.MsgspecError) as error:
                self._failed_at = monotonic()
                _log.warning("Google's certificates cannot be had", error=type(error).__name__)
                # Without the certificate nothing is known of a token; what is still valid says that the key is unknown.
                raise GoogleUnreachableError from None
        return self._certificates

    async def _fetch(self) -> None:
        self._looked_at = monotonic()
        async with asyncio.timeout(self._patience_s), self._client.stream("GET", self._url) as answer:
            answer.raise_for_status()
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > CERTIFICATES_BYTES_MAX:
                    msg = "too long"
                    raise ValueError(msg)
            control = answer.headers.get("cache-control", "")
        self._certificates = msgspec.convert(json.loads(body), dict[str, str])
        age = _MAX_AGE.search(control)
        self._good_until = monotonic() + min(int(age[1]) if age else 0, KEPT_S_MAX)


def _key_id(credential: str) -> str | None:
    """Which key a token says it was signed with; None where it cannot be one of Google's."""
    if len(credential) > CREDENTIAL_LENGTH_MAX or not credential.isascii():
        return None
    try:
        header = jwt.decode_header(credential)
    except (GoogleAuthError, ValueError, TypeError, RecursionError):
        return None
    key_id = header.get("kid")
    return key_id if header.get("alg") == "RS256" and isinstance(key_id, str) and key_id else None


def _person(claims: Any, nonce: str | None) -> GooglePerson | None:
    subject, email = claims["sub"], claims["email"]
    if claims["iss"] not in ISSUERS or claims["email_verified"] is not True:
        return None
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_LENGTH_MAX:
        return None
    if not isinstance(email, str) or not 0 < len(email) <= _ADDRESS_LENGTH_MAX or _UNCLEAN.search(email):
        return None
    if type(claims["iat"]) is not int or type(claims["exp"]) is not int:
        return None
    if nonce is not None and not hmac.compare_digest(nonce.encode(), str(claims.get("nonce")).encode()):
        return None
    picture = _text(claims.get("picture"), _PICTURE_LENGTH_MAX)
    return GooglePerson(
        subject=subject,
        full_name=_text(claims.get("name"), _TEXT_LENGTH_MAX),
        email=email,
        # A page of ours takes pictures from nowhere else.
        picture=picture if picture and picture.startswith("https://lh3.googleusercontent.com/") else None,
    )


def _text(value: object, length_max: int) -> str | None:
    if not isinstance(value, str):
        return None
    return _UNCLEAN.sub("", value).strip()[:length_max] or None
