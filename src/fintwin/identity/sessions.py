"""Sign-ins: begun, refreshed, listed, ended.

A program gets a bearer token of a day. A browser gets a cookie that no script can read: a token of a quarter of an hour, and
the secret that the next refresh has to show. Each refresh puts another secret in its place; whoever shows an older one has a
copy, and the sign-in ends for both. A cookie that nobody refreshes is over after a day, any after thirty.

The next secret is made from the one shown with a key of ours: two tabs that refresh together, or one whose answer was lost, get
the same one, and nobody else can tell it.

    token = await sessions.begin_token(user_id, name="Ada", email=None)
    cookie = await sessions.begin_cookie(user_id)
    cookie = await sessions.refresh(cookie)    # None: over
    await sessions.end(bearer)                 # every process hears of it within a second
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import time
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from fintwin.identity.admission import Admission
from fintwin.identity.tokens import LEEWAY_S, LIFE, Bearer, Tokens
from fintwin.store import sign_in
from fintwin.store.connect import Pool
from fintwin.store.sign_in import Kind, Refreshed, Session

COOKIE_TOKEN_LIFE: Final = timedelta(minutes=15)
IDLE_MAX: Final = timedelta(days=1)
_SECRET_BYTES: Final = 32


class Sessions:
    """See the module."""

    def __init__(self, tokens: Tokens, admission: Admission, identity: Pool, *, master_key: bytes) -> None:
        """``identity`` is the pool of the identity role; the secrets of cookies hang on the master key."""
        self._tokens = tokens
        self._admission = admission
        self._identity = identity
        self._key = hmac.digest(master_key, b"refresh", sha256)

    async def begin_token(
        self, user_id: UUID, *, name: str | None, email: str | None, device: str | None = None
    ) -> str:
        """A new sign-in with a bearer token of a day."""
        now = datetime.now(UTC)
        session_id: UUID = uuid7()
        await sign_in.begin_session(self._identity, user_id, session_id, Kind.TOKEN, None, now + LIFE, device)
        return self._tokens.issue(Bearer(user_id=user_id, session_id=session_id), now=now, name=name, email=email)

    async def begin_cookie(self, user_id: UUID, *, device: str | None = None) -> str:
        """A new sign-in of a browser: what its cookie holds."""
        now = datetime.now(UTC)
        bearer = Bearer(user_id=user_id, session_id=uuid7())
        secret = secrets.token_bytes(_SECRET_BYTES)
        shown = sha256(secret).digest()
        await sign_in.begin_session(
            self._identity, user_id, bearer.session_id, Kind.COOKIE, shown, now + IDLE_MAX, device
        )
        return self._cookie(bearer, secret, now)

    async def refresh(self, cookie: str) -> str | None:
        """What the cookie holds from now on; None where the sign-in is over, which it is if this one is a copy."""
        token, _, text = cookie.rpartition(".")
        bearer, secret = self._tokens.read(token, late=True), _decoded(text)
        if bearer is None or secret is None or self._admission.is_revoked(bearer):
            return None
        now = datetime.now(UTC)
        following = hmac.digest(self._key, bearer.session_id.bytes + secret, sha256)
        done = await sign_in.refresh_session(
            self._identity,
            bearer.user_id,
            bearer.session_id,
            sha256(secret).digest(),
            sha256(following).digest(),
            now + IDLE_MAX,
        )
        if done is Refreshed.COPIED:
            self._admission.revoke(bearer.user_id, bearer.session_id, time(), (now + LIFE).timestamp())
        return self._cookie(bearer, following, now) if done in {Refreshed.DONE, Refreshed.TWIN} else None

    def holder(self, cookie: str) -> Bearer | None:
        """Whose cookie this is, or was: to end the sign-in it need not be fresh."""
        return self._tokens.read(cookie.rpartition(".")[0], late=True)

    async def all_of(self, user_id: UUID) -> list[Session]:
        """The user's sign-ins that still count, latest first."""
        return await sign_in.sessions(self._identity, user_id)

    async def end(self, bearer: Bearer) -> None:
        """Sign out: the token is refused from now on."""
        await self.end_one(bearer.user_id, bearer.session_id)

    async def end_one(self, user_id: UUID, session_id: UUID) -> bool:
        """End one sign-in of the user's; whether there was one to end."""
        ended = await sign_in.end_sessions(self._identity, user_id, session_id)
        if ended:
            self._admission.revoke(user_id, session_id, time(), time() + LIFE.total_seconds() + LEEWAY_S)
        return ended

    async def end_all(self, user_id: UUID) -> None:
        """Sign out everywhere."""
        await sign_in.end_sessions(self._identity, user_id, None)
        now = time()
        self._admission.revoke(user_id, None, now, now + LIFE.total_seconds() + LEEWAY_S)

    def _cookie(self, bearer: Bearer, secret: bytes, now: datetime) -> str:
        token = self._tokens.issue(bearer, now=now, name=None, email=None, life=COOKIE_TOKEN_LIFE)
        return f"{token}.{urlsafe_b64encode(secret).decode().rstrip('=')}"


def _decoded(text: str) -> bytes | None:
    try:
        secret = urlsafe_b64decode(f"{text}=")
    except (Error, ValueError):
        return None
    return secret if len(secret) == _SECRET_BYTES else None
