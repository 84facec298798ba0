import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from fintwin.audit.heads import Signer
from fintwin.cli.main import main
from fintwin.embedded import EmbeddedServers
from tests.audit.books import environment, lived_in
from tests.cli.processes import clean_environment, running, wait_until
from tests.conftest import Database, fresh_database, reachable_folder
from tests.importing.files import HEADING, SIMPLE

NOBODY = "00000000-0000-0000-0000-0000000000ff"


@pytest.fixture(scope="module")
def people(module_database: Database) -> list[UUID]:
    """Who is in the log that these tests look at."""

    async def made() -> list[UUID]:
        async with lived_in(module_database) as found:
            return found

    return asyncio.run(made())


def ran(database: Database, *words: str) -> Result:
    """A command on a database, in this process."""
    return CliRunner().invoke(main, list(words), env=environment(database))


def lines_of(done: Result) -> list[Any]:
    """Its lines of JSON."""
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def balance(database: Database, account: UUID) -> str:
    """The balance on the account's head, as a decimal of two places."""
    return database.run_sql(
        f"SELECT (balance_minor / 100.0)::numeric(20, 2) FROM log.stream_head WHERE stream_kind = 1 AND stream_id = '{account}'"
    ).strip()


def test_verify_says_what_it_looked_at(module_database: Database, people: list[UUID]) -> None:
    """Exit code 0, and the end of the log with its hash."""
    done = ran(module_database, "verify")
    assert done.exit_code == 0, done.output
    assert "110 events up to position 110" in done.stdout
    assert "Nothing is wrong." in done.stdout
    report = json.loads(ran(module_database, "verify", "--format", "json", "--no-read-models").stdout)
    assert (report["position"], report["fault_count"], report["rows"]) == (110, 0, 0)
    assert report["hash"] in done.stdout


def test_an_exported_head_finds_a_rewritten_past(servers: Any, tmp_path: Path) -> None:
    """`head export`, then somebody cuts the tail: `verify --head` ends with code 1 and names the place."""
    head = tmp_path / "head.json"
    with fresh_database(servers) as database:

        async def live() -> None:
            async with lived_in(database, projected=False):
                pass

        asyncio.run(live())
        assert ran(database, "head", "export", "--output", str(head)).exit_code == 0
        assert ran(database, "verify", "--head", str(head)).exit_code == 0
        since = ran(database, "verify", "--since", str(head))
        assert "0 events after position 110 up to position 110" in since.stdout
        key = ran(database, "head", "key").stdout.strip()
        assert json.loads(head.read_text())["public_key"] == key
        database.run_sql(
            "ALTER TABLE log.event DISABLE TRIGGER ALL; DELETE FROM log.event WHERE position > 80;"
            "UPDATE log.log_head SET position = 80, hash = (SELECT hash FROM log.event WHERE position = 80),"
            "recorded_at = (SELECT recorded_at FROM log.event WHERE position = 80)"
        )
        done = ran(database, "verify", "--head", str(head), "--no-read-models")
        assert done.exit_code == 1
        assert "position 110: signed head: the log ends at position 80" in done.stdout


def test_a_head_that_somebody_else_signed_is_no_witness(
    module_database: Database, people: list[UUID], tmp_path: Path
) -> None:
    """A forged head, or one of another key, is refused with exit code 2."""
    head = tmp_path / "head.json"
    head.write_text(ran(module_database, "head", "export").stdout)
    stranger = Signer(bytes(range(32))).public_key
    assert ran(module_database, "verify", "--head", str(head), "--public-key", stranger).exit_code == 2
    forged = json.loads(head.read_text())
    forged["statement"] = forged["statement"].replace("110", "109")
    head.write_text(json.dumps(forged))
    done = ran(module_database, "verify", "--head", str(head))
    assert done.exit_code == 2
    assert "does not fit the statement" in done.stderr


