"""A small ledger with something of everything in it, verified as the auditor, and tampered with as superuser.

A tampering lives in a transaction of the superuser's that is rolled back: the verification runs inside it, with the rights of the
auditor, so that hundreds of tamperings need one log.
"""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from fintwin.audit.heads import SignedHead
from fintwin.audit.verify import OneAfterTheOther, Report, verify
from fintwin.domain import accounts
from fintwin.domain.hashing import GENESIS, chain
from fintwin.ledger.ledger import Request
from fintwin.projections.catalogue import READ_MODELS
from fintwin.store.auditing import log_end
from fintwin.store.connect import Connection
from fintwin.store.rows import stored
from tests.conftest import Database
from tests.projector.projecting_tools import projector
from tests.support.ledgers import Bank, booked, open_ledger

MODELS = tuple(model.name for model in READ_MODELS)


async def live(bank: Bank, seed: int = 1) -> list[UUID]:
    """A few people with everything that people do; gives their ids."""
    draw = random.Random(seed)
    people = [await bank.person(currency, 5_000_00, full_name="Ada") for currency in ("EUR", "EUR", "JPY")]
    ada, ben, chi = people
    savings = await bank.further_account(ada)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    booked(await bank.deposit(ada, 3_00, account=savings, effective_at=yesterday, key="yesterday"))
    for number in range(12):
        amount = draw.randrange(1, 90_00)
        booked(await bank.deposit(ada, amount, key=f"in {number}", category="salary", note="from work"))
        booked(await bank.transfer(ada, ben, amount, key=f"to ben {number}", category="rent"))
        booked(await bank.transfer(ada, savings, 1_00, key=f"saved {number}"))
        booked(await bank.withdraw(chi, 10 + number, category="food", note=f"lunch {number}"))
        booked(await bank.withdraw(ben, amount // 2 + 1))
    taken = booked(await bank.deposit(ben, 7_00, note="wrong"))
    booked(await bank.ledger.reverse(Request(user_id=ben), taken.transaction_id))
    sent = booked(await bank.transfer(ada, ben, 9_00))
    booked(await bank.ledger.reverse(Request(user_id=ben), sent.transaction_id))
    now = datetime.now(UTC)
    booked(await bank.change(ada, accounts.SetRate(at=now, annual_rate_percent=Decimal("1.25")), account=savings))
    booked(await bank.change(ben, accounts.SetOverdraftLimit(at=now, overdraft_limit_minor=100_00)))
    booked(await bank.change(ben, accounts.FreezeAccount(at=now)))
    booked(await bank.change(ben, accounts.UnfreezeAccount(at=now)))
    booked(await bank.withdraw(chi, (await bank.balance(chi))))
    booked(await bank.change(chi, accounts.CloseAccount(at=now)))
    return people


@asynccontextmanager
async def lived_in(database: Database, *, projected: bool = True) -> AsyncIterator[list[UUID]]:
    """The people of a log whose read models stand at its end; everything has stopped again."""
    async with open_ledger(database) as bank:
        people = await live(bank)
    if projected:
        async with projector(database) as running:
            await running.caught_up()
    yield people


@asynccontextmanager
async def tampering(database: Database) -> AsyncIterator[Connection]:
    """The superuser's connection, with the triggers off; whatever is done is taken back at the end."""
    connection = await asyncpg.connect(database.superuser_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("ALTER TABLE log.event DISABLE TRIGGER ALL")
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


async def rehash(connection: Connection) -> None:
    """Make all hashes, and the heads' places and hashes, fit the events as they now are."""
    link, streams = GENESIS, {}
    for row in await connection.fetch("SELECT * FROM log.event ORDER BY position"):
        event = stored(row)
        digest = event.computed_digest()
        link = chain(link, digest)
        stream = (event.stream_kind, event.stream_id)
        stream_link = chain(streams[stream][0] if stream in streams else GENESIS, digest)
        streams[stream] = (stream_link, event.position)
        await connection.execute(
            "UPDATE log.event SET digest = $1, stream_hash = $2, hash = $3 WHERE position = $4",
            digest, stream_link, link, event.position,
        )  # fmt: skip
    for (kind, stream_id), (stream_link, position) in streams.items():
        await connection.execute(
            "UPDATE log.stream_head SET stream_hash = $1, position = $2 WHERE stream_kind = $3 AND stream_id = $4",
            stream_link, position, kind, stream_id,
        )  # fmt: skip
    await connection.execute("UPDATE log.log_head SET hash = $1", link)


async def exported(connection: Connection) -> SignedHead:
    """The head that would be exported now."""
    end = await log_end(connection)
    now = datetime.now(UTC)
    return SignedHead(shard=0, position=end.position, hash=end.hash.hex(), recorded_at=end.recorded_at, exported_at=now)


async def verified(
    connection: Connection, *, models: Sequence[str] = MODELS, signed: Sequence[SignedHead] = (), after: int = 0
) -> Report:
    """What the auditor finds over a connection of the superuser's."""
    await connection.execute("SET ROLE fintwin_auditor")
    try:
        return await verify(connection, OneAfterTheOther(connection), models=models, signed=signed, after=after)
    finally:
        await connection.execute("RESET ROLE")


def environment(database: Database) -> dict[str, str]:
    """What a command reads, for this database."""
    urls = {f"FINTWIN_{role.upper()}_DATABASE_URL": url for role, url in database.role_urls.items()}
    owner = {"DATABASE_URL": database.role_urls["api"], "FINTWIN_OWNER_DATABASE_URL": database.superuser_url}
    return database.servers.environment() | urls | owner
