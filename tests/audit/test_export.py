import csv
import io
import shutil
import subprocess
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from beancount import loader
from beancount.core import realization
from beancount.core.data import Transaction
from click.testing import CliRunner

from fintwin.audit.export import events_export, text_export, transactions
from fintwin.audit.journal import Beancount, Hledger, Journal
from fintwin.audit.tables import CsvTable, ParquetTable
from fintwin.cli.main import main
from fintwin.ledger.importing.mapping import read_mapping
from fintwin.store.auditing import auditing, log_end
from tests.audit.books import environment, lived_in
from tests.conftest import Database
from tests.importing.files import DOCS, open_desk
from tests.twin.berka import FOLDER, needs_berka

needs_hledger = pytest.mark.skipif(shutil.which("hledger") is None, reason="Debian's hledger is not installed")


async def written(database: Database, form: Journal | CsvTable, until: int | None = None) -> str:
    """The whole export."""
    async with auditing(database.role_urls["auditor"]) as connection:
        end = until or (await log_end(connection)).position
        return "".join([piece async for piece in text_export(connection, form, user=None, until=end)])


def hledger(journal: Path, *words: str) -> str:
    """What hledger prints; it must be content."""
    ran = subprocess.run(["hledger", "-f", journal, *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def hledger_balances(journal: Path, before: date) -> dict[str, Decimal]:
    """Balances by account at the beginning of a day."""
    text = hledger(journal, "balance", "--flat", "--empty", "--no-total", "--output-format=csv", f"--end={before}")
    found = {}
    for row in list(csv.reader(io.StringIO(text)))[1:]:
        found[row[0].rpartition(":")[2]] = Decimal(row[1].split()[0]) if row[1] != "0" else Decimal(0)
    return found


def beancount_balances(entries: list, before: date) -> dict[str, Decimal]:
    """The same by beancount."""
    root = realization.realize([one for one in entries if isinstance(one, Transaction) and one.date < before])
    found = {}
    for account in realization.iter_children(root, leaf_only=True):
        for position in account.balance:
            found[account.account.rpartition(":")[2].lower()] = position.units.number
    return found


async def our_balances(database: Database, before: date) -> dict[str, Decimal]:
    """Balances by our own account of what counted by then."""
    async with auditing(database.role_urls["auditor"]) as connection:
        rows = await connection.fetch(
            """SELECT h.stream_id, coalesce(sum(CASE WHEN e.type IN ('Deposited', 'TransferReceived') THEN 1 ELSE -1 END
                * (e.payload ->> 'amount_minor')::bigint), 0)::bigint AS minor, h.currency
            FROM log.stream_head h LEFT JOIN log.event e ON e.stream_id = h.stream_id AND e.stream_kind = 1
                AND e.payload ->> 'amount_minor' IS NOT NULL AND e.effective_at < $1::text::timestamptz
            WHERE h.stream_kind = 1 GROUP BY h.stream_id, h.currency""",
            f"{before}T00:00:00Z",
        )
    return {str(row[0]): Decimal(row[1]).scaleb(0 if row[2] == "JPY" else -2) for row in rows}


async def assert_others_agree(database: Database, folder: Path, days: list[date]) -> None:
    """Hledger and beancount accept the books, and have our balances for every account at these days."""
    journal, ledger = folder / "books.journal", folder / "books.beancount"
    journal.write_text(await written(database, Hledger()), "utf-8")
    ledger.write_text(await written(database, Beancount()), "utf-8")
    hledger(journal, "check", "--strict")
    entries, errors, _ = loader.load_file(str(ledger))
    assert errors == []
    for day in days:
        ours = await our_balances(database, day)
        theirs, others = hledger_balances(journal, day), beancount_balances(entries, day)
        assert {name: theirs.get(name, Decimal(0)) for name in ours} == ours, day
        assert {name: others.get(name, Decimal(0)) for name in ours} == ours, day
        assert sum(amount for name, amount in theirs.items() if name not in ours) == -sum(ours.values())


@needs_hledger
async def test_hledger_and_beancount_agree_with_our_balances(database: Database, tmp_path: Path) -> None:
    """The real programs check the journals' assertions and have our balances, own transfers, refunds and all."""
    async with lived_in(database, projected=False):
        pass
    today = datetime.now(UTC).date()
    await assert_others_agree(database, tmp_path, [today - timedelta(days=1), today, today + timedelta(days=1)])


@needs_hledger
@needs_berka
@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_real_banks_books_are_the_same_to_everybody(database: Database, tmp_path: Path) -> None:
    """46,997 rows of a real bank: hledger, beancount and we have the same 1,229 balances at three days."""
    mapping = read_mapping((DOCS / "mappings" / "czech-bank.toml").read_text("utf-8"))
    async with open_desk(database) as desk:
        assert (await desk.run(FOLDER / "transactions.csv", mapping)).booked == 46_997
    await assert_others_agree(database, tmp_path, [date(1993, 7, 1), date(1994, 1, 1), date(1999, 1, 1)])


async def test_a_false_balance_is_refused_by_both(database: Database, tmp_path: Path) -> None:
    """The assertions are real: one cent more in an entry, and bean-check says so."""
    async with lived_in(database, projected=False):
        pass
    text = await written(database, Beancount())
    assert loader.load_string(text)[1] == []
    changed = text.replace("  5000.00 EUR\n", "  5000.01 EUR\n", 1).replace("  -5000.00 EUR\n", "  -5000.01 EUR\n", 1)
    assert changed != text
    errors = loader.load_string(changed)[1]
    assert errors
    assert all("Balance failed" in error.message for error in errors)


async def test_the_same_log_gives_the_same_bytes(database: Database) -> None:
    """Every form, read twice, and up to a position whatever came after it."""
    async with lived_in(database, projected=False):
        pass
    for form in (Hledger, Beancount, CsvTable):
        assert await written(database, form(), 60) == await written(database, form(), 60)
        assert await written(database, form()) != await written(database, form(), 60)
    async with auditing(database.role_urls["auditor"]) as connection:
        once, again = [
            b"".join([piece async for piece in events_export(connection, user=None, until=100)]) for _ in range(2)
        ]
        files = []
        for _ in range(2):
            target = io.BytesIO()
            table = ParquetTable(target)
            async for page in transactions(connection, user=None, until=100):
                for transaction in page:
                    table.take(transaction)
            table.end()
            files.append(target.getvalue())
    assert once == again
    assert files[0] == files[1]


async def test_csv_and_parquet_are_double_entry(database: Database) -> None:
    """Each transaction sums to zero per currency, and balances after are the running sums."""
    async with lived_in(database, projected=False):
        pass
    rows = list(csv.DictReader(io.StringIO(await written(database, CsvTable()))))
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["transaction_id"], row["currency"]] += Decimal(row["amount"])
        balances[row["account"]] += Decimal(row["amount"])
        assert row["balance_after"] == ("" if ":" in row["account"] else str(balances[row["account"]]))
    assert set(sums.values()) == {0}
    target = io.BytesIO()
    table = ParquetTable(target)
    async with auditing(database.role_urls["auditor"]) as connection:
        end = await log_end(connection)
        async for page in transactions(connection, user=None, until=end.position):
            for transaction in page:
                table.take(transaction)
    table.end()
    found = pq.read_table(io.BytesIO(target.getvalue())).to_pylist()
    amounts = [Decimal(one["amount_minor"]).scaleb(-one["decimals"]) for one in found]
    assert amounts == [Decimal(row["amount"]) for row in rows]
    assert [one["account"] for one in found] == [row["account"] for row in rows]


def test_a_failed_export_leaves_no_file(tmp_path: Path, database: Database) -> None:
    """Complete or not at all: nobody's user gives exit code 3 and no file."""
    target = tmp_path / "books.csv"
    words = ["export", "--format", "csv", "--user", "00000000-0000-0000-0000-0000000000ff", "--output", str(target)]
    done = CliRunner().invoke(main, words, env=environment(database))
    assert done.exit_code == 3
    assert list(tmp_path.iterdir()) == []
