"""The door to the log for everything that changes it.

`Ledger` gives commands their ids and time, seals what is personal, keeps equal requests together and turns what the log
answered into a `Booking` that is the same for the first answer and for every later one to the same request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from fintwin.domain import accounts, profiles
from fintwin.domain.refusals import Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.movements import UNKNOWN_TRANSACTION, Movement, has_texts, plan_of, reversal_of
from fintwin.ledger.plans import OnAccount, OnProfile, Plan, Refused
from fintwin.ledger.slices import KEY_REUSED
from fintwin.ledger.submission import NotApplied, Outcome, Receipt, Replay, Submission
from fintwin.ledger.writer import Writer
from fintwin.store import read
from fintwin.store.connect import Pool
from fintwin.store.keys import UserKey, Vault


class Entry(msgspec.Struct, frozen=True):
    """One of the caller's own events of a transaction.

    ``balance_minor`` is the account's balance right after the first event of the transaction, None for the others.
    """

    stream: StreamKey
    position: int
    event: Any
    balance_minor: int | None


class Booking(msgspec.Struct, frozen=True):
    """A transaction in the log, as its owner sees it."""

    transaction_id: UUID
    position: int
    recorded_at: datetime
    effective_at: datetime
    entries: tuple[Entry, ...]
    replayed: bool = False


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Where a command comes from: the user, the idempotency key, the bytes that an equal request must equal."""

    user_id: UUID
    key: str | None = None
    body: bytes = b""
    metadata: dict[str, Any] = {}


Answer = Booking | Refusal | NotApplied
_json = msgspec.json.Encoder()


