import base64
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from beancount import loader
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fintwin.domain.hashing import GENESIS, chain
from tests.api.people import Person, Service, service
from tests.conftest import Database

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIGNING_KEY = base64.b64encode(bytes(range(200, 232))).decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(module_database: Database) -> AsyncIterator[Service]:
    """A service that signs."""
    async with service(module_database, FINTWIN_SIGNING_KEY=SIGNING_KEY) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def ada(app: Service) -> Person:
    """Somebody with a history, texts and a transfer to somebody else in it."""
    ada, ben = await app.person(deposit=100), await app.person()
    await ada.move("withdrawal", 12.5, note='Lunch "at" Mario\'s; two', category="food", counterparty={"name": "Mario"})
    await ada.move("transfer", 30, to_account=ben.id, note="thanks")
    return ada


async def events_of(person: Person) -> list[dict]:
    """The own events as lines of a file."""
    answer = await person.get("/api/export?format=ndjson")
    assert answer.status == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_proof_is_signed_and_fits_the_own_events(ada: Person) -> None:
    """Anybody with Ed25519 can check the signature; the stream hashes are those of the caller's own events."""
    signed = (await ada.get("/api/audit/proof")).json
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signed["public_key"]))
    key.verify(base64.b64decode(signed["signature"]), signed["statement"].encode())
    proof = json.loads(signed["statement"])
    assert (proof["kind"], proof["user_id"]) == ("fintwin.proof.v1", ada.id)
    _, *events = await events_of(ada)
    links: dict[tuple[int, str], bytes] = {}
    for event in events:
        stream = (event["stream_kind"], event["stream_id"])
        links[stream] = chain(links.get(stream, GENESIS), bytes.fromhex(event["digest"]))
        assert links[stream].hex() == event["stream_hash"]
    assert {(one["stream"], one["stream_id"]): one["stream_hash"] for one in proof["streams"]} == {
        ({1: "account", 2: "profile"}[kind], stream_id): link.hex() for (kind, stream_id), link in links.items()
    }
    assert proof["position"] >= events[-1]["position"]


async def test_nobody_else_is_in_an_export(ada: Person) -> None:
    """A file holds the caller's events and says so, and nothing can be restored from it."""
    head, *events = await events_of(ada)
    assert (head["record"], head["user_id"], head["position"]) == ("log.v1", ada.id, events[-1]["position"])
    assert {event["user_id"] for event in events} == {ada.id}
    assert "Mario" not in json.dumps(events)


async def test_the_own_journal_is_in_clear_and_accepted(ada: Person) -> None:
    """Beancount takes the journal, names, notes and quotes in it, and has the balance that the API has."""
    answer = await ada.get("/api/export?format=beancount")
    assert answer.headers["content-disposition"] == 'attachment; filename="fintwin-books.beancount"'
    entries, errors, _ = loader.load_string(answer.text)
    assert errors == []
    assert '* "Mario" "Lunch \\"at\\" Mario\'s two"' in answer.text
    assert "s1." not in answer.text
    total = sum(
        posting.units.number
        for entry in entries
        for posting in getattr(entry, "postings", ())
        if posting.account.startswith("Assets:")
    )
    assert total == await ada.balance()
    hledger = (await ada.get("/api/export?format=hledger")).text
    assert "Mario | Withdrawn  ; transaction:" in hledger
    assert (await ada.get("/api/export?format=csv")).text.count("\n") == 1 + 3 * 2


async def test_without_a_key_nothing_is_signed(database: Database) -> None:
    """A service without a signing key says so instead of handing out what proves nothing."""
    async with service(database) as unsigned:
        answer = await (await unsigned.person()).get("/api/audit/proof")
        assert (answer.status, answer.code) == (404, "not_found")
        assert "signing key" in answer.json["detail"]


async def test_only_the_signed_in_get_anything(app: Service) -> None:
    """401 without a token."""
    for path in ("/api/audit/proof", "/api/export"):
        assert (await app.client.get(path)).status_code == 401
