"""Live tables, rebuilt tables and the fold in memory, byte for byte, over drawn and over real histories."""

import csv
import datetime as dt
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from fintwin.domain.accounts import AccountOpened, Deposited, OverdraftLimitSet, Withdrawn
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.projections import accounts, balances, statements
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import encode_rows, fold_all
from fintwin.projector import applying
from fintwin.projector.rebuild import rebuild
from fintwin.projector.sources import sources_of
from fintwin.store.connect import open_pool
from tests.conftest import Database
from tests.projections.histories import history, put_into_log
from tests.projector.projecting_tools import assert_as_in_memory, projector, stored_rows
from tests.twin.berka import FOLDER, needs_berka


@pytest.mark.parametrize("seed", range(4))
async def test_live_rebuilt_and_in_memory_are_the_same(database: Database, seed: int) -> None:
    """Taken in bit by bit, rebuilt in one go, or folded in memory: every read model has the same bytes."""
    events = history(seed, steps=100)
    pool = await open_pool(database.role_urls["projector"])
    try:
        begin = 0
        async with projector(database) as running:
            for end in [*(one.position for one in events if one.position % 25 == 0), len(events)]:
                # Ends of the log lie between transactions.
                while end < len(events) and events[end].transaction_id == events[end - 1].transaction_id:
                    end += 1  # noqa: PLW2901
                if end > begin:
                    await put_into_log(database.superuser_url, events[:end], begin=begin)
                    begin = end
                    await running.caught_up()
            await assert_as_in_memory(database, running.pool)
        live = {model.name: encode_rows(model, await stored_rows(pool, model)) for model in READ_MODELS}
        for model in READ_MODELS:
            report = await rebuild(pool, model, sources_of(model))
            assert (report.compared, report.differing_rows) == (True, 0), model.name
            assert encode_rows(model, await stored_rows(pool, model)) == live[model.name]
    finally:
        await pool.close()


def real_events() -> tuple[list[Recorded], list[tuple[UUID, int]]]:
    """The bank's transactions as a log, each account a user's main one, and the balance that the bank had after each."""
    events: list[Recorded] = []
    balance_after: list[tuple[UUID, int]] = []
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def book(account: UUID, event: object, on: dt.datetime) -> None:
        position = len(events) + 1
        events.append(
            Recorded(
                shard=0, position=position, stream_kind=StreamKind.ACCOUNT, stream_id=account, version=position,
                user_id=account, type=type(event).__name__, schema_version=1, transaction_id=UUID(int=position),
                effective_at=on, recorded_at=begin + dt.timedelta(milliseconds=position), event=event, metadata={},
            )
        )  # fmt: skip

    known = set()
    with (FOLDER / "transactions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            account = uuid5(NAMESPACE_OID, row["account_id"])
            on = dt.datetime.fromisoformat(row["date"]).replace(tzinfo=dt.UTC)
            if account not in known:
                known.add(account)
                book(account, AccountOpened(name="s1.x", kind="checking", currency="CZK"), on)
                book(account, OverdraftLimitSet(overdraft_limit_minor=10_000_00), on)
            amount_minor = round(float(row["posted_amount"]) * 100)
            if amount_minor:
                kind = Deposited if amount_minor > 0 else Withdrawn
                money = kind(
                    amount_minor=abs(amount_minor), currency="CZK", category=row["k_symbol"] or None, date_only=True
                )
                book(account, money, on)
                balance_after.append((UUID(int=len(events)), round(float(row["balance"]) * 100)))
    return events, balance_after


async def test_slices_of_a_batch_change_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is folded slice by slice, in turns with the writing of the one before, gives the same rows."""
    monkeypatch.setattr(applying, "SLICE_EVENTS", 7)
    monkeypatch.setattr(applying, "TURN_EVENTS", 3)
    events = history(seed=21, steps=150)
    await put_into_log(database.superuser_url, events)
    async with projector(database) as running:
        await running.caught_up()
        await assert_as_in_memory(database, running.pool)


@needs_berka
def test_real_statements_show_the_banks_own_balances() -> None:
    """On 47,000 real transactions the balance after each is the one that the bank had, and so are the last balances."""
    events, balance_after = real_events()
    rows = fold_all(statements.MODEL, events)
    found = {
        row.transaction_id: row.balance_after_minor
        for of_user in rows.values()
        for key, row in of_user.items()
        if key[0] == statements.STATEMENT
    }
    assert len(balance_after) > 40_000
    assert [(transaction, found[transaction]) for transaction, _ in balance_after] == balance_after
    last = {
        row.account_id: row.balance_minor
        for of_user in fold_all(accounts.MODEL, events).values()
        for row in of_user.values()
    }
    cells = fold_all(balances.MODEL, events)
    assert all(sum(c.in_minor - c.out_minor for c in cells[user].values()) == last[user] for user in cells)


@needs_berka
@pytest.mark.slow
async def test_real_data_live_and_in_memory(database: Database) -> None:
    """Over the real data the tables equal the fold in memory byte for byte."""
    events, _ = real_events()
    await put_into_log(database.superuser_url, events)
    async with projector(database) as running:
        await running.caught_up()
        for model in READ_MODELS:
            assert encode_rows(model, await stored_rows(running.pool, model)) == encode_rows(
                model, fold_all(model, events)
            )
