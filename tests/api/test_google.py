import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.api.people import Answer, Person, Service, service
from tests.conftest import Database
from tests.identity.issuer import Issuer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(module_database: Database, issuer: Issuer) -> AsyncIterator[Service]:
    """A service where people sign in with a Google of our own."""
    more = {"GOOGLE_CLIENT_ID": issuer.client_id, "FINTWIN_GOOGLE_CERTS_URL": issuer.url}
    async with service(module_database, **more) as started:
        yield started


async def sign_in(app: Service, credential: str, **more: object) -> Answer:
    return Answer(await app.client.post("/api/auth/google", json={"credential": credential} | more))


async def test_a_good_credential_signs_in(app: Service, issuer: Issuer) -> None:
    """The token is good for a day, and `/me` tells what Google told; the same person is the same user again."""
    answer = await sign_in(app, issuer.token())
    assert answer.status == 200
    user = answer.json["user"]
    assert user | {"id": None} == {
        "id": None,
        "email": "ada@example.com",
        "full_name": "Ada Byron",
        "picture": "https://lh3.googleusercontent.com/a/ada=s96-c",
        "is_profile_complete": False,
    }
    ada = Person(app.client, answer.json["ft_token"], user["id"])
    assert (await ada.get("/api/auth/me")).json["email"] == "ada@example.com"
    again = await sign_in(app, issuer.token(email="ada@example.org", name=...))
    assert again.json["user"]["id"] == user["id"]
    assert again.json["user"]["email"] == "ada@example.org"


async def test_the_subject_tells_people_apart_and_not_the_e_mail(app: Service, issuer: Issuer) -> None:
    """Somebody else who now has the address is somebody else."""
    first, second = [await sign_in(app, issuer.token(sub=sub, email="same@example.com")) for sub in ("1", "2")]
    assert first.json["user"]["id"] != second.json["user"]["id"]


async def test_ten_first_sign_ins_at_once_make_one_user(
    app: Service, issuer: Issuer, module_database: Database
) -> None:
    """All get in, as the same user, who is registered once."""
    token = issuer.token(sub="ten at once")
    answers = await asyncio.gather(*(sign_in(app, token) for _ in range(10)))
    assert [one.status for one in answers] == [200] * 10
    (user,) = {one.json["user"]["id"] for one in answers}
    found = module_database.run_sql(f"SELECT type FROM log.event WHERE user_id = '{user}'")
    assert found.split() == ["UserRegistered"]


async def test_a_bad_credential_is_refused(app: Service, issuer: Issuer) -> None:
    """401 with the challenge; nobody is made."""
    for bad in ("", "x", "a.b.c", issuer.token(aud="other"), issuer.token(email_verified=False), "A" * 20_000):
        answer = await sign_in(app, bad)
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await sign_in(app, issuer.token(nonce="a"), nonce="b")).status == 401
    assert (await sign_in(app, issuer.token(nonce="a"), nonce="a")).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"credential":7}', b'{"credential":null}', b"[]", b'{"credential":"x","nonce":""}']
)
async def test_a_body_without_a_credential_is_malformed(app: Service, body: bytes) -> None:
    """400, which is not the same as a bad credential."""
    answer = Answer(await app.client.post("/api/auth/google", content=body))
    assert (answer.status, answer.code) == (400, "malformed"), answer.text


async def test_without_google_nobody_is_let_in_nor_called_bad(issuer: Issuer, module_database: Database) -> None:
    """503 with a time to come back."""
    more = {"GOOGLE_CLIENT_ID": issuer.client_id, "FINTWIN_GOOGLE_CERTS_URL": "http://127.0.0.1:9/"}
    async with service(module_database, **more) as other:
        answer = await sign_in(other, issuer.token())
        assert (answer.status, answer.code) == (503, "google_unavailable")
        assert answer.headers["retry-after"] == "1"


async def test_where_google_is_not_set_up_no_credential_is_good(issuer: Issuer, module_database: Database) -> None:
    """401 that says so."""
    async with service(module_database) as other:
        answer = await sign_in(other, issuer.token())
        assert (answer.status, answer.json["detail"]) == (401, "Sign-in with Google is not set up here.")


async def test_attempts_to_sign_in_are_limited_by_address(issuer: Issuer, module_database: Database) -> None:
    """The twenty-first at once waits; by which address is asked is what counts."""
    more = {"GOOGLE_CLIENT_ID": issuer.client_id, "FINTWIN_GOOGLE_CERTS_URL": issuer.url, "FINTWIN_LIMITS": ""}
    async with service(module_database, **more) as other:
        answers = [await sign_in(other, "x") for _ in range(21)]
        assert [one.status for one in answers] == [401] * 20 + [429]
        assert answers[-1].headers["retry-after"] == "1"
