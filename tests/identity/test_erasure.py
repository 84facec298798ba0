"""Erasing a person: nobody reads them any more, and the books do not change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from click.testing import CliRunner, Result

from fintwin.cli.main import main
from fintwin.domain.profiles import EraseUser
from fintwin.ledger.ledger import Booking, Request
from fintwin.ledger.plans import OnProfile
from fintwin.store.keys import KeyDestroyedError
from tests.api.people import JWT_SECRET, MASTER_KEY, Person, Service, service
from tests.audit.books import environment, tampering, verified
from tests.conftest import Database
from tests.projector.projecting_tools import projector

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILE = b"Date,Amount,Text\n2024-01-01,100.00,Gift of Aunt Erna\n2024-01-02,20.00,Refund\n"
WHERE_ROWS_WENT = ("vault.user_key", "identity.session", "draft.import_file")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(module_database: Database) -> AsyncIterator[Service]:
    """One process of the service."""
    async with service(module_database) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other(module_database: Database) -> AsyncIterator[Service]:
    """Another one over the same log."""
    async with service(module_database) as started:
        yield started


async def lived_in(app: Service) -> Person:
    """Somebody who has left a text wherever one can be left."""
    person = await app.person(deposit=50)
    party = {"name": "Erna Example", "account": "DE00123", "bank": "XY"}
    moved = await person.move("withdrawal", 7, note="Flowers for Erna", counterparty=party)
    assert (await person.patch(f"/api/transactions/{moved['id']}", {"note": "Roses"})).status == 200
    assert (await person.account(name="Erna's savings")) != person.id
    upload = await person.ask("POST", "/api/import", FILE, content_type="text/csv")
    assert upload.status == 201
    return person


def rows_of(database: Database, user_id: str) -> dict[str, int]:
    """How many rows each table beside the log has of a user."""
    return {
        table: int(database.run_sql(f"SELECT count(*) FROM {table} WHERE user_id = '{user_id}'"))
        for table in (*WHERE_ROWS_WENT, "identity.subject")
    }


def in_another_process(database: Database, *words: str, answer: str | None = None) -> Result:
    """`fintwin erase`, with the secrets of the services here."""
    secrets = {"FINTWIN_MASTER_KEY": MASTER_KEY, "FINTWIN_JWT_SECRET": JWT_SECRET}
    return CliRunner().invoke(main, ["erase", *words], env=environment(database) | secrets, input=answer)


async def gone_within_a_second(someone: Person, client: httpx.AsyncClient) -> None:
    """In whatever process: the token is refused."""
    there = Person(client, someone.token, someone.id)
    for _ in range(20):
        if (await there.get("/api/auth/me")).status == 401:
            return
        await asyncio.sleep(0.05)
    pytest.fail("still signed in after a second")


async def test_it_has_to_be_meant(app: Service, module_database: Database) -> None:
    """Anything but the very words changes nothing."""
    ada = await lived_in(app)
    before = rows_of(module_database, ada.id)
    for body, status in (({"confirmation": "yes"}, 422), ({"confirmation": ""}, 422), ({}, 400), (None, 400)):
        assert (await ada.post("/api/auth/erase", body)).status == status
    assert (await app.client.post("/api/auth/erase", json={"confirmation": "erase me"})).status_code == 401
    assert rows_of(module_database, ada.id) == before
    assert (await ada.get("/api/auth/me")).status == 200


async def test_nothing_of_the_person_is_left_but_amounts(
    app: Service, other: Service, module_database: Database
) -> None:
    """Signed out everywhere, no key, no rows beside the log; nobody can pay in; balances and hashes are what they were."""
    async with projector(module_database) as running:
        ada, bob = await lived_in(app), await app.person(deposit=10)
        there = Person(other.client, ada.token, ada.id)
        assert (await there.get("/api/auth/me")).json["full_name"] is not None
        balances = "SELECT stream_id, balance_minor FROM log.stream_head WHERE stream_kind = 1 ORDER BY 1"
        before = module_database.run_sql(balances)
        assert all(rows_of(module_database, ada.id)[table] for table in WHERE_ROWS_WENT)
        answer = await ada.post("/api/auth/erase", {"confirmation": "erase me"})
        assert answer.status == 204, answer.text
        assert set(rows_of(module_database, ada.id).values()) == {0}
        for method, path in (("GET", "/api/auth/me"), ("POST", "/api/transactions/"), ("POST", "/api/auth/erase")):
            assert (await ada.ask(method, path, {})).status == 401
        await gone_within_a_second(ada, other.client)
        with pytest.raises(KeyDestroyedError):
            await other.services.ledger.user_key(UUID(ada.id))
        paid = await bob.post("/api/transactions/", {"type": "transfer", "amount": 1, "to_account": ada.id})
        assert (paid.status, paid.code) == (422, "recipient_cannot_receive")
        assert (await bob.get(f"/api/accounts/{ada.id}/receivable")).status == 404
        assert await bob.balance() == Decimal(10)
        assert module_database.run_sql(balances) == before
        await running.caught_up()
        async with tampering(module_database) as connection:
            report = await verified(connection)
        assert report.faults == ()


async def test_the_same_person_may_come_back_as_somebody_new(app: Service, module_database: Database) -> None:
    """The provider's subject is forgotten: the next sign-in makes another user."""
    users = app.services.identity
    first = await users.enter("google", "erna-1", full_name="Erna Example")
    assert rows_of(module_database, str(first))["identity.subject"] == 1
    told = await app.services.erasure.erase(first)
    assert "identity.subject" in told.tables
    second = await users.enter("google", "erna-1", full_name="Erna Example")
    assert second != first
    again = await app.services.erasure.erase(first)
    assert (again.tables, again.frozen) == ((), 0)
    assert await app.services.ledger.user_key(second)


