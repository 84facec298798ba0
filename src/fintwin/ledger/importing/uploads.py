"""A person's own file, from the upload to the booking and, if it must be, back.

First it is looked at: every row is decided on the account as it is now, and nothing is written. What was looked at is kept
sealed as a draft. Committing books it; committing again gives the same answer. Taking it back reverses what this draft has
booked, newest first, so that the balances go back the way they came.

    preview = await uploads.look_at(user_id, account_id, content, mapping, doubts)
    answer = await uploads.commit(user_id, preview.id)
    answer = await uploads.take_back(user_id, preview.id)
"""

from __future__ import annotations

import asyncio
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from fintwin.domain import accounts
from fintwin.domain.accounts import AccountState
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import Recorded, StreamKey, StreamKind
from fintwin.ledger.importing.booking import Importer, Planned, Report
from fintwin.ledger.importing.current import Current, current_keys
from fintwin.ledger.importing.mapping import Mapping
from fintwin.ledger.importing.opening import ImportRefusedError, OneAccount
from fintwin.ledger.importing.parsing import BadRow
from fintwin.ledger.importing.sending import CHUNK_ROWS
from fintwin.ledger.ledger import Booking, Ledger, Request
from fintwin.ledger.movements import Movement, plan_of, reversal_of
from fintwin.ledger.pasts import Pasts
from fintwin.store import drafts, read
from fintwin.store.connect import Pool
from fintwin.store.drafts import Draft
from fintwin.store.keys import UserKey

T = TypeVar("T")
FIRST_ROWS: Final = 20
BAD_ROWS_TOLD: Final = 100


class UnknownDraftError(Exception):
    """The user has no such draft."""


class TakenBackError(Exception):
    """The import has been taken back: it is not booked again. Upload the file anew."""


class Shown(msgspec.Struct, frozen=True):
    """A row as it would be booked. ``balance_minor`` is the balance right after it, ``duplicate`` that it is booked already."""

    line: int
    movement: Movement
    balance_minor: int | None
    duplicate: bool


class Preview(msgspec.Struct, kw_only=True):
    """What a file would do. ``opening_minor`` would be booked before its first row; ``mismatches`` counts wrong balances."""

    id: UUID
    account_id: UUID
    currency: str
    mapping: Mapping
    doubts: tuple[str, ...] = ()
    rows: int = 0
    new: int = 0
    duplicates: int = 0
    empty: int = 0
    refused: int = 0
    mismatches: int = 0
    opening_minor: int = 0
    first: list[Shown] = []
    bad: list[BadRow] = []

    def refuse(self, line: int, reason: str) -> None:
        """One row that will not be booked."""
        self.refused += 1
        if len(self.bad) < BAD_ROWS_TOLD:
            self.bad.append(BadRow(line, reason))


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file. ``position`` is the last one that it reached, 0 where nothing was booked."""

    id: UUID
    account_id: UUID
    rows: int
    booked: int
    duplicates: int
    empty: int
    refused: int
    mismatches: int
    bad: list[BadRow]
    position: int


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an import that was taken back: ``remaining`` transactions could not be reversed, ``why`` the first."""

    id: UUID
    account_id: UUID
    reversed: int
    remaining: int
    why: str | None
    position: int


class _Upload(msgspec.Struct, frozen=True):
    file: bytes
    mapping: Mapping


