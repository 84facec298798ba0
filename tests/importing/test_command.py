import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fintwin.embedded import EmbeddedServers
from fintwin.embedded.running import running_environment
from fintwin.store.migrate import migrate
from tests.cli.processes import clean_environment
from tests.conftest import reachable_folder
from tests.importing.files import HEADING, SIMPLE

GOOD = "A,2024-01-01,100,100,\nA,2024-01-02,-30,70,\n"


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder of this module's own."""
    with reachable_folder() as folder:
        yield folder / "data"


def run_import(data: Path, folder: Path, rows: str, *options: str, mapping: str = SIMPLE) -> tuple[int, str, str]:
    """Runs the command as people do; exit code, standard output, standard error."""
    (folder / "rows.csv").write_text(HEADING + rows)
    (folder / "map.toml").write_text(mapping)
    done = subprocess.run(
        [sys.executable, "-m", "fintwin", "import", "rows.csv", "--map", "map.toml", *options],
        cwd=folder,
        env=clean_environment(FINTWIN_DATA=str(data)),
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_starts_servers_for_itself_and_joins_those_that_run(data: Path, tmp_path: Path) -> None:
    """The first import runs alone, the second beside a service: it finds the same data and adds nothing."""
    code, out, errors = run_import(data, tmp_path, GOOD, "--strict")
    assert (code, errors) == (0, "")
    assert "rows.csv: 2 rows of 1 accounts (1 opened now" in out
    assert "booked 2; in the ledger already 0; not booked 0" in out
    assert "balances compared 2; different 0" in out
    assert running_environment(data) is None
    with EmbeddedServers(data) as servers:
        asyncio.run(migrate(servers.superuser_url, servers.role_passwords))
        joined = running_environment(data)
        assert joined == servers.environment()
        code, out, errors = run_import(data, tmp_path, GOOD)
    assert (code, errors) == (0, "")
    assert "Nothing was added: the ledger has every row of this file." in out


def test_findings_are_printed_with_file_and_line(data: Path, tmp_path: Path) -> None:
    """A bad row and a wrong balance: exit code 1, and the good rows are in; strict: exit code 2, and nothing is."""
    rows = "C,2024-01-01,100,100,\nC,2024-01-01,ten,110,\nC,2024-01-02,-30,80,\n"
    code, out, errors = run_import(data, tmp_path, rows, "--strict", "--owner", "per-account")
    assert code == 2
    assert "nothing was booked" in out
    assert "rows.csv:3: the amount 'ten' is no number of this file's form" in errors
    code, out, errors = run_import(data, tmp_path, rows, "--owner", "per-account")
    assert code == 1
    assert "booked 2; in the ledger already 0; not booked 1" in out
    assert "rows.csv:3: the amount 'ten'" in errors
    assert "rows.csv:4: account C: the file tells 80.00 EUR, the ledger has 70.00 EUR" in errors


@pytest.mark.parametrize(
    ("options", "mapping", "sentence"),
    [
        ((), SIMPLE.replace("currency", "money"), "map.toml: The mapping"),
        ((), SIMPLE.replace('"balance"', '"saldo"'), "has no column 'saldo'"),
        (("--owner", "per-account", "--user", "0198c0de-0000-7000-8000-00000000002a"), SIMPLE, "only one of them"),
        (("--account", "0198c0de-0000-7000-8000-00000000002a"), SIMPLE, "--account needs --user"),
        (("--user", "0198c0de-0000-7000-8000-00000000002a"), SIMPLE, "There is no such user."),
    ],
)
def test_what_cannot_be_imported_is_refused_in_one_sentence(
    data: Path, tmp_path: Path, options: tuple[str, ...], mapping: str, sentence: str
) -> None:
    """Exit code 2, one line on standard error, nothing on standard output."""
    code, out, errors = run_import(data, tmp_path, GOOD, *options, mapping=mapping)
    assert (code, out) == (2, "")
    assert sentence in errors
    assert len(errors.splitlines()) == 1