class Ledger:
    """See the module. One per process."""

    def __init__(
        self, writer: Writer, pool: Pool, vault: Vault, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """``pool`` is the api role's; ``now`` the clock."""
        self._writer = writer
        self._pool = pool
        self._vault = vault
        self._now = now
        self._under_way: dict[tuple[UUID, bytes], tuple[bytes, asyncio.Future[Outcome]]] = {}

    async def register(self, request: Request, command: profiles.RegisterUser) -> Answer:
        """Record a new user whose key exists. Personal fields of the command are plain and get sealed here."""
        key = await self.user_key(request.user_id)
        stream = StreamKey(StreamKind.PROFILE, request.user_id)
        sealed = msgspec.structs.replace(
            command,
            full_name=_sealed(key, command.full_name, stream, "full_name"),
            email=_sealed(key, command.email, stream, "email"),
            picture=_sealed(key, command.picture, stream, "picture"),
        )
        return await self.submit(request, OnProfile(request.user_id, sealed))

    async def fill_in_profile(self, request: Request, answers: profiles.ProfileAnswers) -> Answer:
        """Complete or replace the profile; the first time opens the main account in the profile's currency."""
        key = await self.user_key(request.user_id)
        stream = StreamKey(StreamKind.PROFILE, request.user_id)
        main = key.seal(answers.account_name, StreamKey(StreamKind.ACCOUNT, request.user_id), "name")
        sealed = msgspec.structs.replace(
            answers,
            account_name=key.seal(answers.account_name, stream, "account_name"),
            phone_number=_sealed(key, answers.phone_number, stream, "phone_number"),
        )
        command = profiles.FillInProfile(at=self._now(), answers=sealed)
        return await self.submit(request, OnProfile(request.user_id, command, main))

    async def open_account(
        self, request: Request, *, name: str, kind: accounts.AccountKind, currency: str, annual_rate_percent: Any = None
    ) -> Answer:
        """Open a further account with an id of its own (the stream of the booking's only entry)."""
        key = await self.user_key(request.user_id)
        account_id = uuid7()
        command = accounts.OpenAccount(
            at=self._now(),
            name=key.seal(name, StreamKey(StreamKind.ACCOUNT, account_id), "name"),
            kind=kind,
            currency=currency,
            annual_rate_percent=annual_rate_percent,
        )
        return await self.submit(request, OnAccount(account_id, command))

    async def change_account(self, request: Request, account_id: UUID, command: accounts.AccountCommand) -> Answer:
        """Any other change of an own account, with texts already sealed (`user_key`)."""
        return await self.submit(request, OnAccount(account_id, command))

    async def move(self, request: Request, movement: Movement) -> Answer:
        """Book a deposit, withdrawal or transfer."""
        key = await self.user_key(request.user_id) if has_texts(movement) else None
        return await self.submit(request, plan_of(movement, key, self._now()))

    async def move_all(
        self, requests: Sequence[tuple[Request, Movement | Refusal]], *, atomic: bool = False
    ) -> list[Answer | Exception]:
        """Book many movements in their order, each for itself or all or none. A `Refusal` stands for a bad item."""
        outcomes = await self.book_all(requests, atomic=atomic)
        return [
            outcome if isinstance(outcome, Exception) else await self._answer(request.user_id, outcome)
            for (request, _), outcome in zip(requests, outcomes, strict=True)
        ]

    async def book_all(
        self, requests: Sequence[tuple[Request, Movement | Refusal]], *, atomic: bool = False
    ) -> list[Outcome | Exception]:
        """The same with the writer's own outcomes: a replay is not read back, of which an importer meets thousands."""
        await self._vault.load(self._pool, {request.user_id for request, _ in requests})
        submissions = []
        seen: set[tuple[UUID, str]] = set()
        for request, asked in requests:
            movement = asked
            if atomic and request.key is not None:
                name = (request.user_id, request.key)
                movement = KEY_REUSED if name in seen else asked
                seen.add(name)
            if isinstance(movement, Refusal):
                plan: Plan = Refused(movement)
            else:
                plan = plan_of(movement, await self.user_key(request.user_id), self._now())
            submissions.append(self._submission(request, plan))
        return await self._writer.submit_all(submissions, atomic=atomic)

    async def is_reused(self, user_id: UUID, requests: Sequence[Request]) -> bool:
        """Whether one of the user's keys in these requests stood for another request before."""
        await self._vault.load(self._pool, {user_id})
        asked = {
            self._vault.fingerprint(user_id, one.key.encode()): self._vault.fingerprint(user_id, one.body)
            for one in requests
            if one.key is not None
        }
        return bool(asked) and await read.is_reused(self._pool, user_id, asked)

    async def reverse(self, request: Request, transaction_id: UUID, reason: str | None = None) -> Answer:
        """Take a transaction back, once: see `movements.reversal_of`."""
        original = await read.transaction(self._pool, request.user_id, transaction_id)
        taken_back = await read.reversals(self._pool, request.user_id, [transaction_id])
        key = await self.user_key(request.user_id)
        plan = reversal_of(
            original, reversed_already=transaction_id in taken_back, reason=reason, key=key, at=self._now()
        )
        return await self.submit(request, plan)

    async def annotate(
        self,
        request: Request,
        transaction_id: UUID,
        *,
        category: str | msgspec.UnsetType | None = msgspec.UNSET,
        note: str | msgspec.UnsetType | None = msgspec.UNSET,
    ) -> Answer:
        """Give a transaction of the caller's another category or note (None clears, UNSET leaves)."""
        original = await read.transaction(self._pool, request.user_id, transaction_id)
        moves = [one for one in original if accounts.delta_minor(one.event) != 0]
        if not moves:
            return UNKNOWN_TRANSACTION
        stream = moves[0].stream
        if isinstance(note, str):
            note = (await self.user_key(request.user_id)).seal(note, stream, "note")
        command = accounts.Annotate(at=self._now(), transaction_id=transaction_id, category=category, note=note)
        return await self.submit(request, OnAccount(stream.id, command))

    async def user_key(self, user_id: UUID) -> UserKey:
        """The user's key, for sealing and opening. Raises `KeyDestroyedError`."""
        return await self._vault.key(self._pool, user_id)

    async def submit(self, request: Request, plan: Plan) -> Answer:
        """Append one plan; equal requests at once are booked once and all get the one answer.

        Raises `LedgerBusyError`, `OutcomeUnknownError` or `LedgerFaultError`, see `ledger.submission`.
        """
        submission = self._submission(request, plan)
        if submission.key is None or submission.request is None:
            return await self._answer(request.user_id, await self._writer.submit(submission))
        name = (request.user_id, submission.key)
        while (first := self._under_way.get(name)) is not None:
            body, answer = first
            try:
                outcome = await asyncio.shield(answer)
            except Exception:  # noqa: BLE001, S112  the first one is told; this one tries for itself
                continue
            if isinstance(outcome, Receipt | Replay):
                if body != submission.request:
                    return KEY_REUSED
                return await self._answer(request.user_id, outcome, replayed=True)
        self._under_way[name] = (submission.request, submission.answer)
        try:
            return await self._answer(request.user_id, await self._writer.submit(submission))
        finally:
            del self._under_way[name]

    def _submission(self, request: Request, plan: Plan) -> Submission:
        key = body = None
        if request.key is not None:
            key = self._vault.fingerprint(request.user_id, request.key.encode())
            body = self._vault.fingerprint(request.user_id, request.body)
        return Submission(
            user_id=request.user_id,
            plan=plan,
            transaction_id=uuid7(),
            at=self._now(),
            key=key,
            request=body,
            metadata=_json.encode(request.metadata),
        )

    async def _answer(self, user_id: UUID, outcome: Outcome, *, replayed: bool = False) -> Answer:
        if isinstance(outcome, Refusal | NotApplied):
            return outcome
        if isinstance(outcome, Replay):
            return await self._rebuilt(user_id, outcome)
        entries = tuple(
            Entry(one.change.stream, one.position, one.change.event, one.balance_minor if index == 0 else None)
            for index, one in enumerate(outcome.booked)
            if one.own
        )
        return Booking(
            outcome.transaction_id, outcome.position, outcome.recorded_at, outcome.effective_at, entries, replayed
        )

    async def _rebuilt(self, user_id: UUID, replay: Replay) -> Booking:
        events = await read.transaction(self._pool, user_id, replay.transaction_id)
        entries = tuple(
            Entry(one.stream, one.position, one.event, replay.balance_minor if index == 0 else None)
            for index, one in enumerate(events)
        )
        first = events[0]
        return Booking(
            replay.transaction_id, replay.position, first.recorded_at, first.effective_at, entries, replayed=True
        )


def _sealed(key: UserKey, text: str | None, stream: StreamKey, field: str) -> str | None:
    return None if text is None else key.seal(text, stream, field)
