"""Closing a period, and what a balance was and was known to be when something counts late."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from click.testing import CliRunner, Result

from fintwin.cli.main import main
from fintwin.domain.accounts import delta_minor
from fintwin.domain.refusals import Code
from fintwin.store import read, reading
from tests.audit.books import environment, tampering, verified
from tests.conftest import Database
from tests.projector.projecting_tools import projector
from tests.support.ledgers import booked, open_ledger, refused
from tests.support.log_check import problems_of


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def closing(database: Database, *words: str, answer: str | None = None) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(main, ["close-period", *words], env=environment(database), input=answer)


async def people(database: Database) -> list[UUID]:
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=100), await bank.person(balance_minor=100)
        return [anna, ben, await bank.further_account(ben)]


def test_the_operator_closes_a_period(database: Database) -> None:
    """It asks, closes every account that is there, may be repeated and extended, and takes nothing back."""
    asyncio.run(people(database))
    day, later = str(ago(20).date()), str(ago(10).date())
    unsure = closing(database, day, answer="n\n")
    assert unsure.exit_code == 1
    for wrong in (str(datetime.now(UTC).date()), "tomorrow", "2026-02-30"):
        assert closing(database, wrong, "--yes").exit_code == 2
    assert "closed on 3 accounts; closed already on 0" in closing(database, day, answer="y\n").output
    assert "closed on 0 accounts; closed already on 3" in closing(database, day, "--yes").output
    assert "closed on 3 accounts" in closing(database, later, "--yes").output
    assert "closed on 0 accounts; closed already on 3" in closing(database, day, "--yes").output
    nobody = closing(database, day, "--yes", "--user", str(UUID(int=9)))
    assert (nobody.exit_code, nobody.output) == (2, "This user has no account.\n")

    async def then() -> None:
        async with open_ledger(database) as bank:
            fresh = await bank.person()
            booked(await bank.deposit(fresh, 5, effective_at=ago(30)))
        assert await problems_of(database) == []

    asyncio.run(then())


async def test_one_users_period(database: Database) -> None:
    """With --user the others go on."""
    anna, ben, savings = await people(database)
    done = await asyncio.to_thread(closing, database, str(ago(3).date()), "--yes", "--user", str(ben))
    assert "closed on 2 accounts" in done.output, done.output
    async with open_ledger(database) as bank:
        assert refused(await bank.deposit(ben, 1, account=savings, effective_at=ago(4))) is Code.EFFECTIVE_AT_TOO_EARLY
        booked(await bank.deposit(anna, 1, effective_at=ago(4)))


async def test_what_was_and_what_was_known(database: Database) -> None:
    """A late payment changes the balance as of its day; what was known before it was booked stays as it was known."""
    async with open_ledger(database) as bank, projector(database) as running:
        anna = await bank.person()
        booked(await bank.deposit(anna, 100, effective_at=ago(30)))
        booked(await bank.deposit(anna, 20))
        before = datetime.now(UTC)
        booked(await bank.withdraw(anna, 70, effective_at=ago(20)))
        booked(await bank.deposit(anna, 7, effective_at=ago(25)))
        await running.caught_up()

        async def balance(as_of: datetime | None = None, known_at: datetime | None = None) -> int:
            seen = await reading.balance(bank.pool, anna, anna, as_of=as_of, known_at=known_at)
            return seen.value

        assert [await balance(ago(days)) for days in (31, 26, 22, 10)] == [0, 100, 107, 37]
        assert [await balance(ago(days), before) for days in (31, 26, 22, 10)] == [0, 100, 100, 100]
        assert (await balance(), await balance(known_at=before)) == (57, 120)
        events = [one async for one in read.history(bank.pool, anna) if delta_minor(one.event)]
        ends = [ago(days).replace(hour=23, minute=59, second=59, microsecond=999_999) for days in (30, 21, 20, 0)]
        moments = [None, *ends, *(one.effective_at for one in events), *(one.recorded_at for one in events)]
        for as_of in moments:
            for known_at in moments:
                assert await balance(as_of, known_at) == sum(
                    delta_minor(one.event)
                    for one in events
                    if (as_of is None or one.effective_at <= as_of)
                    and (known_at is None or one.recorded_at <= known_at)
                )
    assert await problems_of(database) == []
    async with tampering(database) as connection:
        assert (await verified(connection)).fault_count == 0
