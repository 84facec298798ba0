"""At the door: is this token good, and has it been revoked since?

Checking a signature costs about 0.1 ms, so a token that was found good is remembered until it runs out. Revocations are
kept in memory in every process: told by the database at once, asked for more than once a second besides, so that a process
that has missed the news still closes the door within about a second. The same round notes, once a minute, which
sign-ins have been used.

    admission = Admission(Tokens(secret), identity_pool)
    await admission.start()
    admission.bearer(token)    # Bearer, or None
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import time
from typing import Final
from uuid import UUID

import structlog

from fintwin.identity.tokens import LEEWAY_S, Bearer, Tokens
from fintwin.store import sign_in
from fintwin.store.connect import LOST, UNDONE, Pool
from fintwin.store.listening import Listener, pause

POLL_S: Final = 0.7
"""So that news which was missed is there within a second, the question's own time included."""

NOTE_S: Final = 60.0
"""How exactly the list of sign-ins tells when each was last used."""

_OVERLAP: Final = timedelta(seconds=15)
"""Rows become visible when they commit, a little after `made_at`; the role's statements last 5 seconds at most."""

_log = structlog.get_logger(__name__)


class _Known:
    """A token that was found good."""

    __slots__ = ("bearer", "used")

    def __init__(self, bearer: Bearer) -> None:
        self.bearer = bearer
        self.used = True


class Admission:
    """See the module. One per process."""

    def __init__(
        self,
        tokens: Tokens,
        identity: Pool,
        *,
        remembered_max: int = 20_000,
        forget: Callable[[UUID], None] = lambda _user_id: None,
    ) -> None:
        """``identity`` is the pool of the identity role; ``forget`` is told of a user all of whose sign-ins have ended."""
        self._forget = forget
        self._tokens = tokens
        self._identity = identity
        self._remembered_max = remembered_max
        self._known: dict[str, _Known] = {}
        self._sessions: dict[UUID, float] = {}
        self._users: dict[UUID, tuple[float, float]] = {}
        self._since: datetime | None = None
        self._note_at = time() + NOTE_S
        self._listener = Listener(identity, sign_in.REVOKED_CHANNEL)
        self._stopping = False
        self._watching: asyncio.Task[None] | None = None

    def bearer(self, token: str) -> Bearer | None:
        """Who comes with this token; None where it is no good or no good any more."""
        known = self._known.get(token)
        if known is None:
            found = self._tokens.read(token)
            if found is None:
                return None
            self._remember(token, found)
        else:
            found = known.bearer
            if found.expires_at + LEEWAY_S < time():
                del self._known[token]
                return None
            known.used = True
        return None if self.is_revoked(found) else found

    def is_revoked(self, bearer: Bearer) -> bool:
        """Whether the sign-in behind a token has been ended."""
        if bearer.session_id in self._sessions:
            return True
        everything = self._users.get(bearer.user_id)
        # A token tells whole seconds: one of the very second in which all were ended is taken for an older one.
        return everything is not None and bearer.issued_at <= everything[0]

    def revoke(self, user_id: UUID, session_id: UUID | None, made_at: float, expires_at: float) -> None:
        """Believe the tokens of a session (None: of all the user's until then) no more in this process."""
        if session_id is not None:
            self._sessions[session_id] = expires_at
        else:
            self._users[user_id] = (made_at, expires_at)
            # Perhaps the user has been erased: whatever this process holds of them, it holds no longer.
            self._forget(user_id)

    async def start(self) -> None:
        """Learn all revocations, and keep up with them until `stop`."""
        await self.catch_up()
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop keeping up."""
        # The flag besides: a cancellation that meets a connection just breaking can get lost in it.
        self._stopping = True
        self._listener.news.set()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        await self._listener.stop()

    async def catch_up(self) -> None:
        """Take over what has been revoked since the last look."""
        since = None if self._since is None else self._since - _OVERLAP
        for one in await sign_in.revocations(self._identity, since):
            self.revoke(one.user_id, one.session_id, one.made_at.timestamp(), one.expires_at.timestamp())
            if self._since is None or one.made_at > self._since:
                self._since = one.made_at
        if self._since is None:
            self._since = datetime.now(UTC) - timedelta(minutes=5)
        now = time()
        self._sessions = {key: until for key, until in self._sessions.items() if until > now}
        self._users = {key: both for key, both in self._users.items() if both[1] > now}

    async def note_use(self) -> None:
        """Tell the database which sign-ins have been used since the last time."""
        if time() < self._note_at:
            return
        self._note_at = time() + NOTE_S
        used = [one for one in self._known.values() if one.used]
        for one in used:
            one.used = False
        if used:
            await sign_in.touch_sessions(self._identity, [(one.bearer.user_id, one.bearer.session_id) for one in used])

    def _remember(self, token: str, bearer: Bearer) -> None:
        if len(self._known) >= self._remembered_max:
            for old in list(self._known)[: self._remembered_max // 4]:
                del self._known[old]
        self._known[token] = _Known(bearer)

    async def _watch(self) -> None:
        while not self._stopping:
            # Listening first: what is revoked between the two is asked for. Asking does not depend on it.
            for part in (self._listener.keep, self.catch_up, self.note_use):
                try:
                    await part()
                except (*LOST, *UNDONE) as error:
                    _log.warning("revocations: the database cannot be reached", error=type(error).__name__)
            await pause(POLL_S, self._listener.news)
            self._listener.news.clear()
