"""One command on its way into the log, and what can become of it.

The answer to a `Submission` is one of four: it was booked (`Receipt`), had been booked before under its key (`Replay`), was
refused by a rule (`Refusal`), or shared the fate of its atomic batch (`NotApplied`).

>>> Replay(transaction_id=UUID(int=1), position=7, balance_minor=500).position
7
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec

from fintwin.domain.refusals import Refusal
from fintwin.ledger.plans import Change, Plan


class Booked(msgspec.Struct, frozen=True):
    """One event that the command caused. A stream that is not ``own`` is a payee's: its figures are not for the payer."""

    change: Change
    position: int
    version: int
    balance_minor: int | None
    own: bool


class Receipt(msgspec.Struct, frozen=True):
    """The command is in the log: durable, numbered, final."""

    transaction_id: UUID
    position: int
    recorded_at: datetime
    effective_at: datetime
    booked: tuple[Booked, ...]


class Replay(msgspec.Struct, frozen=True):
    """The same request was booked before under its idempotency key; nothing was booked now."""

    transaction_id: UUID
    position: int
    balance_minor: int | None


class NotApplied(msgspec.Struct, frozen=True):
    """The command itself was possible, but another one of its atomic batch was not."""


Outcome = Receipt | Replay | Refusal | NotApplied


class LedgerBusyError(Exception):
    """Too many commands are waiting, or the database could not take this one now: nothing was booked, try again."""


class OutcomeUnknownError(Exception):
    """The database was lost while it worked: the same request with the same idempotency key tells what became of it."""


class LedgerFaultError(Exception):
    """The database refused what our rules had allowed: our bug. Nothing was booked."""


class Submission:
    """A command in the queue: who asks, what, under which key, and where the answer goes."""

    __slots__ = ("answer", "at", "key", "metadata", "plan", "refusal", "request", "transaction_id", "tries", "user_id")

    def __init__(
        self,
        *,
        user_id: UUID,
        plan: Plan,
        transaction_id: UUID,
        at: datetime,
        key: bytes | None = None,
        request: bytes | None = None,
        metadata: bytes = b"{}",
    ) -> None:
        """``key`` and ``request`` are fingerprints, see `store.keys.Vault.fingerprint`."""
        self.user_id = user_id
        self.plan = plan
        self.transaction_id = transaction_id
        self.at = at
        self.key = key
        self.request = request
        self.metadata = metadata
        self.refusal: Refusal | None = None
        self.tries = 0
        self.answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def resolve(self, outcome: Outcome) -> None:
        """Give the answer, unless the one who asked has gone away."""
        if not self.answer.done():
            self.answer.set_result(outcome)

    def fail(self, error: Exception) -> None:
        """Give an error for an answer."""
        if not self.answer.done():
            self.answer.set_exception(error)
            # Whoever asked may be gone: an error that nobody takes is not one more to report.
            self.answer.exception()
