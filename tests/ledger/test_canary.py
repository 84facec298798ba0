"""Personal texts are sealed before they reach the log: words that nobody else uses are searched for everywhere."""

import asyncio
import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from fintwin.domain import accounts, profiles
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.ledger.ledger import Request
from fintwin.ledger.movements import Movement, Party
from fintwin.ledger.submission import LedgerFaultError
from fintwin.store import read
from tests.conftest import Database
from tests.support.ledgers import Bank, booked, open_ledger

PERSONAL = {
    "full_name": "Canaria Fullname",
    "email": "canary.email@example.org",
    "picture": "https://example.org/canary-picture.png",
    "account_name": "Canary Mainaccount",
    "phone_number": "+4915100000canary",
    "name": "Canary Secondaccount",
    "renamed": "Canary Renamedaccount",
    "note": "canary note about Ärzte",
    "later note": "canary later annotation",
    "reason": "canary reason of reversal",
    "counterparty.name": "Canary Counterparty Ltd",
    "counterparty.account": "DE00CANARY0123456789",
    "key": "canary-idempotency-key",
    "body": "canary-request-body",
}
CLEAR = "canary-category-in-clear"


async def live(bank: Bank) -> tuple[Any, Any]:
    """A user who leaves a personal text in every place that takes one; gives the user and a further account."""
    user = uuid7()
    await bank.vault.create(bank.identity, user)
    request = Request(user_id=user, key=PERSONAL["key"], body=PERSONAL["body"].encode())
    register = profiles.RegisterUser(
        at=datetime.now(UTC), provider="google", full_name=PERSONAL["full_name"], email=PERSONAL["email"],
        picture=PERSONAL["picture"],
    )  # fmt: skip
    booked(await bank.ledger.register(request, register))
    answers = profiles.ProfileAnswers(
        account_name=PERSONAL["account_name"], currency_preference="EUR", monthly_income_minor=1,
        financial_goal="savings", risk_appetite="low", phone_number=PERSONAL["phone_number"],
    )  # fmt: skip
    booked(await bank.ledger.fill_in_profile(Request(user_id=user), answers))
    account = await bank.further_account(user, name=PERSONAL["name"])
    sealed = (await bank.ledger.user_key(user)).seal(
        PERSONAL["renamed"], StreamKey(StreamKind.ACCOUNT, account), "name"
    )
    booked(await bank.change(user, accounts.RenameAccount(at=datetime.now(UTC), name=sealed), account=account))
    party = Party(name=PERSONAL["counterparty.name"], account=PERSONAL["counterparty.account"], bank="XY")
    for kind in ("deposit", "withdrawal"):
        movement = Movement(
            kind=kind,  # type: ignore[arg-type]
            account_id=user, amount_minor=5, note=PERSONAL["note"], counterparty=party, category=CLEAR,
        )  # fmt: skip
        moved = booked(await bank.ledger.move(Request(user_id=user), movement))
    booked(await bank.ledger.annotate(Request(user_id=user), moved.transaction_id, note=PERSONAL["later note"]))
    booked(await bank.ledger.reverse(Request(user_id=user), moved.transaction_id, PERSONAL["reason"]))
    booked(await bank.transfer(user, account, 1, note=PERSONAL["note"]))
    return user, account


async def everything(database: Database) -> str:
    """All rows of all our tables as text, bytes as hexadecimal and once more as they are."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        rows = [row for (table,) in tables for row in await connection.fetch(f"SELECT * FROM {table}")]
        texts = [row[0] for (table,) in tables for row in await connection.fetch(f"SELECT t::text FROM {table} AS t")]
    finally:
        await connection.close()
    raw = [value.decode("latin-1") for row in rows for value in row.values() if isinstance(value, bytes)]
    return "\n".join(texts + raw)


def traces(text: str) -> list[str]:
    """Which personal texts can be found: in clear, in hexadecimal, or in base64 at any offset."""
    found, lowered = [], text.lower()
    for name, words in PERSONAL.items():
        raw = words.encode()
        encoded = {base64.b64encode(raw[offset:-3])[2:-4].decode() for offset in range(3)}
        escaped = words.encode("unicode_escape").decode().lower()
        if (
            words.lower() in lowered
            or escaped in lowered
            or raw.hex() in lowered
            or any(one in text for one in encoded)
        ):
            found.append(name)
    return found


def server_log(database: Database) -> Path:
    return database.servers.folder / "postgres.log"


async def test_no_personal_text_in_clear(database: Database) -> None:
    """Neither events, heads, keys, reversals nor anything else in the database shows a personal text; nor the server's log."""
    async with open_ledger(database) as bank:
        user, _ = await live(bank)
        text = await everything(database)
        assert CLEAR in text, "the search looks where the events are"
        assert str(user) in text
        assert traces(text) == []
        assert traces(server_log(database).read_text("utf-8", errors="replace")) == []


