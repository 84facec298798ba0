from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from fintwin.domain import accounts
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.importing.booking import Importer, StrictError
from fintwin.ledger.importing.mapping import read_mapping
from fintwin.ledger.importing.opening import ImportRefusedError, OneAccount, OneOwner
from fintwin.ledger.importing.sending import CHUNK_ROWS
from fintwin.ledger.ledger import Ledger, Request
from fintwin.ledger.submission import OutcomeUnknownError
from tests.conftest import Database
from tests.importing.files import Desk, mapping_of, open_desk, write
from tests.support.log_check import problems_of

TWO_ACCOUNTS = (
    "A,2024-01-01,100,100,salary\n"
    "B,2024-01-01,50,50,\n"
    "A,2024-01-02,-30.50,69.50,rent\n"
    "A,2024-01-02,-30.50,39.00,rent\n"
    "B,2024-01-03,-80,-30,\n"
)


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The importer's services over a database of the test's own."""
    async with open_desk(database) as made:
        yield made


async def test_rows_are_booked_in_order_with_the_dates_of_the_file(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    """Every row is an event of its account, dated as the file says and marked as a date only; every balance agrees."""
    report = await desk.run(write(tmp_path, TWO_ACCOUNTS), mapping_of())
    assert (report.booked, report.bad.count, report.mismatches.count, report.compared) == (5, 0, 0, 5)
    events = await desk.events(await desk.user("my-bank:A"))
    moves = [one for one in events if accounts.delta_minor(one.event)]
    assert [accounts.delta_minor(one.event) for one in moves] == [100_00, -30_50, -30_50]
    assert [one.effective_at for one in moves] == [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 2)]
    assert all(one.event.date_only for one in moves)
    assert moves[0].metadata == {"source": "import", "mapping": "my-bank", "line": 2}
    assert await problems_of(database) == []


async def test_importing_twice_adds_nothing(desk: Desk, tmp_path: Path) -> None:
    """The second time every row is known, the log does not grow, and balances are still compared."""
    path = write(tmp_path, TWO_ACCOUNTS)
    await desk.run(path, mapping_of())
    position = await desk.position()
    report = await desk.run(path, mapping_of())
    assert (report.booked, report.repeated, report.accounts_opened, report.overdrafts) == (0, 5, 0, 0)
    assert (report.compared, report.mismatches.count, report.unexpected.count) == (5, 0, 0)
    assert await desk.position() == position


async def test_a_longer_export_adds_only_what_is_new(desk: Desk, tmp_path: Path) -> None:
    """Next month's file holds this month's rows again, and goes deeper below zero."""
    await desk.run(write(tmp_path, TWO_ACCOUNTS), mapping_of())
    report = await desk.run(write(tmp_path, TWO_ACCOUNTS + "B,2024-02-01,-10,-40,\n"), mapping_of())
    assert (report.booked, report.repeated, report.overdrafts, report.unexpected.count) == (1, 5, 1, 0)
    assert (await desk.account(await desk.user("my-bank:B"))).overdraft_limit_minor == 40_00


async def test_a_file_that_goes_on_where_the_last_one_ended(desk: Desk, tmp_path: Path) -> None:
    """It begins with the balance that the ledger has."""
    await desk.run(write(tmp_path, TWO_ACCOUNTS), mapping_of())
    report = await desk.run(write(tmp_path, "A,2024-02-01,1,40.00,\n"), mapping_of(), strict=True)
    assert (report.booked, report.unexpected.count, report.mismatches.count) == (1, 0, 0)


async def test_the_bank_let_it_below_zero_so_the_account_may(desk: Desk, tmp_path: Path) -> None:
    """The overdraft limit is the lowest balance of the file, set before the rows, and on that account only."""
    report = await desk.run(write(tmp_path, TWO_ACCOUNTS), mapping_of())
    assert report.overdrafts == 1
    events = await desk.events(await desk.user("my-bank:B"))
    assert [one.type for one in events] == [
        "UserRegistered", "AccountOpened", "OverdraftLimitSet", "Deposited", "Withdrawn",
    ]  # fmt: skip
    assert (await desk.account(await desk.user("my-bank:B"))).overdraft_limit_minor == 30_00
    assert (await desk.account(await desk.user("my-bank:A"))).overdraft_limit_minor == 0


async def test_without_a_balance_column_the_limit_comes_from_the_rows(desk: Desk, tmp_path: Path) -> None:
    """And importing again, when the account ends below zero, still adds nothing."""
    mapping = read_mapping('name = "nb"\ncurrency = "EUR"\ncolumns = {date = "date", amount = "amount"}')
    path = write(tmp_path, "A,2024-01-01,10,,\nA,2024-01-02,-50,,\nA,2024-01-03,-5,,\n")
    first = await desk.run(path, mapping)
    assert (first.booked, first.overdrafts) == (3, 1)
    assert (await desk.account(await desk.user("nb:main"))).overdraft_limit_minor == 45_00
    position = await desk.position()
    again = await desk.run(path, mapping)
    assert (again.booked, again.repeated, again.overdrafts) == (0, 3, 0)
    assert await desk.position() == position


async def test_each_mismatch_is_told_with_its_line(desk: Desk, tmp_path: Path) -> None:
    """A balance that the rows do not make: the line, what the file tells and what the ledger has."""
    text = "A,2024-01-01,100,100,\nA,2024-01-02,-10,91,\nA,2024-01-03,-10,80,\nA,2024-01-04,-10,,\n"
    report = await desk.run(write(tmp_path, text), mapping_of())
    assert [(one.line, one.account, one.told_minor, one.expected_minor) for one in report.mismatches] == [
        (3, "A", 91_00, 90_00)
    ]
    assert (report.compared, report.booked) == (3, 4)


async def test_bad_rows_are_told_and_the_others_booked(desk: Desk, tmp_path: Path) -> None:
    """A row that cannot be read and one that a rule refuses."""
    text = "A,2024-01-02,100,,\nA,2024-01-xx,1,,\nA,2024-01-01,5,,\nA,2024-01-03,7,,\n"
    report = await desk.run(write(tmp_path, text), mapping_of())
    assert (report.rows, report.booked) == (4, 2)
    assert [(one.line, one.reason.split(":")[0]) for one in report.bad] == [
        (3, "the date '2024-01-xx' is not of the form %Y-%m-%d"),
        (4, "the date lies before that of the account's row before it"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A,2024-01-01,x,,\nA,2024-01-02,1,,\n",
        "A,2024-01-01,1,1,\nA,2024-01-02,1,3,\n",
        "A,2024-01-01,1,11,\n",
        "A,2024-01-02,1,1,\nA,2024-01-01,1,2,\n",
    ],
    ids=["a bad row", "a balance that does not add up", "a balance from before", "a step back in time"],
)
async def test_a_strict_import_writes_nothing_when_something_is_wrong(desk: Desk, tmp_path: Path, text: str) -> None:
    """No account, no user, no row: the log stays where it is."""
    before = await desk.position()
    with pytest.raises(StrictError):
        await desk.run(write(tmp_path, text), mapping_of(), strict=True)
    assert await desk.position() == before


async def test_a_file_from_the_middle_of_an_accounts_life(desk: Desk, tmp_path: Path) -> None:
    """With `opening = "first-row"` the balance before it is booked first, once."""
    path = write(tmp_path, "A,2024-01-01,-5,95,\nA,2024-01-02,1,96,\n")
    mapping = mapping_of(opening='"first-row"')
    report = await desk.run(path, mapping, strict=True)
    assert (report.booked, report.mismatches.count) == (2, 0)
    position = await desk.position()
    again = await desk.run(path, mapping, strict=True)
    assert (again.repeated, again.mismatches.count) == (2, 0)
    assert await desk.position() == position
    events = await desk.events(await desk.user("my-bank:A"))
    assert [one.event.category for one in events if one.type == "Deposited"] == ["opening_balance", None]


async def test_rows_of_amount_zero_move_nothing(desk: Desk, tmp_path: Path) -> None:
    """They are counted, and the balance they tell is compared."""
    report = await desk.run(write(tmp_path, "A,2024-01-01,1,1,\nA,2024-01-01,0,1,\n"), mapping_of(), strict=True)
    assert (report.booked, report.empty, report.compared, report.bad.count) == (1, 1, 2, 0)


async def test_one_owner_has_all_accounts_and_finds_them_again(desk: Desk, tmp_path: Path) -> None:
    """The first account is the main one; the same file, and one in another order, find the same accounts."""
    await desk.run(write(tmp_path, TWO_ACCOUNTS), mapping_of(), desk.one_owner)
    user = await desk.user("my-bank")
    events = await desk.events(user)
    opened = [one for one in events if one.type == "AccountOpened"]
    assert [one.stream_id == user for one in opened] == [True, False]
    key = await desk.services.ledger.user_key(user)
    names = [key.open(one.event.name, StreamKey(StreamKind.ACCOUNT, one.stream_id), "name") for one in opened]
    assert names == ["Account A", "Account B"]
    position = await desk.position()
    await desk.run(write(tmp_path, TWO_ACCOUNTS), mapping_of(), desk.one_owner)
    assert await desk.position() == position
    report = await desk.run(
        write(tmp_path, "C,2024-02-01,1,1,\nB,2024-02-01,30,0,\nA,2024-02-01,1,40,\n"), mapping_of(), desk.one_owner
    )
    assert (report.accounts_opened, report.booked, report.mismatches.count) == (1, 3, 0)


TRANSFERS = """
name = "own"
currency = "EUR"
columns = {account = "account", date = "date", amount = "amount", balance = "balance", counterparty_account = "note"}
direction = {column = "kind", deposit = ["D"], withdrawal = ["W"], transfer = ["T"]}
"""
TRANSFER_ROWS = (
    "A,2024-01-01,100,100,,D\nB,2024-01-01,5,5,,D\nA,2024-01-02,-40,60,B,T\nB,2024-01-02,40,45,A,T\n"
    "B,2024-01-03,-45,0,elsewhere,T\nA,2024-01-03,-1,59,,W\n"
)


@pytest.mark.parametrize("one_owner", [True, False])
async def test_a_transfer_inside_the_file_is_booked_once(
    desk: Desk, database: Database, tmp_path: Path, one_owner: bool
) -> None:
    """Its paying row books both sides, its receiving row none; one that leaves the file is a withdrawal."""
    path = write(tmp_path, TRANSFER_ROWS, "account,date,amount,balance,note,kind\n")
    ownership = desk.one_owner if one_owner else desk.per_account
    for booked, repeated in ((5, 0), (0, 5)):
        report = await desk.run(path, read_mapping(TRANSFERS), ownership)
        assert (report.booked, report.repeated, report.other_halves) == (booked, repeated, 1)
        assert (report.bad.count, report.mismatches.count, report.compared) == (0, 0, 6)
    assert await problems_of(database) == []


async def test_a_file_goes_into_an_account_that_is_there(desk: Desk, tmp_path: Path) -> None:
    """Of its owner, in its currency, one account at a time; everything else is refused before the first row."""
    services = desk.services
    user = (await services.identity.users_of("demo", ["somebody"]))[0]
    await desk.run(write(tmp_path, "A,2024-01-01,1,1,\n"), mapping_of(), OneOwner(services.identity, user))
    report = await desk.run(write(tmp_path, "X,2024-01-02,2,3,\n"), mapping_of(), OneAccount(user, user))
    assert (report.booked, report.accounts_opened, report.mismatches.count) == (1, 0, 0)
    position = await desk.position()
    refusals: list[tuple[str, str, Any]] = [
        ("X,2024-01-03,1,4,\nY,2024-01-03,1,1,\n", "cannot go into one", OneAccount(user, user)),
        ("X,2024-01-03,1,4,\n", "no such account", OneAccount(user, UUID(int=5))),
        ("X,2024-01-03,1,4,\n", "no such account", OneAccount(UUID(int=5), user)),
        ("X,2024-01-03,1,4,\n", "no such user", OneOwner(services.identity, UUID(int=5))),
    ]
    for text, why, ownership in refusals:
        with pytest.raises(ImportRefusedError, match=why):
            await desk.run(write(tmp_path, text), mapping_of(), ownership)
    yen = msgspec.structs.replace(mapping_of(), currency="JPY")
    with pytest.raises(ImportRefusedError, match="kept in EUR"):
        await desk.run(write(tmp_path, "X,2024-01-03,1,4,\n"), yen, OneAccount(user, user))
    assert await desk.position() == position


class _Losing:
    """A ledger whose database is lost now and then: before the append, and after it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def book_all(self, items: Sequence[tuple[Request, Any]]) -> list[Any]:
        """Every first call of a chunk books and does not tell; the next one does."""
        self.calls += 1
        outcomes = await self._ledger.book_all(items)
        if self.calls % 2:
            raise OutcomeUnknownError
        return outcomes


