"""Pages of statements read for many at once."""

import asyncio
import json
from uuid import UUID

import pytest

from fintwin.projections.statement_json import pieces, seen_from
from fintwin.store import reading
from fintwin.store.reading import Filter, NotReachedError
from fintwin.store.statement_pages import TOGETHER_LIMIT_MAX, NoPagesError, PageWanted, StatementPage, StatementPages
from tests.conftest import Database
from tests.projector.projecting_tools import projector
from tests.support.ledgers import booked, open_ledger


def ids(page: StatementPage) -> list[UUID]:
    """The transactions of a page, in its order."""
    rows = json.loads(
        b"[" + b"".join(pieces(seen_from(page.told, None), lambda _, sealed: [b"0" for _ in sealed])) + b"]"
    )
    return [UUID(row["id"]) for row in rows]


async def test_everybody_gets_their_own(database: Database) -> None:
    """Many at once: each gets the own rows, nobody somebody else's, and one who has gone away takes nobody along."""
    async with open_ledger(database) as bank, projector(database) as running:
        people = [await bank.person(balance_minor=100 + number) for number in range(20)]
        await running.caught_up()
        pages = StatementPages(bank.pool)
        own = [asyncio.create_task(pages.of(PageWanted(user_id=one, limit=5))) for one in people]
        foreign = [
            asyncio.create_task(pages.of(PageWanted(user_id=people[0], account_id=one, limit=5))) for one in people[1:]
        ]
        gone = asyncio.create_task(pages.of(PageWanted(user_id=people[0], limit=5)))
        await asyncio.sleep(0)
        gone.cancel()
        for one, page in zip(people, await asyncio.gather(*own), strict=True):
            (row,) = (await reading.transactions(bank.pool, one, Filter())).value
            assert ids(page) == [row.transaction_id]
            assert page.cursor is None
        assert [page.told for page in await asyncio.gather(*foreign)] == [b""] * 19


@pytest.mark.parametrize("limit", [3, TOGETHER_LIMIT_MAX + 1])
async def test_a_page_has_the_rows_of_the_list(database: Database, limit: int) -> None:
    """Of all accounts and of each, from the newest and before a position: the rows of the conditional read, in its order."""
    async with open_ledger(database) as bank, projector(database) as running:
        anna, ben = await bank.person("EUR", 100_00), await bank.person("EUR", 100_00)
        await running.caught_up()
        savings = await bank.further_account(anna)
        for _ in range(3):
            await bank.transfer(anna, savings, 5_00)
            await bank.transfer(ben, anna, 2_00)
            await bank.deposit(anna, 1_00)
        pages = StatementPages(bank.pool)
        everything = (await reading.transactions(bank.pool, anna, Filter())).value
        for account in (None, anna, savings):
            for before in (None, everything[0].position, everything[4].position):
                rows = (
                    await reading.transactions(bank.pool, anna, Filter(account_id=account, before=before, limit=limit))
                ).value
                page = await pages.of(PageWanted(user_id=anna, account_id=account, before=before, limit=limit))
                assert ids(page) == [row.transaction_id for row in rows]
                older = Filter(account_id=account, before=rows[-1].position, limit=1)
                more = bool((await reading.transactions(bank.pool, anna, older)).value)
                assert page.cursor == (rows[-1].position if more else None)
                assert len(rows) >= 3 or limit > 3 or account == savings


async def test_one_who_waits_keeps_nobody_waiting(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two asked for at once, the one whose write is not shown yet is refused in the end, the other is answered."""
    monkeypatch.setattr(reading, "WAIT_SECONDS", 0.2)
    async with open_ledger(database) as bank:
        async with projector(database) as running:
            anna, ben = await bank.person("EUR", 10_00), await bank.person("EUR", 10_00)
            await running.caught_up()
        await bank.deposit(anna, 5_00)
        pages = StatementPages(bank.pool)
        refused, answered, old = await asyncio.gather(
            pages.of(PageWanted(user_id=anna, limit=5)),
            pages.of(PageWanted(user_id=ben, limit=5)),
            pages.of(PageWanted(user_id=anna, limit=5, min_position=0)),
            return_exceptions=True,
        )
        assert isinstance(refused, NotReachedError)
        assert not isinstance(answered, BaseException)
        assert not isinstance(old, BaseException)
        assert (len(ids(answered)), len(ids(old))) == (1, 1)


async def test_the_own_last_write_is_seen(database: Database) -> None:
    """A page asked for after a booking is answered shows it, however many others ask meanwhile."""
    async with open_ledger(database) as bank, projector(database) as running:
        anna = await bank.person(balance_minor=0)
        await running.caught_up()
        pages = StatementPages(bank.pool)
        asking = True

        async def ask_on(user_id: UUID) -> None:
            while asking:
                await pages.of(PageWanted(user_id=user_id, limit=5, min_position=0))

        others = [asyncio.create_task(ask_on(anna)) for _ in range(4)]
        for _ in range(30):
            booking = booked(await bank.deposit(anna, 1))
            page = await pages.of(PageWanted(user_id=anna, limit=1))
            assert ids(page) == [booking.transaction_id]
        asking = False
        await asyncio.gather(*others)


async def test_before_any_build_has_ready_text_that_is_said(database: Database) -> None:
    """On a database whose statements have no ready text, whoever asks is told to read the columns."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=0)
        pages = StatementPages(bank.pool)
        asked = [pages.of(PageWanted(user_id=anna, limit=1)) for _ in range(3)]
        assert [type(one) for one in await asyncio.gather(*asked, return_exceptions=True)] == [NoPagesError] * 3
