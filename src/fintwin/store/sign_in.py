"""The tables of signing in: subjects, sessions, revocations. Every function wants the pool of the role `fintwin_identity`.

user_id = await claim_subject(identity, "google", keyed_hash, fresh_id)
await begin_session(identity, user_id, session_id, Kind.TOKEN, None, expires_at)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from uuid import UUID

import msgspec

from fintwin.store.connect import Pool

REVOKED_CHANNEL = "fintwin_revoked"


class Kind(IntEnum):
    """What a session is carried by; the numbers are stored."""

    TOKEN = 1
    COOKIE = 2


class Refreshed(IntEnum):
    """What became of a refresh; the numbers are those of the database function."""

    DONE = 0
    OVER = 1
    COPIED = 2
    TWIN = 3


class Session(msgspec.Struct, frozen=True):
    """One sign-in that still counts."""

    id: UUID
    kind: Kind
    device: str | None
    created_at: datetime
    refreshed_at: datetime
    used_at: datetime
    expires_at: datetime


class Revocation(msgspec.Struct, frozen=True):
    """A session that no longer counts, or with ``session_id`` None all of the user's begun until ``made_at``."""

    user_id: UUID
    session_id: UUID | None
    made_at: datetime
    expires_at: datetime


async def claim_subject(identity: Pool, provider: str, subject: bytes, fresh: UUID) -> UUID:
    """The user of a provider's subject (a keyed hash); ``fresh`` becomes it where there is none."""
    user_id: UUID = await identity.fetchval("SELECT identity.claim_subject($1, $2, $3)", provider, subject, fresh)
    return user_id


async def claim_subjects(identity: Pool, provider: str, subjects: Sequence[bytes], fresh: Sequence[UUID]) -> list[UUID]:
    """The same for many subjects, in their order."""
    found: list[UUID] = await identity.fetchval("SELECT identity.claim_subjects($1, $2, $3)", provider, subjects, fresh)
    return found


async def begin_session(
    identity: Pool,
    user_id: UUID,
    session_id: UUID,
    kind: Kind,
    refresh: bytes | None,
    expires_at: datetime,
    device: str | None = None,
) -> None:
    """Record a sign-in; ``refresh`` is the hash of a cookie's first secret, ``device`` has at most 100 characters."""
    await identity.execute(
        "SELECT identity.begin_session($1, $2, $3, $4, $5, $6)", user_id, session_id, kind, refresh, expires_at, device
    )


async def sessions(identity: Pool, user_id: UUID) -> list[Session]:
    """The user's sessions that still count, latest first."""
    rows = await identity.fetch("SELECT * FROM identity.sessions($1)", user_id)
    return [Session(**{**row, "kind": Kind(row["kind"])}) for row in rows]


async def touch_sessions(identity: Pool, used: Sequence[tuple[UUID, UUID]]) -> None:
    """Note that sessions (user and id of each) have been used until now."""
    users, ids = [user for user, _ in used], [session for _, session in used]
    await identity.execute("SELECT identity.touch_sessions($1, $2)", users, ids)


async def end_sessions(identity: Pool, user_id: UUID, session_id: UUID | None) -> bool:
    """End one session, or with None all of the user's; every process hears of it. Whether there was one to end."""
    ended: bool = await identity.fetchval("SELECT identity.end_sessions($1, $2)", user_id, session_id)
    return ended


async def refresh_session(
    identity: Pool, user_id: UUID, session_id: UUID, shown: bytes, following: bytes, expires_at: datetime
) -> Refreshed:
    """Exchange the secret of a cookie session (hashes of the secrets)."""
    return Refreshed(
        await identity.fetchval(
            "SELECT identity.refresh_session($1, $2, $3, $4, $5)", user_id, session_id, shown, following, expires_at
        )
    )


async def revocations(identity: Pool, since: datetime | None) -> list[Revocation]:
    """Revocations made since a moment (None: ever) that still matter, oldest first."""
    rows = await identity.fetch("SELECT * FROM identity.revocations($1)", since)
    return [Revocation(row["user_id"], row["session_id"], row["made_at"], row["expires_at"]) for row in rows]
