"""Sign-ins: begun, listed, ended.

token = await sessions.begin_token(user_id, name="Ada", email=None)
await sessions.end(bearer)      # every process hears of it within a second
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import time
from uuid import UUID

from uuid_utils.compat import uuid7

from fintwin.identity.admission import Admission
from fintwin.identity.tokens import LEEWAY_S, LIFE, Bearer, Tokens
from fintwin.store import sign_in
from fintwin.store.connect import Pool
from fintwin.store.sign_in import Kind, Session


class Sessions:
    """See the module."""

    def __init__(self, tokens: Tokens, admission: Admission, identity: Pool) -> None:
        """``identity`` is the pool of the identity role."""
        self._tokens = tokens
        self._admission = admission
        self._identity = identity

    async def begin_token(self, user_id: UUID, *, name: str | None, email: str | None) -> str:
        """A new sign-in with a bearer token of a day."""
        now = datetime.now(UTC)
        session_id: UUID = uuid7()
        await sign_in.begin_session(self._identity, user_id, session_id, Kind.TOKEN, None, now + LIFE)
        return self._tokens.issue(Bearer(user_id=user_id, session_id=session_id), now=now, name=name, email=email)

    async def all_of(self, user_id: UUID) -> list[Session]:
        """The user's sign-ins that still count, latest first."""
        return await sign_in.sessions(self._identity, user_id)

    async def end(self, bearer: Bearer) -> None:
        """Sign out: the token is refused from now on."""
        await sign_in.end_sessions(self._identity, bearer.user_id, bearer.session_id)
        self._admission.revoke(bearer.user_id, bearer.session_id, time(), bearer.expires_at + LEEWAY_S)

    async def end_all(self, user_id: UUID) -> None:
        """Sign out everywhere."""
        await sign_in.end_sessions(self._identity, user_id, None)
        now = time()
        self._admission.revoke(user_id, None, now, now + LIFE.total_seconds() + LEEWAY_S)