class Uploads:
    """See the module."""

    def __init__(self, ledger: Ledger, pool: Pool, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """``pool`` is the api role's."""
        self._ledger = ledger
        self._pool = pool
        self._now = now

    async def look_at(
        self, user_id: UUID, account_id: UUID, content: bytes, mapping: Mapping, doubts: tuple[str, ...] = ()
    ) -> Preview:
        """Decide the whole file on the account as it is, and keep it as a draft.

        Raises `HeaderError` and `ImportRefusedError`.
        """
        # Rows of two accounts are never each other's duplicates.
        mapping = msgspec.structs.replace(mapping, name=f"upload-{account_id.hex}")
        draft_id = uuid7()
        importer = Importer(self._ledger, self._pool, mapping, OneAccount(user_id, account_id, overdraft=False))
        report, places = await importer.look(content)
        if not places:
            msg = "The file has no row that can be read."
            raise ImportRefusedError(msg)
        head = await read.one_head(self._pool, user_id, StreamKey(StreamKind.ACCOUNT, account_id))
        assert head is not None, "the account was looked up"
        assert isinstance(head.state, AccountState), "the head of an account's stream holds an account"
        preview = Preview(
            id=draft_id, account_id=account_id, currency=head.state.currency, mapping=mapping, doubts=doubts
        )
        preview.mismatches = report.survey.mismatches.count
        preview.opening_minor = next(iter(places.values())).opening_minor
        key = await self._ledger.user_key(user_id)
        state = (await Pasts().with_past(self._pool, head)).state
        assert isinstance(state, AccountState), "an account with its past is one"
        if preview.opening_minor:
            state = _opened(
                state, preview.opening_minor, next(iter(report.survey.accounts.values())).first.effective_at
            )
        planned = importer.planned(content, places, report)
        while chunk := await asyncio.to_thread(lambda: list(islice(planned, CHUNK_ROWS))):
            found = await current_keys(self._ledger, self._pool, user_id, [one.key for one in chunk])
            for one, current in zip(chunk, found, strict=True):
                state = self._decide(preview, one, current, state, key)
        preview.rows = report.rows
        for bad in report.bad:
            preview.refuse(bad.line, bad.reason)
        preview.refused += report.bad.count - len(report.bad.first)
        preview.bad.sort(key=lambda bad: bad.line)
        sealed = _sealed(key, account_id, draft_id, _Upload(content, mapping))
        await drafts.keep(self._pool, user_id, draft_id, account_id, sealed)
        return preview

    async def commit(self, user_id: UUID, draft_id: UUID) -> Committed:
        """Book a draft; again: the same answer. Raises `UnknownDraftError`, `TakenBackError` and as `Importer.run` does."""
        draft = await drafts.begin_booking(self._pool, user_id, draft_id)
        key = await self._ledger.user_key(user_id)
        if draft is None:
            draft = await self._found(user_id, draft_id)
            if draft.state == "reversed":
                raise TakenBackError
            return _opened_seal(key, draft, Committed)
        upload = _opened_seal(key, draft, _Upload)
        ownership = OneAccount(user_id, draft.account_id, overdraft=False)
        importer = Importer(self._ledger, self._pool, upload.mapping, ownership, import_id=draft_id)
        report = await importer.run(upload.file)
        committed = await self._committed(user_id, draft, report)
        sealed = _sealed(key, draft.account_id, draft_id, committed)
        if await drafts.finish(self._pool, user_id, draft_id, "committing", "committed", sealed):
            return committed
        return await self.commit(user_id, draft_id)  # the same request beside this one was first: its answer is the one

    async def take_back(self, user_id: UUID, draft_id: UUID) -> TakenBack:
        """Reverse what a draft has booked. Where some cannot be reversed now, the others are, and it can be tried again."""
        draft = await self._found(user_id, draft_id)
        key = await self._ledger.user_key(user_id)
        if draft.state == "reversed":
            return _opened_seal(key, draft, TakenBack)
        if draft.state == "open" and await drafts.discard(self._pool, user_id, draft_id):
            return TakenBack(id=draft_id, account_id=draft.account_id, reversed=0, remaining=0, why=None, position=0)
        booked = await self._booked(user_id, draft)
        taken_back = await read.reversals(self._pool, user_id, [one.transaction_id for one in booked])
        remaining, why, position = 0, None, 0
        left = [one for one in reversed(booked) if one.transaction_id not in taken_back]
        for begin in range(0, len(left), CHUNK_ROWS):
            for answer in await self._reverse(user_id, key, left[begin : begin + CHUNK_ROWS]):
                if isinstance(answer, Booking):
                    position = answer.position
                else:
                    remaining += 1
                    why = why or answer.detail
        told = TakenBack(
            id=draft_id,
            account_id=draft.account_id,
            reversed=len(booked) - remaining,
            remaining=remaining,
            why=why,
            position=position,
        )
        if remaining == 0:
            sealed = _sealed(key, draft.account_id, draft_id, told)
            await drafts.finish(self._pool, user_id, draft_id, draft.state, "reversed", sealed)
        return told

    def _decide(
        self, preview: Preview, one: Planned, current: Current, state: AccountState, key: UserKey
    ) -> AccountState:
        """Count one row and, where it would be booked, give the account after it."""
        movement, line = one.movement, one.row.line
        if movement is None:
            preview.empty += 1
            return state
        balance_minor = None
        duplicate = current.replay is not None
        if current.taken:
            preview.refuse(line, "another row of the same name is booked already, with other content")
            return state
        if current.replay is not None:
            preview.duplicates += 1
            balance_minor = current.replay.balance_minor
        else:
            decided = accounts.decide(state, plan_of(movement, key, self._now()).command)
            if isinstance(decided, Refusal):
                preview.refuse(line, decided.detail)
                return state
            preview.new += 1
            state = accounts.evolve(state, decided[0], effective_at=one.row.effective_at)
            balance_minor = state.balance_minor
        if len(preview.first) < FIRST_ROWS:
            preview.first.append(Shown(line, movement, balance_minor, duplicate))
        return state

    async def _found(self, user_id: UUID, draft_id: UUID) -> Draft:
        draft = await drafts.find(self._pool, user_id, draft_id)
        if draft is None:
            raise UnknownDraftError
        return draft

    async def _booked(self, user_id: UUID, draft: Draft) -> list[Recorded]:
        """The movements that the log holds of a draft, oldest first."""
        found: list[Recorded] = []
        after = draft.booked_after or 0
        while page := await read.events(self._pool, user_id, after, 2000):
            found += [one for one in page if one.metadata.get("import") == str(draft.id)]
            after = page[-1].position
        return [one for one in found if accounts.delta_minor(one.event) != 0]

    async def _committed(self, user_id: UUID, draft: Draft, report: Report) -> Committed:
        # A commit that was ended in the middle and goes on finds its own rows again: the log knows what is whose.
        booked = await self._booked(user_id, draft)
        rows = [one for one in booked if "line" in one.metadata]
        return Committed(
            id=draft.id,
            account_id=draft.account_id,
            rows=report.rows,
            booked=len(rows),
            duplicates=report.booked + report.repeated - len(rows),
            empty=report.empty,
            refused=report.bad.count,
            mismatches=report.mismatches.count,
            bad=report.bad.first[:BAD_ROWS_TOLD],
            position=booked[-1].position if booked else 0,
        )

    async def _reverse(self, user_id: UUID, key: UserKey, some: list[Recorded]) -> list[Booking | Refusal]:
        """Reverse movements in this order; those that another request has just reversed are as good."""
        at = self._now()
        request = Request(user_id=user_id)
        plans = [reversal_of([one], reversed_already=False, reason=None, key=key, at=at) for one in some]
        answers = await asyncio.gather(*(self._ledger.submit(request, plan) for plan in plans))
        told: list[Booking | Refusal] = []
        for answer in answers:
            assert isinstance(answer, Booking | Refusal), "single commands are booked or refused"
            if isinstance(answer, Booking) or answer.code is not Code.ALREADY_REVERSED:
                told.append(answer)
        return told


def _opened(state: AccountState, opening_minor: int, at: datetime) -> AccountState:
    """The account with its opening balance booked."""
    past = None if state.past is None else state.past.moved(at, opening_minor)
    return msgspec.structs.replace(state, balance_minor=state.balance_minor + opening_minor, past=past)


def _sealed(key: UserKey, account_id: UUID, draft_id: UUID, value: Any) -> str:
    text = b64encode(zlib.compress(msgspec.msgpack.encode(value))).decode()
    return key.seal(text, StreamKey(StreamKind.ACCOUNT, account_id), f"import:{draft_id}")


def _opened_seal(key: UserKey, draft: Draft, kind: type[T]) -> T:
    text = key.open(draft.sealed, StreamKey(StreamKind.ACCOUNT, draft.account_id), f"import:{draft.id}")
    return msgspec.msgpack.decode(zlib.decompress(b64decode(text)), type=kind)