async def test_the_search_finds(database: Database) -> None:
    """The same search finds each text where it is left in clear, in hexadecimal or in base64."""
    for name, words in PERSONAL.items():
        raw = words.encode()
        for left in (
            words,
            raw.hex(),
            f"{{x:{base64.b64encode(b'x' + raw).decode()}}}",
            base64.b64encode(raw).decode(),
        ):
            assert name in traces(f"some {left} text")
    database.run_sql(
        f"INSERT INTO log.idempotency VALUES (gen_random_uuid(), '{PERSONAL['key']}', '', 0, gen_random_uuid(), 1)"
    )
    assert traces(await everything(database)) == ["key"]


async def test_what_was_sealed_opens(database: Database) -> None:
    """The texts are there all the same: with the user's key each opens in its place."""
    async with open_ledger(database) as bank:
        user, account = await live(bank)
        key = await bank.ledger.user_key(user)
        opened: set[str] = set()
        async for one in read.history(bank.pool, user):
            for field in ("full_name", "email", "picture", "account_name", "phone_number", "name", "note"):
                sealed = getattr(one.event, field, None)
                if isinstance(sealed, str):
                    opened.add(key.open(sealed, one.stream, field))
            party = getattr(one.event, "counterparty", None)
            if party is not None:
                opened.add(key.open(party.name, one.stream, "counterparty.name"))
                opened.add(key.open(party.account, one.stream, "counterparty.account"))
        assert opened == {words for name, words in PERSONAL.items() if name not in {"key", "body"}}
        heads = {head.stream: head.state for head in await read.heads(bank.pool, user)}
        main, other = StreamKey(StreamKind.ACCOUNT, user), StreamKey(StreamKind.ACCOUNT, account)
        assert key.open(heads[main].name, main, "name") == PERSONAL["account_name"]  # type: ignore[union-attr]
        assert key.open(heads[other].name, other, "name") == PERSONAL["renamed"]  # type: ignore[union-attr]


async def test_errors_show_nothing(
    database: Database, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A statement that fails with the user's row in its hands leaves neither its texts nor its amounts in any log."""
    before = server_log(database).stat().st_size
    async with open_ledger(database) as bank:
        user, _ = await live(bank)
        database.run_sql("ALTER TABLE log.event ADD CONSTRAINT broken CHECK (type <> 'AccountFrozen') NOT VALID")
        outcomes = await asyncio.gather(
            bank.change(user, accounts.FreezeAccount(at=datetime.now(UTC))),
            bank.deposit(user, 123_456_789, note=PERSONAL["note"], category=CLEAR),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], LedgerFaultError)
        booked(outcomes[1])  # type: ignore[arg-type]
    written = server_log(database).read_text("utf-8", errors="replace")[before:]
    assert "violates check constraint" in written
    captured = capfd.readouterr()
    said = written + captured.out + captured.err + caplog.text
    assert traces(said) == []
    assert CLEAR not in said
    assert "123456789" not in said


async def test_without_the_key_nothing_opens(database: Database) -> None:
    """Once the user's key is destroyed the log verifies as before and nothing in it can be opened."""
    from fintwin.store.keys import KeyDestroyedError
    from tests.support.log_check import problems_of

    async with open_ledger(database) as bank:
        user, _ = await live(bank)
        database.run_sql(f"DELETE FROM vault.user_key WHERE user_id = '{user}'")
        bank.vault.forget(user)
        with pytest.raises(KeyDestroyedError):
            await bank.ledger.user_key(user)
        with pytest.raises(KeyDestroyedError):
            await bank.deposit(user, 1, note="new")
    assert await problems_of(database) == []
