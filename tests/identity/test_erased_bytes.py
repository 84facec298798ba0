"""After an erasure and a sweep: a search, byte by byte, over everything that a FinTwin of one's own has on its disk."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import redis
from cryptography.exceptions import InvalidTag

from fintwin.embedded.binaries import find_binaries
from fintwin.embedded.running import running_environment, running_superuser_url
from tests.cli.processes import clean_environment, free_port, running, wait_until
from tests.conftest import reachable_folder

PERSONAL = {
    "name": "Erna Zwiebelfisch",
    "account": "Zwiebelfisch household",
    "phone": "+4915199988877",
    "note": "zwiebelfisch note about the roof",
    "later": "zwiebelfisch second note",
    "party": "Zwiebelfisch and Sons",
    "party account": "DE44ZWIEBELFISCH0001",
    "file": "zwiebelfisch gift from the file",
}


def forms(raw: bytes) -> set[bytes]:
    """How bytes may stand in a file: as they are, in hexadecimal, in base64 at any offset."""
    encoded = {base64.b64encode(bytes(offset) + raw)[4:-4] for offset in range(3)}
    return {
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        *encoded,
        *(one.replace(b"+", b"-") for one in encoded),
    }


def traces(folder: Path, wanted: dict[str, bytes], more: bytes = b"") -> dict[str, list[str]]:
    """Which of the things wanted are found, and in which files."""
    found: dict[str, list[str]] = {}
    texts = [
        (path.name, path.read_bytes()) for path in folder.rglob("*") if path.is_file() and path.name != "secrets.json"
    ]
    for file, text in [*texts, ("said", more)]:
        for name, raw in wanted.items():
            if any(form in text for form in forms(raw)):
                found.setdefault(name, []).append(file)
    return found


def psql(url: str, sql: str) -> str:
    """What a script prints."""
    import asyncio

    import asyncpg

    async def run() -> str:
        connection = await asyncpg.connect(url)
        try:
            return str(await connection.fetchval(sql))
        finally:
            await connection.close()

    return asyncio.run(run())


def live(client: httpx.Client) -> tuple[str, dict[str, str]]:
    """Somebody who leaves a text wherever one can be left; gives the id and the header to come with."""
    signed = client.post("/api/auth/demo", json={"name": PERSONAL["name"]}).json()
    header = {"authorization": f"Bearer {signed['ft_token']}"}

    def ask(method: str, path: str, body: Any, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = client.request(method, path, content=content, headers=header | headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    ask("PUT", "/api/auth/profile", {
        "account_name": PERSONAL["account"], "phone_number": PERSONAL["phone"], "currency_preference": "EUR",
        "monthly_income": 100, "financial_goal": "savings", "risk_appetite": "low",
    })  # fmt: skip
    ask("POST", "/api/transactions/", {"type": "deposit", "amount": 50, "note": PERSONAL["note"]})
    party = {"name": PERSONAL["party"], "account": PERSONAL["party account"]}
    paid = ask("POST", "/api/transactions/", {"type": "withdrawal", "amount": 5, "counterparty": party})
    ask("PATCH", f"/api/transactions/{paid['id']}", {"note": PERSONAL["later"]})
    file = f"Date,Amount,Text\n2024-01-01,3.00,{PERSONAL['file']}\n".encode()
    draft = ask("POST", "/api/import", file, **{"content-type": "text/csv"})
    ask("POST", f"/api/import/{draft['id']}/commit", b"")
    assert PERSONAL["note"] in client.get("/api/transactions/", headers=header).text
    return signed["user"]["id"], header


@pytest.mark.slow
def test_nothing_readable_is_left_on_the_disk(tmp_path: Path) -> None:
    """Neither a text nor the wrapped key is in any file, dump or log line; what is sealed cannot be opened; all verifies."""
    port, log = free_port(), tmp_path / "out.txt"
    with reachable_folder() as folder:
        data = folder / "data"
        settings = {"FINTWIN_DATA": str(data), "PORT": str(port), "FINTWIN_LIMITS": "off"}

        def fintwin(*words: str) -> "subprocess.CompletedProcess[bytes]":
            command = [sys.executable, "-m", "fintwin", *words]
            return subprocess.run(
                command, env=clean_environment(**settings), capture_output=True, timeout=60, check=False
            )

        with (
            running("-m", "fintwin", "run", log=log, **settings) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        ):
            wait_until(lambda: process.poll() is not None or b"http://localhost" in log.read_bytes(), "the start", 60)
            user, header = live(client)
            superuser = running_superuser_url(data)
            environment = running_environment(data)
            assert superuser
            assert environment
            wrapped = bytes.fromhex(
                psql(superuser, f"SELECT encode(wrapped, 'hex') FROM vault.user_key WHERE user_id = '{user}'")
            )
            sealed = psql(
                superuser,
                f"SELECT payload ->> 'full_name' FROM log.event WHERE type = 'UserRegistered' AND user_id = '{user}'",
            )
            psql(superuser, "CHECKPOINT")
            wanted = {name: text.encode() for name, text in PERSONAL.items()}
            assert "key" in traces(data, {"key": wrapped}), "the search finds what is there"
            balances = "SELECT string_agg(balance_minor::text, ',' ORDER BY stream_id) FROM log.stream_head WHERE stream_kind = 1"
            before = psql(superuser, balances)

            assert client.post("/api/auth/erase", json={"confirmation": "erase me"}, headers=header).status_code == 204
            assert client.get("/api/auth/me", headers=header).status_code == 401
            swept = fintwin("erase", "--sweep")
            assert swept.returncode == 0, swept.stderr
            assert traces(data, wanted | {"key": wrapped}, log.read_bytes()) == {}

            exported = fintwin("export", "--format", "ndjson").stdout
            dump = [str(find_binaries().postgres_folder / "pg_dump"), superuser]
            exported += subprocess.run(dump, capture_output=True, timeout=60, check=True).stdout
            with redis.Redis.from_url(environment["REDIS_URL"]) as published:
                entries = repr(published.xrange("fintwin:events:0")).encode()
            assert sealed.encode() in exported
            assert sealed.encode() in entries, "the stream has been published"
            exported += entries
            assert traces(tmp_path, wanted | {"key": wrapped}, exported) == {}
            verified = fintwin("verify")
            assert verified.returncode == 0, verified.stdout
            assert psql(superuser, balances) == before
            assert psql(superuser, f"SELECT count(*) FROM vault.user_key WHERE user_id = '{user}'") == "0"
        # What was written at the end, Valkey's file among it.
        assert traces(data, wanted | {"key": wrapped}, log.read_bytes()) == {}


def test_another_key_opens_nothing() -> None:
    """A sealed text is nothing without the very key."""
    from fintwin.domain.streams import StreamKey, StreamKind
    from fintwin.store.keys import UserKey

    stream = StreamKey(StreamKind.PROFILE, UUID(int=1))
    sealed = UserKey(bytes(32)).seal("Erna", stream, "full_name")
    with pytest.raises(InvalidTag):
        UserKey(bytes(31) + b"1").open(sealed, stream, "full_name")
