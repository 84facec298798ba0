"""Finds or makes the accounts that a file is about, with the owner each belongs to.

Three ways: every account of the file has a user of its own, all belong to one user, or the whole file goes into one account
that is there already. Users are found again by the keyed hash of the mapping's name and the account, further accounts by the
idempotency key they were opened under; so the same file finds the same accounts. Looking up books nothing.

    placing = Placing(ledger, pool, mapping, PerAccount(owners))
    places = await placing.look_up(survey)
    await placing.open_missing(survey, places)
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from fintwin.domain import accounts, profiles
from fintwin.domain.accounts import AccountState
from fintwin.domain.profiles import Provider
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.importing.current import current_keys
from fintwin.ledger.importing.mapping import Mapping
from fintwin.ledger.importing.survey import AccountSurvey, Survey
from fintwin.ledger.ledger import Answer, Booking, Ledger, Request
from fintwin.ledger.movements import UNKNOWN_TRANSACTION
from fintwin.ledger.plans import OnAccount, Refused
from fintwin.store import read
from fintwin.store.connect import Pool
from fintwin.store.keys import KeyDestroyedError

T = TypeVar("T")

PROVIDER: Final[Provider] = "import"
TOGETHER_MAX: Final = 128
"""How many accounts are looked up or opened at once."""


class ImportRefusedError(Exception):
    """The file cannot go where it is meant to go; one sentence says why. None of its rows has been booked."""


class Owners(Protocol):
    """Who knows users by what a provider calls them."""

    async def users_of(self, provider: Provider, subjects: Sequence[str]) -> list[UUID]:
        """The users of these subjects, each with a key for sealing; those that are missing are made."""


class Place(msgspec.Struct, kw_only=True):
    """An account of the file in the ledger.

    ``start_minor`` is its balance before the file's first row, ``opening_minor`` what of it has still to be booked. ``later``
    is what the account had already when the file begins in its past: moment and minor units, the newest first.
    """

    user_id: UUID
    account_id: UUID | None
    exists: bool = False
    start_minor: int = 0
    opening_minor: int = 0
    limit_minor: int = 0
    later: list[tuple[datetime, int]] = []
    later_minor: int = 0

    def counting_after(self, at: datetime) -> int:
        """How much of the balance counts after this moment (minor units); asked in the order of time."""
        while self.later and self.later[-1][0] <= at:
            self.later_minor -= self.later.pop()[1]
        return self.later_minor


class PerAccount(msgspec.Struct, frozen=True):
    """Every account of the file belongs to a user of its own, whose main account it is."""

    owners: Owners


class OneOwner(msgspec.Struct, frozen=True):
    """All accounts of the file belong to one user: a given one, or the import's own."""

    owners: Owners
    user_id: UUID | None = None


class OneAccount(msgspec.Struct, frozen=True):
    """The file is about one account, and that is there already. ``overdraft``: whether the file may set its limit."""

    user_id: UUID
    account_id: UUID
    overdraft: bool = True


Ownership = PerAccount | OneOwner | OneAccount


