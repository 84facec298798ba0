"""Erasing a person: their key is destroyed, and what they were called, wrote and were called by others is unreadable for good.

The log stays as it is: amounts, days, categories and ids without a name. First the log says so (`UserErased`) and the accounts
are frozen, so that nobody pays into them by mistake; then the key and all rows beside the log go. Each step may be repeated, so
an erasure that was interrupted is finished by asking for it again. docs/erasure.md says what this reaches and what it does not.

    told = await erasure.erase(user_id)
    told.tables, told.frozen
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import time
from uuid import UUID

import msgspec
import structlog

from fintwin.domain import accounts
from fintwin.domain.profiles import EraseUser
from fintwin.domain.refusals import Code, Refusal
from fintwin.identity.admission import Admission
from fintwin.identity.tokens import LEEWAY_S, LIFE
from fintwin.ledger.ledger import Booking, Ledger, Request
from fintwin.ledger.plans import OnProfile
from fintwin.store import erasing, read
from fintwin.store.connect import LOST, Pool
from fintwin.store.keys import Vault

_log = structlog.get_logger(__name__)


class ErasureUnavailableError(Exception):
    """This service has no way to the keys: nothing was erased."""


class UnknownUserError(Exception):
    """Nobody of this id is registered."""


class Erased(msgspec.Struct, frozen=True):
    """What went: the tables that had rows of the user, how many accounts were frozen, whether the key's bytes are gone."""

    tables: tuple[str, ...]
    frozen: int
    rewritten: bool


class Erasure:
    """See the module."""

    def __init__(self, ledger: Ledger, api: Pool, admission: Admission, vault: Vault, eraser_url: str | None) -> None:
        """``api`` is that role's pool, ``eraser_url`` the address for `fintwin_eraser`."""
        self._ledger = ledger
        self._api = api
        self._admission = admission
        self._vault = vault
        self._eraser_url = eraser_url

    async def erase(self, user_id: UUID) -> Erased:
        """Erase a user, or finish an erasure.

        Raises `ErasureUnavailableError`, `UnknownUserError`, and what the ledger raises where the database is lost.
        """
        if self._eraser_url is None:
            raise ErasureUnavailableError
        try:
            async with erasing.erasing(self._eraser_url) as eraser:
                command = EraseUser(at=datetime.now(UTC))
                answer = await self._ledger.submit(Request(user_id=user_id), OnProfile(user_id, command))
                if isinstance(answer, Refusal) and answer.code is not Code.USER_ERASED:
                    raise UnknownUserError
                frozen = await self._freeze(user_id)
                tables = await erasing.erase(eraser, user_id)
                self._vault.forget(user_id)
                now = time()
                self._admission.revoke(user_id, None, now, now + LIFE.total_seconds() + LEEWAY_S)
                # An account that was opened just before its user was gone.
                frozen += await self._freeze(user_id)
                rewritten = await erasing.rewrite_small_table(eraser)
        except LOST as error:
            _log.warning("erasure: the database cannot be reached", error=type(error).__name__)
            raise
        return Erased(tuple(tables), frozen, rewritten)

    async def _freeze(self, user_id: UUID) -> int:
        frozen = 0
        for head in await read.heads(self._api, user_id):
            if isinstance(head.state, accounts.AccountState) and head.state.status is accounts.Status.OPEN:
                command = accounts.FreezeAccount(at=datetime.now(UTC))
                answer = await self._ledger.change_account(Request(user_id=user_id), head.stream.id, command)
                frozen += isinstance(answer, Booking)
        return frozen
