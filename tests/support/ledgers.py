"""A ledger over a test database, and people with money in it.

    async with open_ledger(database) as bank:
        anna = await bank.person("EUR", 100_00)
        await bank.deposit(anna, 50_00)

Everything is the real thing: the roles' own connections, the vault, the writer, the clock. Several `Bank`s over one database
behave like several processes: they share nothing but the log.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from fintwin.domain import accounts, profiles
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.ledger import Answer, Booking, Ledger, Request
from fintwin.ledger.movements import Movement
from fintwin.ledger.writer import Writer
from fintwin.store import read
from fintwin.store.connect import Pool, open_pool
from fintwin.store.keys import Vault
from tests.conftest import Database

MASTER_KEY = bytes(range(32))


@dataclass
class Bank:
    """One process's way into the log."""

    pool: Pool
    identity: Pool
    writer: Writer
    ledger: Ledger
    vault: Vault = field(default_factory=lambda: Vault(MASTER_KEY))

    async def person(self, currency: str = "EUR", balance_minor: int = 0, **texts: Any) -> UUID:
        """A registered user with a main account (same id) in this currency and with this balance."""
        user = await self.registered(**texts)
        answers = profiles.ProfileAnswers(
            account_name=texts.get("account_name", "Main"),
            currency_preference=currency,
            monthly_income_minor=0,
            financial_goal="savings",
            risk_appetite="low",
            phone_number=texts.get("phone_number"),
        )
        booked(await self.ledger.fill_in_profile(Request(user_id=user), answers))
        if balance_minor:
            booked(await self.deposit(user, balance_minor))
        return user

    async def registered(self, **texts: Any) -> UUID:
        """A registered user without a profile or an account."""
        user = uuid7()
        await self.vault.create(self.identity, user)
        command = profiles.RegisterUser(
            at=datetime.now(UTC), provider="demo", full_name=texts.get("full_name"), email=texts.get("email")
        )
        booked(await self.ledger.register(Request(user_id=user), command))
        return user

    async def further_account(self, user: UUID, currency: str = "EUR", name: str = "Other") -> UUID:
        """One more account of the user."""
        opened = await self.ledger.open_account(Request(user_id=user), name=name, kind="savings", currency=currency)
        return booked(opened).entries[0].stream.id

    async def deposit(self, user: UUID, amount_minor: int, *, account: UUID | None = None, **more: Any) -> Answer:
        """Book a deposit."""
        return await self._move("deposit", user, amount_minor, account, more)

    async def withdraw(self, user: UUID, amount_minor: int, *, account: UUID | None = None, **more: Any) -> Answer:
        """Book a withdrawal."""
        return await self._move("withdrawal", user, amount_minor, account, more)

    async def transfer(
        self, user: UUID, to_account: UUID, amount_minor: int, *, account: UUID | None = None, **more: Any
    ) -> Answer:
        """Book a transfer."""
        return await self._move("transfer", user, amount_minor, account, more | {"to_account": to_account})

    async def change(self, user: UUID, command: Any, *, account: UUID | None = None) -> Answer:
        """Any other command on an account of the user."""
        return await self.ledger.change_account(Request(user_id=user), account or user, command)

    async def account(self, user: UUID, account: UUID | None = None) -> accounts.AccountState:
        """The account as its head has it."""
        head = await read.one_head(self.pool, user, StreamKey(StreamKind.ACCOUNT, account or user))
        assert head is not None
        assert isinstance(head.state, accounts.AccountState)
        return head.state

    async def balance(self, user: UUID, account: UUID | None = None) -> int:
        """The balance on the account's head, in minor units."""
        return (await self.account(user, account)).balance_minor

    async def _move(
        self,
        kind: Literal["deposit", "withdrawal", "transfer"],
        user: UUID,
        amount_minor: int,
        account: UUID | None,
        more: dict[str, Any],
    ) -> Answer:
        request = request_of(user, more)
        movement = Movement(kind=kind, account_id=account or user, amount_minor=amount_minor, **more)
        return await self.ledger.move(request, movement)


def request_of(user: UUID, more: dict[str, Any]) -> Request:
    """The request of a movement; ``key``, ``body`` and ``metadata`` are taken out of ``more``."""
    return Request(
        user_id=user, key=more.pop("key", None), body=more.pop("body", b""), metadata=more.pop("metadata", {})
    )


def booked(answer: Answer | Exception) -> Booking:
    """The booking that the answer must be."""
    assert isinstance(answer, Booking), answer
    return answer


def refused(answer: Answer | Exception) -> Code:
    """The code of the refusal that the answer must be."""
    assert isinstance(answer, Refusal), answer
    return answer.code


@asynccontextmanager
async def open_ledger(
    database: Database | dict[str, str], *, connections_max: int = 6, **writer_options: int
) -> AsyncIterator[Bank]:
    """A `Bank` over a database, or over the addresses of its roles."""
    urls = database.role_urls if isinstance(database, Database) else database
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(await open_pool(urls["api"], size_max=connections_max))
        identity = await stack.enter_async_context(await open_pool(urls["identity"], size_max=1))
        vault = Vault(MASTER_KEY)
        writer = Writer(pool, **writer_options)
        yield Bank(pool, identity, writer, Ledger(writer, pool, vault), vault)
        await writer.close()


def environment_of(database: Database) -> dict[str, str]:
    """What a writer process of the tests needs: the addresses of the roles."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return kept | {f"TEST_{role.upper()}_URL": database.role_urls[role] for role in ("api", "identity")}
