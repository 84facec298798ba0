from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fintwin.ledger.ledger import Request
from fintwin.store import reading
from fintwin.store.reading import Filter, NotReachedError
from tests.conftest import Database
from tests.projector.projecting_tools import left_behind, projector
from tests.support.ledgers import booked, open_ledger


async def test_reads_see_the_own_last_write(database: Database) -> None:
    """Every read right after a write, without min_position and on a connection of its own, sees that write."""
    async with open_ledger(database) as bank, projector(database):
        anna = await bank.person("EUR", 0)
        for count in range(1, 101):
            done = booked(await bank.deposit(anna, 1_00))
            seen = await reading.accounts(bank.pool, anna)
            assert seen.position >= done.position
            assert [account.balance_minor for account in seen.value] == [count * 1_00]


async def test_without_a_projector_nothing_old_is_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the projector stopped, a read after a write waits and is refused; with min_position 0 it takes what is there."""
    monkeypatch.setattr(reading, "WAIT_SECONDS", 0.2)
    async with left_behind(database) as (bank, anna):
        with pytest.raises(NotReachedError):
            await reading.accounts(bank.pool, anna)
        (account,) = (await reading.accounts(bank.pool, anna, min_position=0)).value
        assert account.balance_minor == 10_00


async def test_before_any_projector_reads_are_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a database where no read model was ever built, reading says "not yet" and not that a function is missing."""
    monkeypatch.setattr(reading, "WAIT_SECONDS", 0.05)
    async with open_ledger(database) as bank:
        anna = await bank.person("EUR", 10_00)
        with pytest.raises(NotReachedError):
            await reading.accounts(bank.pool, anna, min_position=0)


async def test_somebody_elses_rows_look_like_missing_ones(database: Database) -> None:
    """Asking for another person's account, transaction or balance answers as for an id that does not exist."""
    async with open_ledger(database) as bank, projector(database):
        anna, ben = await bank.person("EUR", 10_00), await bank.person("EUR", 20_00)
        theirs = booked(await bank.deposit(ben, 1_00)).transaction_id
        assert (await reading.accounts(bank.pool, anna, account_id=ben)).value == []
        assert (await reading.transaction(bank.pool, anna, theirs)).value is None
        assert (await reading.transactions(bank.pool, anna, Filter(account_id=ben))).value == []
        assert (await reading.balance(bank.pool, anna, ben)).value == 0


async def test_own_transfers_are_one_row(database: Database) -> None:
    """A transfer between two own accounts is listed once for the user, and once in each account's list."""
    async with open_ledger(database) as bank, projector(database):
        anna = await bank.person("EUR", 100_00)
        savings = await bank.further_account(anna)
        moved = booked(await bank.transfer(anna, savings, 30_00)).transaction_id
        everything = (await reading.transactions(bank.pool, anna, Filter())).value
        assert [row.type for row in everything] == ["transfer", "deposit"]
        assert (everything[0].balance_after_minor, everything[0].to_balance_after_minor) == (70_00, 30_00)
        for account in (anna, savings):
            rows = (await reading.transactions(bank.pool, anna, Filter(account_id=account))).value
            assert rows[0].transaction_id == moved


async def test_a_transfer_from_somebody_shows_only_the_own_side(database: Database) -> None:
    """The recipient's row names the payer's account id and nothing else of the payer."""
    async with open_ledger(database) as bank, projector(database):
        anna, ben = await bank.person("EUR", 100_00), await bank.person("EUR", 0)
        await bank.transfer(anna, ben, 30_00, note="for the tickets", category="fun")
        (row,) = (await reading.transactions(bank.pool, ben, Filter())).value
        assert (row.account_id, row.to_account, row.balance_after_minor, row.to_balance_after_minor) == (
            anna, ben, None, 30_00,
        )  # fmt: skip
        assert (row.note, row.category, row.payee_ref, row.counterparty) == (None, None, None, None)


