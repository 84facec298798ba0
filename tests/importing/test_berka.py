import csv
from decimal import Decimal
from pathlib import Path

import pytest

from fintwin.ledger.importing.mapping import read_mapping
from tests.conftest import Database
from tests.importing.files import DOCS, open_desk
from tests.support.log_check import problems, read_log
from tests.twin.berka import FOLDER, needs_berka


@needs_berka
@pytest.mark.timeout(400)
async def test_a_real_banks_file_is_met_to_the_last_balance(database: Database) -> None:
    """46,997 rows of 1,229 accounts: every balance is the bank's, twice adds nothing, digests and chains are right."""
    path = FOLDER / "transactions.csv"
    mapping = read_mapping((DOCS / "mappings" / "czech-bank.toml").read_text("utf-8"))
    async with open_desk(database) as desk:
        first = await desk.run(path, mapping, strict=True)
        assert (first.rows, first.booked, first.repeated, first.bad.count) == (46_997, 46_997, 0, 0)
        assert (first.compared, first.mismatches.count) == (46_997, 0)
        assert (first.accounts_opened, first.overdrafts) == (1_229, 26)
        again = await desk.run(path, mapping)
        assert (again.booked, again.repeated, again.bad.count) == (0, 46_997, 0)
        assert (again.compared, again.mismatches.count, again.accounts_opened, again.overdrafts) == (46_997, 0, 0, 0)
        subjects = {row["account_id"]: Decimal(row["balance"]) for row in _rows(path)}
        users = await desk.services.identity.users_of("import", [f"czech-bank:{name}" for name in subjects])
    log = await read_log(database)
    assert len(log.events) == 46_997 + 2 * 1_229 + 26
    assert problems(log) == []
    balances = {head.user_id: head.state.balance_minor for head in log.heads if hasattr(head.state, "balance_minor")}
    assert [balances[user] for user in users] == [int(balance * 100) for balance in subjects.values()]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))