def test_replay_shows_every_event_with_the_balance_after_it(module_database: Database, people: list[UUID]) -> None:
    """The running balance of an account ends at its head's, in every form."""
    account = str(people[0])
    entries = lines_of(ran(module_database, "replay", "--account", account, "--format", "ndjson"))
    *events, state = entries
    assert state["state_of"] == f"account {account}"
    assert [event["version"] for event in events] == list(range(1, state["version"] + 1))
    moved = [event for event in events if event["balance"] is not None]
    assert moved[-1]["balance"] == state["balance"] == balance(module_database, people[0])
    assert f"{sum(float(event['amount']) for event in moved):.2f}" == state["balance"]
    document = json.loads(ran(module_database, "replay", "--account", account, "--format", "json").stdout)
    assert document["events"] == events
    rows = list(
        csv.DictReader(io.StringIO(ran(module_database, "replay", "--account", account, "--format", "csv").stdout))
    )
    assert [row["position"] for row in rows] == [str(event["position"]) for event in events]
    table = ran(module_database, "replay", "--account", account).stdout
    assert table.count("TransferSent") == sum(event["type"] == "TransferSent" for event in events)
    assert f"balance: {state['balance']}" in table
    assert "s1." not in table


def test_replay_up_to_a_point(module_database: Database, people: list[UUID]) -> None:
    """A position, what was known, what counted: each leaves out what came later."""
    user = str(people[0])
    everything = lines_of(ran(module_database, "replay", "--user", user, "--format", "ndjson"))
    events = [one for one in everything if "position" in one]
    middle = events[len(events) // 2]
    for option, field in (("--to-position", "position"), ("--known-at", "recorded_at")):
        value = middle[field]
        done = lines_of(ran(module_database, "replay", "--user", user, "--format", "ndjson", option, str(value)))
        assert [one for one in done if "position" in one] == [one for one in events if one[field] <= value]
    backdated = next(one for one in events if one["effective_at"] < one["recorded_at"])
    then = lines_of(
        ran(module_database, "replay", "--user", user, "--format", "ndjson", "--as-of", backdated["effective_at"])
    )
    assert [one["type"] for one in then if one.get("amount")] == ["Deposited"]


def test_replay_tells_two_points_apart(module_database: Database, people: list[UUID]) -> None:
    """`--diff` ends with 0 where nothing is different and with 1 where something is."""
    user = str(people[0])
    same = ran(module_database, "replay", "--user", user, "--diff", "110", "2100-01-01")
    assert (same.exit_code, same.stdout.count("->")) == (0, 0)
    other = ran(module_database, "replay", "--user", user, "--diff", "60", "110", "--format", "json")
    assert other.exit_code == 1
    assert {"balance", "version"} <= {change["field"] for change in json.loads(other.stdout)}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--user", NOBODY], 3),
        (["--account", NOBODY], 3),
        ([], 2),
        (["--user", NOBODY, "--as-of", "2026-01-01T12:00"], 2),
        (["--user", NOBODY, "--follow", "--to-position", "7"], 2),
    ],
)
def test_replay_says_by_its_code_what_went_wrong(
    module_database: Database, people: list[UUID], words: list[str], code: int
) -> None:
    """3 for nobody, 2 for a question that makes no sense."""
    assert ran(module_database, "replay", *words).exit_code == code


def test_a_reader_may_leave(module_database: Database, people: list[UUID]) -> None:
    """`fintwin replay | head -1` ends quietly, and with code 0 on both sides."""
    command = f"set -o pipefail; {sys.executable} -m fintwin replay --user {people[0]} | head -1"
    done = subprocess.run(
        ["bash", "-c", command],
        env=os.environ | environment(module_database),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(" position")


@pytest.fixture
def following(module_database: Database, people: list[UUID]) -> Iterator[subprocess.Popen[str]]:
    """A `fintwin replay --follow` that has shown what there is."""
    command = [sys.executable, "-m", "fintwin", "replay", "--user", str(people[1]), "--follow", "--format", "ndjson"]
    with subprocess.Popen(
        command, env=os.environ | environment(module_database), stdout=subprocess.PIPE, text=True
    ) as child:
        yield child
        child.kill()


async def test_follow_shows_what_is_appended(
    module_database: Database, people: list[UUID], following: subprocess.Popen[str]
) -> None:
    """A deposit that is made meanwhile is the next line."""
    from tests.support.ledgers import booked, open_ledger

    assert following.stdout is not None
    for line in following.stdout:
        if json.loads(line)["type"] == "AccountUnfrozen":
            break
    async with open_ledger(module_database) as bank:
        booking = booked(await bank.deposit(people[1], 42_00))
    line = await asyncio.to_thread(following.stdout.readline)
    assert (json.loads(line)["position"], json.loads(line)["amount"]) == (booking.position, "42.00")


@pytest.mark.parametrize(
    "words",
    [
        ("verify",), ("replay", "--user", NOBODY), ("export", "--format", "csv"), ("head", "key"), ("tail",), ("rebuild", "all"),
        ("erase", "--again", "--yes"), ("erase", "--sweep", "--yes"), ("close-period", "2020-01-01", "--yes"),
    ],
)  # fmt: skip
def test_nothing_is_looked_for_where_nothing_is(words: tuple[str, ...], tmp_path: Path) -> None:
    """In a folder without data a command says so with exit code 2 and begins none: an audit of nothing finds nothing wrong."""
    data = tmp_path / "elsewhere"
    done = CliRunner().invoke(main, list(words), env={"FINTWIN_DATA": str(data), "DATABASE_URL": ""})
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"There are no FinTwin data in {data}")
    assert not data.exists()