async def test_annotations_and_reversals_show(database: Database) -> None:
    """A transaction carries its latest category and note, and says by which transaction it was taken back."""
    async with open_ledger(database) as bank, projector(database):
        anna = await bank.person("EUR", 100_00)
        paid = booked(await bank.withdraw(anna, 30_00, category="food", note="soup")).transaction_id
        await bank.ledger.annotate(Request(user_id=anna), paid, category="drinks", note=None)
        undone = booked(await bank.ledger.reverse(Request(user_id=anna), paid)).transaction_id
        row = (await reading.transaction(bank.pool, anna, paid)).value
        assert row is not None
        assert (row.category, row.note, row.note_on, row.reversed_by) == ("drinks", None, None, undone)
        back = (await reading.transaction(bank.pool, anna, undone)).value
        assert back is not None
        assert (back.type, back.reverses, back.balance_after_minor) == ("deposit", paid, 100_00)


async def test_filters_and_paging(database: Database) -> None:
    """Each filter keeps exactly the rows it names, and pages by position neither repeat nor skip one."""
    async with open_ledger(database) as bank, projector(database):
        anna = await bank.person("EUR", 100_00)
        for euros in range(1, 8):
            await bank.withdraw(anna, euros * 1_00, category="odd" if euros % 2 else "even")

        async def amounts(wanted: Filter) -> list[int]:
            return [row.amount_minor // 100 for row in (await reading.transactions(bank.pool, anna, wanted)).value]

        assert await amounts(Filter(category="odd")) == [7, 5, 3, 1]
        assert await amounts(Filter(types=["deposit"])) == [100]
        assert await amounts(Filter(types=["withdrawal"], amount_min=Decimal("2.00"), amount_max=Decimal(4))) == [
            4,
            3,
            2,
        ]
        assert await amounts(Filter(limit=2, offset=1)) == [6, 5]
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        assert await amounts(Filter(effective_from=tomorrow)) == []
        assert len(await amounts(Filter(account_id=anna, effective_to=tomorrow))) == 8
        paged: list[int] = []
        before = None
        while rows := (
            await reading.transactions(bank.pool, anna, Filter(account_id=anna, limit=3, before=before))
        ).value:
            paged += [row.amount_minor // 100 for row in rows]
            before = rows[-1].position
        assert paged == [7, 6, 5, 4, 3, 2, 1, 100]


async def test_balances_on_both_clocks(database: Database) -> None:
    """A movement that was booked late counts on its day, but was not known before it was recorded."""
    async with open_ledger(database) as bank, projector(database):
        anna = await bank.person("EUR", 0)
        past = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=10)
        await bank.deposit(anna, 100_00, effective_at=past)
        before_second = datetime.now(UTC)
        await bank.deposit(anna, 7_00, effective_at=past + timedelta(hours=2))

        async def balance(**moments: datetime) -> int:
            return (await reading.balance(bank.pool, anna, anna, **moments)).value

        assert await balance() == 107_00
        assert await balance(as_of=past - timedelta(seconds=1)) == 0
        assert await balance(as_of=past) == 100_00
        assert await balance(as_of=past + timedelta(hours=3)) == 107_00
        assert await balance(as_of=past + timedelta(hours=3), known_at=before_second) == 100_00
        assert await balance(known_at=past) == 0
        days = (await reading.daily_movements(bank.pool, anna, anna)).value
        assert days == [(past.date(), 107_00, 0)]


async def test_status_tells_lag_and_health(database: Database) -> None:
    """Lag is none while a projector follows; with events to take in and nobody at work the read model is unhealthy."""
    async with open_ledger(database) as bank:
        async with projector(database) as running:
            anna = await bank.person("EUR", 0)
            await running.caught_up()
            assert all(one.lag == 0 and one.healthy and one.led for one in await reading.status(bank.pool))
        await bank.deposit(anna, 1_00)
        late = await reading.status(bank.pool)
        assert all(one.lag == 1 and not one.led and not one.healthy for one in late)