class Placing:
    """See the module."""

    def __init__(
        self, ledger: Ledger, pool: Pool, mapping: Mapping, ownership: Ownership, import_id: UUID | None = None
    ) -> None:
        """``pool`` is the api role's; ``import_id`` marks what is booked."""
        self._ledger = ledger
        self._pool = pool
        self._mapping = mapping
        self._ownership = ownership
        self.metadata = {"source": PROVIDER, "mapping": mapping.name}
        """What tells events of this import from others."""
        if import_id is not None:
            self.metadata["import"] = str(import_id)

    async def look_up(self, survey: Survey) -> dict[str, Place]:
        """Where each account of the file is or will be. Raises `ImportRefusedError`."""
        names = list(survey.accounts)
        found = await self._found(names)
        looks = (self._look_at(survey.accounts[name], *found[name]) for name in names)
        return dict(zip(names, await _together(looks), strict=True))

    async def open_missing(self, survey: Survey, places: dict[str, Place]) -> int:
        """Register the users and open the accounts that are not there yet, and allow the overdrafts that the file shows.

        Gives the number of accounts opened. Raises `ImportRefusedError`.
        """
        missing = [name for name, place in places.items() if not place.exists]
        if isinstance(self._ownership, PerAccount):
            await _together(self._register(places[name].user_id) for name in missing)
            await _together(self._open(survey.accounts[name], places[name]) for name in missing)
        elif missing:
            await self._register(places[missing[0]].user_id)
            for name in missing:  # in order: the first one becomes the main account
                await self._open(survey.accounts[name], places[name])
        if not isinstance(self._ownership, OneAccount) or self._ownership.overdraft:
            for name, place in places.items():
                await self._allow_overdraft(survey.accounts[name], place)
        return len(missing)

    async def _found(self, names: list[str]) -> dict[str, tuple[UUID, UUID | None]]:
        """User and, as far as it is known, account of each name."""
        match self._ownership:
            case PerAccount(owners):
                users: list[UUID] = []
                for part in _parts(names):
                    users += await owners.users_of(PROVIDER, [f"{self._mapping.name}:{name}" for name in part])
                return {name: (user_id, user_id) for name, user_id in zip(names, users, strict=True)}
            case OneOwner(owners, user_id):
                if user_id is None:
                    user_id = (await owners.users_of(PROVIDER, [self._mapping.name]))[0]
                opened = await _together(self._opened_as(user_id, name) for name in names)
                return {name: (user_id, account_id) for name, account_id in zip(names, opened, strict=True)}
            case OneAccount(user_id, account_id, _):
                if len(names) > 1:
                    msg = f"The file is about {len(names)} accounts and cannot go into one."
                    raise ImportRefusedError(msg)
                return dict.fromkeys(names, (user_id, account_id))

    async def _opened_as(self, user_id: UUID, name: str) -> UUID | None:
        """The account that was opened for this name of the file, if it was."""
        answer = await self._ledger.submit(self._opening_of(user_id, name), Refused(UNKNOWN_TRANSACTION))
        return answer.entries[0].stream.id if isinstance(answer, Booking) else None

    async def _look_at(self, account: AccountSurvey, user_id: UUID, account_id: UUID | None) -> Place:
        opening_minor = (account.opening_told_minor or 0) if self._mapping.opening == "first-row" else 0
        place = Place(user_id=user_id, account_id=account_id, start_minor=opening_minor, opening_minor=opening_minor)
        head = None
        if account_id is not None:
            head = await read.one_head(self._pool, user_id, StreamKey(StreamKind.ACCOUNT, account_id))
        if head is None:
            if isinstance(self._ownership, OneAccount):
                msg = "There is no such account."
                raise ImportRefusedError(msg)
            return place
        state = head.state
        assert isinstance(state, AccountState), "the head of an account's stream holds an account"
        if state.currency != account.currency:
            msg = f"The account {account.name} is kept in {state.currency}, and the file tells {account.currency}."
            raise ImportRefusedError(msg)
        place.exists = True
        place.limit_minor = state.overdraft_limit_minor
        if state.effective_at_last is None:
            return place
        first = await current_keys(self._ledger, self._pool, user_id, [account.first_key])
        replay = first[0].replay
        if replay is not None:
            assert replay.balance_minor is not None, "a row moves money"
            place.start_minor = replay.balance_minor - account.first.amount_minor
        elif account.first.effective_at < state.effective_at_last and (
            moves := await read.standing_moves(self._pool, user_id, head.stream.id)
        ):
            begin = account.first.effective_at
            place.later = [move for move in reversed(moves) if move[0] >= begin]
            place.later_minor = sum(delta_minor for _, delta_minor in place.later)
            place.start_minor = sum(delta_minor for at, delta_minor in moves if at < begin)
        elif state.balance_minor != 0:
            place.start_minor = state.balance_minor
        else:
            # An account at zero may begin anew with what the file tells, as after an import that was taken back.
            return place
        place.opening_minor = 0
        return place

    def _opening_of(self, user_id: UUID, name: str) -> Request:
        key = f"import:{self._mapping.name}:{name}:open"
        return Request(user_id=user_id, key=key, body=key.encode(), metadata=self.metadata)

    async def _register(self, user_id: UUID) -> None:
        command = profiles.RegisterUser(at=datetime.now(UTC), provider=PROVIDER)
        try:
            answer = await self._ledger.register(Request(user_id=user_id, metadata=self.metadata), command)
        except KeyDestroyedError:
            msg = "There is no such user."
            raise ImportRefusedError(msg) from None
        _must(answer, but=Code.USER_EXISTS)

    async def _open(self, account: AccountSurvey, place: Place) -> None:
        # A user's first account is the main one, which has the user's own id.
        answer = await self._open_as(account, place.user_id, place.account_id or place.user_id)
        if isinstance(answer, Refusal) and answer.code is Code.ACCOUNT_EXISTS and place.account_id is None:
            answer = await self._open_as(account, place.user_id, uuid7())
        place.account_id = _must(answer).entries[0].stream.id
        place.exists = True

    async def _open_as(self, account: AccountSurvey, user_id: UUID, account_id: UUID) -> Answer:
        key = await self._ledger.user_key(user_id)
        name = self._mapping.account_name.format(account=account.name)
        command = accounts.OpenAccount(
            at=datetime.now(UTC),
            name=key.seal(name, StreamKey(StreamKind.ACCOUNT, account_id), "name"),
            kind=self._mapping.account_kind,
            currency=account.currency,
        )
        return await self._ledger.submit(self._opening_of(user_id, account.name), OnAccount(account_id, command))

    async def _allow_overdraft(self, account: AccountSurvey, place: Place) -> None:
        needed_minor = account.overdraft_minor(place.start_minor)
        if needed_minor <= place.limit_minor:
            return
        assert place.account_id is not None, "accounts are opened before their limits are set"
        command = accounts.SetOverdraftLimit(at=datetime.now(UTC), overdraft_limit_minor=needed_minor)
        request = Request(user_id=place.user_id, metadata=self.metadata)
        _must(await self._ledger.change_account(request, place.account_id, command))
        place.limit_minor = needed_minor


def _must(answer: Answer, but: Code | None = None) -> Booking:
    """The booking; what is refused, except for a reason that is as good, ends the import before its first row."""
    if isinstance(answer, Refusal) and answer.code is not but:
        msg = f"An account of the file could not be prepared: {answer.detail}"
        raise ImportRefusedError(msg)
    return answer  # type: ignore[return-value]  # callers that give ``but`` do not look at it


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(names), TOGETHER_MAX):
        yield names[begin : begin + TOGETHER_MAX]


async def _together(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run many, some at a time, results in order."""
    results: list[T] = []
    some: list[Coroutine[Any, Any, T]] = []
    for one in coroutines:
        some.append(one)
        if len(some) == TOGETHER_MAX:
            results += await asyncio.gather(*some)
            some = []
    return results + await asyncio.gather(*some)