async def test_a_chunk_whose_answer_was_lost_is_sent_again_and_booked_once(
    desk: Desk, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys tell what is in; order and balances are as without the loss."""
    monkeypatch.setattr("fintwin.ledger.importing.sending.PAUSE_S", 0.001)
    rows = CHUNK_ROWS * 2 + 10
    text = "".join(f"A,2024-01-01,1,{number},\n" for number in range(1, rows + 1))
    ledger: Any = _Losing(desk.services.ledger)
    importer = Importer(ledger, desk.services.pools["api"], mapping_of(), desk.per_account)
    report = await importer.run(write(tmp_path, text))
    assert (report.booked + report.repeated, report.mismatches.count, report.bad.count) == (rows, 0, 0)
    assert (await desk.account(await desk.user("my-bank:A"))).balance_minor == rows * 100
    assert await problems_of(database) == []


async def test_names_and_notes_of_a_file_are_nowhere_in_clear(desk: Desk, database: Database, tmp_path: Path) -> None:
    """Accounts, notes and parties of an imported file are found in no table and in no log of the server."""
    text = 'name = "p"\ncurrency = "EUR"\n[columns]\naccount = "account"\ndate = "date"\namount = "amount"\n'
    text += 'note = "note"\ncounterparty_name = "balance"\n'
    path = write(tmp_path, "canaryaccount,2024-01-01,1,canaryparty,canarynote\n")
    report = await desk.run(path, read_mapping(text))
    assert report.booked == 1
    tables = database.run_sql(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert _holding(database, tables, "Deposited") == ["log.event"]
    assert _holding(database, tables, "canary") == []
    assert "canary" not in (database.servers.folder / "postgres.log").read_text("utf-8", errors="replace")


def _holding(database: Database, tables: str, word: str) -> list[str]:
    """The tables with a row that holds a word."""
    counts = {
        name: database.run_sql(f"SELECT count(*) FROM {name} t WHERE t::text ~ '{word}'") for name in tables.split()
    }
    return [name for name, count in counts.items() if int(count)]
