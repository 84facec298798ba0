"""A user's hooks, as their owner handles them: made, changed, looked at, taken away. Address and secret are sealed on the way in.

made = await hooks.add(user_id, "https://example.org/hook", types=("Deposited",))
made.secret    # told this once
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.store import webhooks as stored
from fintwin.store.connect import Pool
from fintwin.store.keys import UserKey, Vault
from fintwin.store.webhooks import Letter, State
from fintwin.webhooks.messages import new_secret
from fintwin.webhooks.targets import parsed

HOOKS_MAX: Final = 10


class Aim(msgspec.Struct, frozen=True):
    """What lies sealed: where to, and the secret that signs."""

    url: str
    secret: str


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A hook as its owner sees it."""

    id: UUID
    url: str
    types: tuple[str, ...]
    state: State
    position: int
    attempts: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    last_outcome: str | None
    delivered_at: datetime | None
    letters: int
    made_at: datetime


class NewHook(Hook, frozen=True, kw_only=True):
    """The same with its secret, which is told this once."""

    secret: str


class Hooks:
    """See the module."""

    def __init__(self, pool: Pool, vault: Vault, *, private: bool) -> None:
        """``pool`` is the api role's; ``private`` lets in addresses that are not public."""
        self._pool = pool
        self._vault = vault
        self._private = private

    async def all_of(self, user_id: UUID) -> list[Hook]:
        """The user's hooks in the order of their making."""
        rows = await stored.hooks(self._pool, user_id, None)
        key = await self._vault.key(self._pool, user_id) if rows else None
        return [_hook(row, opened(key, row.id, row.sealed)) for row in rows if key is not None]

    async def one(self, user_id: UUID, hook_id: UUID) -> Hook | None:
        """One of the user's hooks."""
        rows = await stored.hooks(self._pool, user_id, hook_id)
        if not rows:
            return None
        key = await self._vault.key(self._pool, user_id)
        return _hook(rows[0], opened(key, hook_id, rows[0].sealed))

    async def add(self, user_id: UUID, url: str, types: Sequence[str]) -> NewHook | None:
        """A new hook, told of what happens from now on; None where there are `HOOKS_MAX` already.

        Raises `TargetRefusedError`.
        """
        parsed(url, private=self._private)
        hook_id: UUID = uuid7()
        aim = Aim(url, new_secret())
        sealed = await self._sealed(user_id, hook_id, aim)
        if not await stored.add(self._pool, user_id, hook_id, sealed, list(types), HOOKS_MAX):
            return None
        made = await self.one(user_id, hook_id)
        assert made is not None, "it was made a moment ago"
        return NewHook(**msgspec.structs.asdict(made), secret=aim.secret)

    async def change(
        self,
        user_id: UUID,
        hook_id: UUID,
        *,
        url: str | None = None,
        types: Sequence[str] | None = None,
        state: State | None = None,
        position: int | None = None,
    ) -> Hook | None:
        """Change what is given; with ``position`` everything after it is told again. None where there is no such hook.

        Raises `TargetRefusedError`.
        """
        sealed = None
        if url is not None:
            parsed(url, private=self._private)
            rows = await stored.hooks(self._pool, user_id, hook_id)
            if not rows:
                return None
            aim = opened(await self._vault.key(self._pool, user_id), hook_id, rows[0].sealed)
            sealed = await self._sealed(user_id, hook_id, msgspec.structs.replace(aim, url=url))
        kept = None if types is None else list(types)
        if not await stored.change(self._pool, user_id, hook_id, sealed, kept, state, position):
            return None
        return await self.one(user_id, hook_id)

    async def remove(self, user_id: UUID, hook_id: UUID) -> bool:
        """Take a hook away, and its letters with it. Whether there was one."""
        return await stored.remove(self._pool, user_id, hook_id)

    async def letters(self, user_id: UUID, hook_id: UUID, *, after: int, limit: int) -> list[Letter]:
        """What was given up, oldest first."""
        return await stored.letters(self._pool, user_id, hook_id, after, limit)

    async def ask_again(self, user_id: UUID, hook_id: UUID, position: int | None) -> int:
        """Have letters tried again, all of a hook's or one; how many."""
        return await stored.ask_again(self._pool, user_id, hook_id, position)

    async def _sealed(self, user_id: UUID, hook_id: UUID, aim: Aim) -> str:
        key = await self._vault.key(self._pool, user_id)
        return key.seal(msgspec.json.encode(aim).decode(), StreamKey(StreamKind.PROFILE, hook_id), "webhook")


def opened(key: UserKey, hook_id: UUID, sealed: str) -> Aim:
    """What lies sealed in a hook."""
    return msgspec.json.decode(key.open(sealed, StreamKey(StreamKind.PROFILE, hook_id), "webhook"), type=Aim)


def _hook(row: stored.HookRow, aim: Aim) -> Hook:
    return Hook(
        id=row.id,
        url=aim.url,
        types=tuple(row.types),
        state=row.state,
        position=row.position,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at if row.attempts and row.state == "active" else None,
        last_attempt_at=row.last_attempt_at,
        last_outcome=row.last_outcome,
        delivered_at=row.delivered_at,
        letters=row.letters,
        made_at=row.made_at,
    )