async def test_an_interrupted_erasure_is_finished(app: Service, module_database: Database) -> None:
    """The log says erased and the key is there, as after a crash or an old dump: `--again` destroys it; others are left."""
    ada, bob = await lived_in(app), await app.person()
    user = UUID(ada.id)
    answer = await app.services.ledger.submit(Request(user_id=user), OnProfile(user, EraseUser(at=datetime.now(UTC))))
    assert isinstance(answer, Booking)
    assert rows_of(module_database, ada.id)["vault.user_key"] == 1
    done = await asyncio.to_thread(in_another_process, module_database, "--again")
    assert done.exit_code == 0, done.output
    assert "erased again: 1" in done.output
    assert set(rows_of(module_database, ada.id).values()) == {0}
    assert "erased again: 0" in (await asyncio.to_thread(in_another_process, module_database, "--again")).output
    await gone_within_a_second(ada, app.client)
    assert (await bob.get("/api/auth/me")).status == 200


async def test_the_operator_erases(app: Service, module_database: Database) -> None:
    """By the id, typed twice; a wrong one, nobody's or none erases nothing."""
    ada = await lived_in(app)
    for words, typed in (
        ((ada.id,), "other\n"),
        ((str(UUID(int=5)), "--yes"), None),
        ((), None),
        ((ada.id, "--again"), None),
    ):
        refused = await asyncio.to_thread(in_another_process, module_database, *words, answer=typed)
        assert refused.exit_code == 2, refused.output
    assert rows_of(module_database, ada.id)["vault.user_key"] == 1
    done = await asyncio.to_thread(in_another_process, module_database, ada.id, answer=f"{ada.id}\n")
    assert done.exit_code == 0, done.output
    assert "erased: key, 2 further tables; 2 accounts frozen" in done.output
    await gone_within_a_second(ada, app.client)


async def test_without_the_role_nothing_is_erased(module_database: Database) -> None:
    """A service without an address for the eraser says so and changes nothing."""
    async with service(module_database, FINTWIN_ERASER_DATABASE_URL="") as alone:
        ada = await lived_in(alone)
        answer = await ada.post("/api/auth/erase", {"confirmation": "erase me"})
        assert (answer.status, answer.code) == (503, "erasure_unavailable")
        assert (await ada.get("/api/auth/me")).status == 200


async def test_no_table_is_left_out(module_database: Database) -> None:
    """What holds rows of a user beside the log and its read models can be deleted by the role that erases."""
    left_out = module_database.run_sql(
        """
        SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped
            WHERE c.relkind = 'r' AND n.nspname NOT IN ('log', 'read', 'pg_catalog', 'information_schema')
                AND c.oid <> 'identity.revocation'::regclass
                AND NOT (has_table_privilege('fintwin_eraser', c.oid, 'DELETE')
                    AND has_schema_privilege('fintwin_eraser', n.oid, 'USAGE'))
        """
    )
    assert left_out == "", "grant SELECT and DELETE under the tenant policy to fintwin_eraser"