@pytest.mark.parametrize(
    "words", [("verify",), ("replay", "--user", NOBODY), ("export", "--format", "csv"), ("sample",)]
)
def test_a_database_that_cannot_be_used_is_no_finding(
    module_database: Database, words: tuple[str, ...], tmp_path: Path
) -> None:
    """Nobody there, nobody let in, no such socket: one sentence, and exit code 2, which is not the 1 of a fault found."""
    known = environment(module_database)
    url = module_database.role_urls["auditor"]
    for wrong in ("postgresql://x:y@127.0.0.1:1/none", url.replace("fintwin_auditor:", "fintwin_auditor:no"),
                  f"postgresql:///none?host={tmp_path}"):  # fmt: skip
        env = {name: wrong if name.endswith("DATABASE_URL") else value for name, value in known.items()}
        done = CliRunner().invoke(main, list(words), env=env)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("The database cannot be used: ")
        assert len(done.stderr.splitlines()) == 1


def test_an_output_that_cannot_be_written_is_said(
    module_database: Database, people: list[UUID], tmp_path: Path
) -> None:
    """A folder that is not there, a full disk: exit code 2, and nothing is left behind."""
    full = Path("/dev/full")  # Linux has it
    places = [tmp_path / "nowhere" / "books", *([full] if full.is_char_device() else [])]
    for words in (("export", "--format", "csv"), ("head", "export")):
        for place in places:
            done = ran(module_database, *words, "--output", str(place))
            assert done.exit_code == 2
            assert f"{place} cannot be written: " in done.stderr
    assert full.is_char_device() or len(places) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_to_keeps_its_kind(module_database: Database, people: list[UUID], tmp_path: Path) -> None:
    """A pipe is written into and a link followed: neither is replaced by a file."""
    pipe, link = tmp_path / "pipe", tmp_path / "link.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert ran(module_database, "head", "export", "--output", str(pipe)).exit_code == 0
        assert b"fintwin.head.v1" in os.read(reader, 65536)
    finally:
        os.close(reader)
    link.symlink_to("real.csv")
    assert ran(module_database, "export", "--format", "csv", "--output", str(link)).exit_code == 0
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("position,")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.csv", "pipe", "real.csv"]


@pytest.mark.slow
def test_a_stream_that_ended_with_its_redis_is_no_fault(tmp_path: Path) -> None:
    """After `fintwin run` has stopped, `verify` starts a Valkey of its own: it holds nothing, and nothing is missing in it."""
    with reachable_folder() as folder:
        data = folder / "data"
        elsewhere = clean_environment(FINTWIN_DATA=str(data))
        fintwin = [sys.executable, "-m", "fintwin"]
        (tmp_path / "rows.csv").write_text(HEADING + "A,2024-01-01,100,100,\n")
        (tmp_path / "map.toml").write_text(SIMPLE)
        booked = [*fintwin, "import", str(tmp_path / "rows.csv"), "--map", str(tmp_path / "map.toml")]
        subprocess.run(booked, env=elsewhere, check=True, capture_output=True)
        with (
            EmbeddedServers(data) as servers,
            running("-m", "fintwin", "publisher", log=tmp_path / "out.txt", **servers.environment()) as process,
        ):
            known = "SELECT count(*) FROM publish.stream s JOIN log.log_head h USING (shard, position)"
            wait_until(lambda: servers.postgres.run_sql(known).strip() == "1", "the whole log in the stream")
            process.terminate()
            assert process.wait(20) == 0
        done = subprocess.run(
            [*fintwin, "verify", "--no-read-models"], env=elsewhere, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
        assert done.stdout.endswith("Nothing is wrong.\n")
        assert "the published stream is not compared" in done.stderr
